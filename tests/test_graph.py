"""A Keras model as a plain graph: addresses, calls, shapes, and what cannot be read."""

import keras
import numpy as np
import pytest
from keras import layers

from cnnlab.reading.graph import consumers, depends_on, find, last_convolution, read


def small_base(name="base", size=(None, None)):
    """conv (3x5, 4 filters) and pool (2x2), functional."""
    image = keras.Input((*size, 3))
    x = layers.Conv2D(4, (3, 5), name="conv")(image)
    return keras.Model(image, layers.MaxPooling2D(2, name="pool")(x), name=name)


def siamese():
    """One base on two inputs of different sizes, concatenated."""
    base = small_base()
    left, right = keras.Input((8, 13, 3), name="left"), keras.Input((16, 11, 3), name="right")
    flat = layers.Flatten(name="flatten")
    both = layers.Concatenate(name="both")([flat(base(left)), flat(base(right))])
    return keras.Model([left, right], both)


def described(graph):
    return {node.address: (node.kind, node.output_shape[1:]) for node in graph.calls}


def test_sequential_and_functional_are_the_same_graph():
    def stack():
        return [layers.Conv2D(4, (3, 5), name="conv"), layers.Flatten(name="flatten")]

    x = image = keras.Input((8, 12, 3), name="image")
    for layer in stack():
        x = layer(x)
    functional, sequential = keras.Model(image, x), keras.Sequential([image, *stack()])
    assert described(read(functional)) == described(read(sequential))
    assert described(read(functional)) == {
        "conv": ("Conv2D", (6, 8, 4)),
        "flatten": ("Flatten", (192,)),
    }


def test_a_node_names_its_inputs_and_their_shapes():
    x = image = keras.Input((8, 12, 3), name="image")
    x = layers.Conv2D(4, 3, padding="same", name="conv")(x)
    model = keras.Model(image, layers.Concatenate(name="both")([image, x]))
    both = read(model)["both"]
    assert both.inputs == ("image", "conv")
    assert both.input_shapes == ((None, 8, 12, 3), (None, 8, 12, 4))
    assert both.output_shapes == ((None, 8, 12, 7),)
    assert both.layer is model.get_layer("both")


def test_nodes_stand_in_the_order_of_model_layers():
    model = keras.applications.MobileNetV3Small(weights=None, include_top=False)
    assert [node.address for node in read(model).nodes] == [op.name for op in model.operations]


def test_nested_models_become_paths():
    inner = keras.Sequential(
        [keras.Input((8, 12, 3)), layers.Conv2D(4, 3, name="conv")], name="inner"
    )
    middle_in = keras.Input((8, 12, 3))
    middle = keras.Model(middle_in, layers.ReLU(name="relu")(inner(middle_in)), name="middle")
    model = keras.Sequential([keras.Input((8, 12, 3)), middle, layers.Flatten(name="flatten")])
    graph = read(model)
    assert [node.address for node in graph.calls] == ["middle/inner/conv", "middle/relu", "flatten"]
    assert graph["middle/relu"].inputs == ("middle/inner/conv",)
    assert graph.outputs == ("flatten",)


def test_a_model_inside_has_the_shapes_of_what_reaches_it():
    model = keras.Sequential([keras.Input((8, 12, 3)), small_base()])
    assert read(model)["base/conv"].output_shape == (None, 6, 8, 4)
    assert read(model)["base/pool"].output_shape == (None, 3, 4, 4)


def test_each_call_of_a_shared_base_is_a_node_of_its_own():
    graph = read(siamese())
    left, right = find(graph, "base[0]/conv"), find(graph, "base[1]/conv")
    assert left.layer is right.layer
    assert (left.output_shape, right.output_shape) == ((None, 6, 9, 4), (None, 14, 7, 4))


def test_a_layer_called_twice_is_numbered():
    image = keras.Input((8, 12, 3), name="image")
    conv = layers.Conv2D(3, 3, padding="same", name="conv")
    graph = read(keras.Model(image, conv(conv(image))))
    assert [node.address for node in graph.calls] == ["conv[0]", "conv[1]"]
    assert graph["conv[1]"].inputs == ("conv[0]",)


