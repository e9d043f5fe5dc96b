"""The private names of Keras and TensorFlow that the package uses are still there.

A failure here means that a release moved one: mend `cnnlab.reading.private_names`, nothing else.
"""

import ast
import re
from pathlib import Path

import keras
import pytest
import tensorflow as tf
from keras import layers

from cnnlab.reading import private_names

PACKAGE = Path(__file__).parents[1] / "cnnlab"
HINT = "a release moved it: mend cnnlab.reading.private_names"


def network():
    image = keras.Input((5, 7, 3), name="image")
    conv = layers.Conv2D(2, 3, name="conv")
    return keras.Model({"image": image}, conv(image) + conv(image))


def asked(question, *given):
    """The answer, or a failure that says what to mend."""
    try:
        return question(*given)
    except (AttributeError, ImportError) as error:
        pytest.fail(f"{error}: {HINT}", pytrace=False)


def test_a_built_sequential_wraps_a_functional_graph():
    model = keras.Sequential([keras.Input((5, 7, 3)), layers.Flatten()])
    function = asked(private_names.functional, model)
    assert function is not model and private_names.has_nodes(function), HINT
    assert asked(private_names.functional, network()).name
    assert not private_names.has_nodes(layers.Flatten()), HINT


def test_the_nodes_of_a_graph_are_listed_by_depth_each_call_of_a_layer_for_itself():
    levels = asked(private_names.levels, network())
    kinds = [[type(node.operation).__name__ for node in level] for level in levels]
    assert kinds == [["InputLayer"], ["Conv2D", "Conv2D"], ["Add"]], HINT
    assert [node.is_input for level in levels for node in level] == [True, False, False, False]


def test_the_inputs_keep_the_structure_that_they_were_given_in():
    assert [*asked(private_names.inputs_structure, network())] == ["image"], HINT


def test_an_optimiser_knows_its_weights_and_whether_its_rate_follows_a_plan():
    model = keras.Sequential([keras.Input((5,)), layers.Dense(2)])
    optimizer = keras.optimizers.Adam(1e-3)
    assert not asked(private_names.variables_of, optimizer)
    optimizer.build(model.trainable_variables)
    known = {id(variable) for variable in asked(private_names.variables_of, optimizer)}
    assert known == {id(variable) for variable in model.trainable_variables}, HINT
    plan = keras.optimizers.schedules.CosineDecay(1e-3, 10)
    assert asked(private_names.has_plan, keras.optimizers.SGD(plan)), HINT
    assert not asked(private_names.has_plan, optimizer), HINT


def test_a_compiled_model_tells_the_weights_of_its_losses():
    model = network()
    assert asked(private_names.loss_weights, model) is None
    model.compile("adam", "mse", loss_weights=[0.5])
    assert asked(private_names.loss_weights, model) == [0.5], HINT


def test_a_tensor_knows_its_operation_and_which_call_of_it_it_comes_from():
    image = keras.Input((5, 7, 3))
    conv = layers.Conv2D(2, 3)
    tensors = [conv(image), conv(image)]
    assert [asked(private_names.operation_of, tensor) for tensor in tensors] == [conv, conv], HINT
    assert [asked(private_names.call_number, tensor) for tensor in tensors] == [0, 1], HINT


def test_weights_that_a_blueprint_left_unmade_are_forgotten():
    with keras.StatelessScope(initialize_variables=False):
        unmade = layers.Dense(4)
        unmade.build((None, 3))
    asked(private_names.forget_unmade_weights)
    layers.Dense(2).build((None, 3))  # would make what is still on the list
    assert unmade.kernel._value is None, HINT


def test_a_function_can_be_kept_from_warning_of_retracing():
    function = tf.function(lambda x: x)
    before = set(vars(function))
    asked(private_names.never_warn_of_retracing, function)
    assert set(vars(function)) == before, HINT  # set, not invented


def test_a_pasted_line_finds_the_layers_inside_of_layers():
    model = keras.Sequential([keras.Input((5, 7, 3)), network_in_a_list()])
    found = asked(eval, private_names.LAYERS_INSIDE, {"model": model})
    assert sum(type(layer) is layers.Conv2D for layer in found) == 2, HINT


def network_in_a_list():
    """A layer that keeps two others, one of them inside a third."""

    class Pair(layers.Layer):
        def __init__(self):
            super().__init__()
            self.parts = [layers.Conv2D(2, 3), keras.Sequential([layers.Conv2D(2, 1)])]

        def call(self, inputs):
            for part in self.parts:
                inputs = part(inputs)
            return inputs

    return Pair()


def private_uses(source):
    """Names such as `tensor._history` or `keras.src` that a module uses of others."""
    found = set(re.findall(r"keras\.src[.\w]*|tensorflow\.python[.\w]*", source))
    asked = r"(?:get|has|set)attr\((\w+), [\"'](_[a-z]\w*)[\"']"
    found |= {".".join(pair) for pair in re.findall(asked, source) if pair[0] != "self"}
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Attribute) and re.match("_[a-z]", node.attr):
            owner = node.value.id if isinstance(node.value, ast.Name) else ""
            if owner != "self":
                found.add(f"{owner}.{node.attr}")
    return found


OWN = {"axis._pair", "os._exit", "sys._getframe"}  # of this package and of Python


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=str)
def test_no_other_module_uses_a_private_name(path):
    if path.name != "private_names.py":
        assert private_uses(path.read_text(encoding="utf-8")) - OWN == set()


def test_the_search_for_private_names_finds_some():
    source = (
        "from keras.src.backend import x\ny = tensor._keras_history\nself._own\nhasattr(m, '_f')"
    )
    assert private_uses(source) == {"keras.src.backend", "tensor._keras_history", "m._f"}