def test_call_numbers_are_those_of_a_forward_pass():
    model, seen = siamese(), []
    graph = read(model)
    conv = graph["base[0]/conv"].layer
    original = conv.call
    conv.call = lambda x, **keywords: seen.append(x.shape) or original(x, **keywords)
    model([np.zeros((1, 8, 13, 3), "float32"), np.zeros((1, 16, 11, 3), "float32")])
    del conv.call
    for node in graph.calls:
        if node.layer is conv:
            assert seen[node.call][1:] == node.input_shapes[0][1:]
    assert len(seen) == 2


def test_operators_are_nodes():
    image = keras.Input((8, 12, 3), name="image")
    graph = read(keras.Model(image, keras.ops.relu(image * 2 + image)))
    assert [node.kind for node in graph.calls] == ["Multiply", "Add", "Relu"]


def test_inputs_given_by_name_reach_the_input_of_that_name():
    wide, tall = keras.Input((4, 9, 1), name="wide"), keras.Input((9, 4, 1), name="tall")
    outputs = [layers.ReLU(name="of_tall")(tall), layers.ReLU(name="of_wide")(wide)]
    pair = keras.Model([tall, wide], outputs, name="pair")
    wide, tall = (
        keras.Input((4, 9, 1), name="outer_wide"),
        keras.Input((9, 4, 1), name="outer_tall"),
    )
    model = keras.Model([wide, tall], pair({"wide": wide, "tall": tall}))
    graph = read(model)
    assert graph["pair/of_tall"].inputs == ("outer_tall",)
    assert graph["pair/of_wide"].inputs == ("outer_wide",)
    assert graph.outputs == ("pair/of_tall", "pair/of_wide")


def test_input_shape_recomputes_every_shape():
    graph = read(small_base(), input_shape=(9, 14, 3))
    assert described(graph) == {
        "conv": ("Conv2D", (7, 10, 4)),
        "pool": ("MaxPooling2D", (3, 5, 4)),
    }
    assert graph.nodes[0].output_shape == (None, 9, 14, 3)


def test_input_shape_reaches_operators_and_merges():
    image = keras.Input((None, None, 3))
    x = layers.Conv2D(3, 3, padding="same", name="conv")(image)
    model = keras.Model(image, layers.Concatenate(name="both")([x + 1, image]))
    assert read(model, (5, 8, 3))["both"].output_shape == (None, 5, 8, 6)


@pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept:DeprecationWarning")
def test_a_saved_and_loaded_model_has_the_same_keys(tmp_path):
    image = keras.Input((8, 12, 3))
    model = keras.Model(image, image[:, 2:, ..., ::-1] - image[:, :-2, :, 1:2])
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    keys = [
        [node.arguments for node in read(m).calls if node.kind == "GetItem"]
        for m in (model, loaded)
    ]
    assert keys[0] == keys[1]
    assert keys[0][0] == ((slice(None), slice(2, None), Ellipsis, slice(None, None, -1)),)


def test_inputs_given_by_keyword_are_named():
    query, value = keras.Input((9, 4), name="q"), keras.Input((7, 4), name="v")
    call = layers.MultiHeadAttention(2, 3)(query, key=value, value=value)
    node = read(keras.Model([query, value], call)).calls[-1]
    assert (node.inputs, node.keywords) == (("q", "v", "v"), ("key", "value"))


def test_reading_leaves_no_trace_on_the_layers():
    model = keras.Sequential([keras.Input((None, None, 3)), small_base()])
    conv = read(model)["base/conv"].layer
    before = len(conv._inbound_nodes), set(vars(conv))
    read(model, input_shape=(9, 14, 3))
    assert (len(conv._inbound_nodes), set(vars(conv))) == before


def test_a_subclass_that_computes_nothing_of_its_own_keeps_the_keras_kind():
    class Named(layers.Conv2D):
        pass

    class Twice(layers.Conv2D):
        def call(self, x):
            return 2 * super().call(x)

    image = keras.Input((8, 12, 3))
    graph = read(keras.Sequential([image, Named(4, 3), Twice(4, 3)]))
    first, second = (node.kind for node in graph.calls)
    assert first == "Conv2D"
    assert second.endswith("test_graph.Twice")


def test_the_dtype_is_that_of_the_output():
    image = keras.Input((8, 12, 3))
    conv = layers.Conv2D(4, 3, dtype="mixed_float16", name="conv")
    assert read(keras.Sequential([image, conv]))["conv"].dtype == "float16"


def test_inputs_of_the_model_are_nodes_without_inputs():
    graph = read(siamese())
    assert graph.inputs == ("left", "right")
    assert [node.address for node in graph.nodes if not node.inputs] == ["left", "right"]


# What cannot be read


class Branching(keras.Model):
    def __init__(self):
        super().__init__()
        self.conv = layers.Conv2D(4, 3, name="conv")
        self.flatten = layers.Flatten(name="flatten")

    def call(self, x):
        return self.flatten(self.conv(x))


def test_a_subclassed_model_is_refused_with_a_way_out():
    model = Branching()
    with pytest.raises(ValueError, match=r"got the subclassed model Branching.*model.call\(x\)"):
        read(model)
    x = keras.Input((8, 12, 3))
    way_out = keras.Model(x, model.call(x))
    assert [node.address for node in read(way_out).calls] == ["conv", "flatten"]


def test_a_functional_model_with_a_call_of_its_own_is_refused():
    class Doubled(keras.Model):
        def call(self, x):
            return 2 * super().call(x)

    image = keras.Input((8, 12, 3))
    with pytest.raises(ValueError, match="got the subclassed model Doubled"):
        read(Doubled(image, layers.ReLU()(image)))


def test_a_subclassed_model_inside_is_one_node():
    graph = read(keras.Sequential([keras.Input((8, 12, 3)), Branching()]))
    assert [node.kind for node in graph.calls] == [f"{Branching.__module__}.Branching"]


def test_an_unbuilt_model_is_refused():
    with pytest.raises(ValueError, match=r"must be built: got the Sequential 'net'.*keras.Input"):
        read(keras.Sequential([layers.Conv2D(4, 3)], name="net"))


def test_something_else_is_refused():
    with pytest.raises(TypeError, match=r"must be a Keras model: got ndarray. Pass the keras"):
        read(np.zeros(3))
    with pytest.raises(TypeError, match="got Conv2D"):
        read(layers.Conv2D(4, 3))


def test_channels_first_is_refused():
    image = keras.Input((3, 8, 12))
    pool = layers.MaxPooling2D(2, data_format="channels_first", name="pool")
    with pytest.raises(ValueError, match=r"got channels_first at 'pool'. Build it with"):
        read(keras.Sequential([image, pool]))


def test_an_input_shape_that_a_dense_layer_cannot_take_is_refused():
    model = keras.Sequential(
        [keras.Input((8, 12, 3)), layers.Flatten(), layers.Dense(5, name="dense")]
    )
    with pytest.raises(ValueError, match=r"got the shape \(None, 315\) at 'dense'"):
        read(model, input_shape=(7, 15, 3))


def test_an_input_shape_too_small_is_refused():
    with pytest.raises(ValueError, match=r"`input_shape` must suit .* at 'conv'"):
        read(small_base(), input_shape=(2, 9, 3))


def test_an_input_shape_with_a_batch_axis_is_refused():
    with pytest.raises(ValueError, match=r"got input_shape=\(1, 9, 14, 3\) for inputs of shape"):
        read(small_base(), input_shape=(1, 9, 14, 3))


def test_one_input_shape_for_two_inputs_is_refused():
    with pytest.raises(ValueError, match="of the only input"):
        read(siamese(), input_shape=(8, 13, 3))


# find


def test_find_takes_the_end_of_a_path():
    graph = read(keras.Sequential([keras.Input((8, 12, 3)), small_base()], name="outer"))
    assert find(graph, "base/conv") is find(graph, "conv") is find(graph, "base[0]/conv")


def test_find_prefers_the_whole_address():
    model = keras.Sequential(
        [keras.Input((8, 12, 3)), small_base(), layers.Conv2D(2, 1, name="conv")]
    )
    assert find(read(model), "conv").address == "conv"


def test_find_asks_which_call_is_meant():
    with pytest.raises(ValueError, match=r"Write one of 'base\[0\]/conv', 'base\[1\]/conv'"):
        find(read(siamese()), "base/conv")
    with pytest.raises(ValueError, match=r"Write one of 'base\[0\]/conv', 'base\[1\]/conv'"):
        find(read(siamese()), "conv")


def test_find_names_the_last_layer_of_a_whole_model():
    with pytest.raises(ValueError, match=r"got layer='base', a whole model.*'base/pool'"):
        find(read(keras.Sequential([keras.Input((8, 12, 3)), small_base()])), "base")
    with pytest.raises(ValueError, match=r"the last is 'base\[1\]/pool'"):
        find(read(siamese()), "base[1]")


def test_find_lists_all_layers_of_a_small_model_and_the_nearest():
    graph = read(small_base())
    with pytest.raises(
        ValueError, match=r"got layer='pol'. Its 3 layers are .*'conv', 'pool'. Did"
    ):
        find(graph, "pol")
    with pytest.raises(ValueError, match=r"'conv', 'pool'\.$"):
        find(graph, "zzz")


def test_find_lists_only_the_nearest_of_many_layers():
    model = keras.applications.VGG16(weights=None, include_top=False, input_shape=(32, 64, 3))
    nested = read(keras.Sequential([keras.Input((32, 64, 3)), model]))
    with pytest.raises(ValueError, match=r"got layer='block5_conv4'. Did you mean") as error:
        find(nested, "block5_conv4")
    assert "'vgg16/block5_conv3'" in str(error.value)
    assert "block1_pool" not in str(error.value)
    with pytest.raises(ValueError, match=r"Its 19 layers are"):
        find(nested, "zzz")


def test_find_takes_only_text():
    with pytest.raises(TypeError, match=r"got Conv2D. Pass its name, layer.name"):
        find(read(small_base()), small_base().get_layer("conv"))


# The last convolution, and the ways through the graph


def test_the_last_convolution_is_finished_by_its_norm_and_activation():
    x = image = keras.Input((8, 12, 3))
    x = layers.Conv2D(4, 3, name="conv")(x)
    x = layers.BatchNormalization(name="norm")(x)
    x = layers.ReLU(name="relu")(x)
    x = layers.GlobalAveragePooling2D(keepdims=True)(x)
    x = layers.Conv2D(5, 1, name="classes")(x)  # has no map any more
    assert last_convolution(read(keras.Model(image, x))).address == "relu"


def test_the_last_convolution_is_the_last_one_with_a_map():
    stack = [layers.Conv2D(4, 3, name="first"), layers.Conv2D(4, (3, 2), name="second")]
    squeezed = [layers.GlobalAveragePooling2D(keepdims=True), layers.Conv2D(2, 1, name="third")]
    model = keras.Sequential([keras.Input((8, 12, 3)), *stack, *squeezed])
    assert last_convolution(read(model)).address == "second"


def test_the_last_convolution_stops_at_a_merge():
    x = image = keras.Input((8, 12, 3))
    x = layers.Conv2D(3, 3, padding="same", name="conv")(x)
    x = layers.BatchNormalization(name="norm")(x)
    x = layers.ReLU()(layers.Add()([x, image]))
    assert last_convolution(read(keras.Model(image, x))).address == "norm"


def test_the_last_convolution_stops_where_two_layers_read_it():
    image = keras.Input((8, 12, 3))
    x = layers.Conv2D(3, 3, name="conv")(image)
    model = keras.Model(image, [layers.ReLU(name="relu")(x), layers.Flatten()(x)])
    assert last_convolution(read(model)).address == "conv"


def test_the_last_convolution_is_found_inside_a_base():
    model = keras.Sequential([keras.Input((8, 12, 3)), small_base(), layers.Flatten()])
    assert last_convolution(read(model)).address == "base/conv"


def test_a_model_without_convolution_has_no_last_one():
    model = keras.Sequential([keras.Input((8, 12, 3)), layers.Flatten()], name="flat")
    with pytest.raises(ValueError, match=r"got 'flat' with none among its 1 layers. Name a layer"):
        last_convolution(read(model))


def test_has_map_asks_for_more_than_one_position():
    def has_map(*shape):
        return read(keras.Sequential([keras.Input(shape), layers.ReLU(name="r")]))["r"].has_map

    assert has_map(8, 1, 3) and has_map(None, None, 3) and has_map(8, 3) and has_map(4, 6, 8, 3)
    assert not has_map(1, 1, 3) and not has_map(8) and not has_map(1, 3) and not has_map(1, 1, 1, 3)


def test_consumers_are_the_nodes_that_read_an_output():
    graph = read(siamese())
    assert [node.address for node in consumers(graph, "base[1]/conv")] == ["base[1]/pool"]
    assert consumers(graph, "both") == ()


def test_depends_on_lists_the_inputs_seen():
    graph = read(siamese())
    assert depends_on(graph, "base[1]/conv") == ("right",)
    assert depends_on(graph, "both") == ("left", "right")
