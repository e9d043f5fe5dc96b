"""Exercises of lesson 06: architectures."""

import numpy as np

from cnnlab.exercises.exercise import Exercise, Mistake
from cnnlab.exercises.networks import inner, require_model

# 06.1: what does a layer cost?

ROWS, COLUMNS, KERNEL, CHANNELS, FILTERS = 28, 36, 3 * 5, 24, 40
WEIGHTS = KERNEL * CHANNELS * FILTERS

macs = Exercise(
    number="06.1",
    title="What does a layer cost?",
    stars=1,
    task="Maps of 56×72 with 24 channels go into a convolution of 40 filters of 3×5, stride 2, "
    'padding "same". How many MACs is that for one image?',
    hints=(
        "How many numbers come out? And of how many products is each the sum?",
        "With stride 2 the window stops at every second row and every second column.",
    ),
    solution=ROWS * COLUMNS * WEIGHTS,
    insight="The number of outputs times the products in each: the stride has already paid for "
    "itself four times.",
    mistakes=(
        Mistake(
            "Either those are FLOPs (a MAC is a multiplication together with its addition), or the "
            "stride was counted along one axis only.",
            2 * ROWS * COLUMNS * WEIGHTS,
        ),
        Mistake(
            "The window was stopped at every pixel of the input: count the outputs.",
            4 * ROWS * COLUMNS * WEIGHTS,
        ),
        Mistake("Those are the weights: each is used at every output position.", WEIGHTS),
        Mistake("Those are the parameters: they say nothing of the work.", WEIGHTS + FILTERS),
        Mistake(
            "Each filter was counted with one slice: it reads all channels that come in.",
            ROWS * COLUMNS * KERNEL * FILTERS,
        ),
    ),
    tolerance=1e-8,
)


# 06.2: a bottleneck

DIRECT, PER_CHANNEL = 5 * 5 * 192 * 32, 192 + 5 * 5 * 32

bottleneck = Exercise(
    number="06.2",
    title="How narrow must the neck be?",
    stars=2,
    task="A 5×5 convolution turns 192 channels into 32. A 1×1 convolution in front of it, with n "
    "filters, shall bring the MACs of both together to at most a tenth of that. What is the "
    "largest n?",
    hints=(
        "Count per position: the direct way first, then both layers as a function of n.",
        "The 1×1 costs 192·n, the 5×5 behind it 5·5·n·32.",
    ),
    solution=DIRECT // 10 // PER_CHANNEL,
    insight="The 1×1 itself is cheap, and it makes every one of the 25 places of the large kernel "
    "cheaper.",
    mistakes=(
        Mistake("That is a little more than a tenth: round down.", DIRECT // 10 // PER_CHANNEL + 1),
        Mistake(
            "The 1×1 convolution was taken to be free: it has weights and work of its own.",
            DIRECT // 10 // (5 * 5 * 32),
        ),
        Mistake(
            "Only the 1×1 convolution was counted: the 5×5 behind it is still there.",
            DIRECT // 10 // 192,
        ),
        Mistake(
            "That saves a tenth: a tenth is all that may remain.", DIRECT * 9 // 10 // PER_CHANNEL
        ),
    ),
)


# 06.3: a residual block


def answer_with(model, maps, factors):
    """What a block answers if each convolution only multiplies by its factor.

    Its normalisations change nothing; where all factors are 0 they give 0.
    """
    values = {"gamma": any(factors), "moving_variance": 1, "alpha": 0.25}
    for weight in model.weights:
        value = values.get(weight.name, 0)
        weight.assign(np.full(weight.shape, float(value)))
    for layer, factor in zip(convolutions(model), factors, strict=False):
        kernel = np.zeros(layer.kernel.shape)
        rows, columns, *channels = kernel.shape
        kernel[rows // 2, columns // 2] = factor * np.eye(*channels)
        layer.kernel.assign(kernel)
    return np.asarray(model(maps))


def convolutions(model):
    import keras

    return [layer for layer in inner(model.layers) if isinstance(layer, keras.layers.Conv2D)]


def behaviour(model):
    """What a block for maps of 12×20×32 does under weights whose answer is known."""
    require_model(model, (12, 20, 32))
    with_kernels = ", ".join(layers_with_kernels(model))
    if with_kernels != AS_ASKED["the layers with kernels"]:
        return AS_ASKED | {"the layers with kernels": with_kernels}
    maps = np.random.default_rng(0).normal(size=(2, 12, 20, 32)).astype("float32")
    kept = model.get_weights()
    runs = [(0, 0), (1, -2), (-1, 2), (10, -100), (10, 100)]
    still, moved, turned, below, above = (answer_with(model, maps, factors) for factors in runs)
    model.set_weights(kept)
    return {
        "output shape": "as asked" if still.shape == maps.shape else "another one",
        "the layers with kernels": with_kernels,
        "the kernels stop at every pixel, and have no gaps": all(
            layer.strides == layer.dilation_rate == (1, 1) for layer in convolutions(model)
        ),
        "with all weights 0 it gives": named(still, maps),
        "with kernels that multiply by 1 and by −2 it gives": named(moved, maps),
        "with kernels that multiply by −1 and by 2 it gives": named(turned, maps),
        "what stands between them is a ReLU": named(below, maps) == "zeros"
        and named(above / 1001, maps) == "the input after a ReLU",
    }


AS_ASKED = {
    "output shape": "as asked",
    "the layers with kernels": "Conv2D 3×3, Conv2D 3×3",
    "the kernels stop at every pixel, and have no gaps": True,
    "with all weights 0 it gives": "the input after a ReLU",
    "with kernels that multiply by 1 and by −2 it gives": "zeros",
    "with kernels that multiply by −1 and by 2 it gives": "the input without its signs",
    "what stands between them is a ReLU": True,
}


def layers_with_kernels(model):
    """Yields the kind of each, and the size if it has one."""
    for layer in inner(model.layers):
        if any("kernel" in weight.name for weight in layer.weights):
            sides = getattr(layer, "kernel_size", ())
            yield f"{type(layer).__name__} {'×'.join(map(str, sides))}".strip()


def named(out, maps):
    """Which known map this is, about: a normalisation divides by a little more than 1."""
    known = {
        "zeros": np.zeros_like(maps),
        "the input": maps,
        "the input after a ReLU": np.maximum(maps, 0),
        "what is negative, without its sign": np.maximum(-maps, 0),
        "the input without its signs": np.abs(maps),
    }
    near = [k for k, m in known.items() if m.shape == out.shape and np.allclose(m, out, atol=0.01)]
    return near[0] if near else "something else"


def block_of(last, activations=("relu", None)):
    """A model of convolutions on a branch; last(input, branch) brings the two together."""
    import keras
    from keras import layers

    maps = branch = keras.Input((12, 20, 32))
    for activation in activations:
        branch = layers.Conv2D(32, 3, padding="same", activation=activation)(branch)
    return keras.Model(maps, last(maps, branch))


def build_block():
    import keras
    from keras import layers

    maps = keras.Input((12, 20, 32))
    branch = layers.Conv2D(32, 3, padding="same", activation="relu")(maps)
    branch = layers.Conv2D(32, 3, padding="same")(branch)
    return keras.Model(maps, layers.ReLU()(layers.Add()([maps, branch])))


def block_with_operators():
    from keras import ops

    return block_of(lambda maps, branch: ops.relu(maps + branch))


def block_with_normalisation():
    import keras
    from keras import layers

    maps = keras.Input((12, 20, 32))
    branch = layers.Conv2D(32, 3, padding="same", use_bias=False)(maps)
    branch = layers.ReLU()(layers.BatchNormalization()(branch))
    branch = layers.Conv2D(32, 3, padding="same", use_bias=False)(branch)
    branch = layers.BatchNormalization(gamma_initializer="zeros")(branch)
    return keras.Model(maps, layers.Activation("relu")(layers.add([branch, maps])))


def block_of_a_model():
    import keras
    from keras import layers

    maps = keras.Input((12, 20, 32))
    sizes = {64: "relu", 32: None}
    branch = [layers.Conv2D(n, 3, padding="same", activation=a) for n, a in sizes.items()]
    return keras.Model(maps, layers.ReLU()(keras.Sequential(branch)(maps) + maps))


def block_without_shortcut():
    from keras import layers

    return block_of(lambda maps, branch: layers.ReLU()(branch))


def block_concatenated():
    from keras import layers

    return block_of(lambda maps, branch: layers.ReLU()(layers.Concatenate()([maps, branch])))


def block_multiplied():
    from keras import layers

    return block_of(lambda maps, branch: layers.ReLU()(layers.Multiply()([maps, branch])))


def block_with_leaky_relu():
    from keras import layers

    between = layers.LeakyReLU()
    return block_of(
        lambda maps, branch: layers.ReLU()(layers.Add()([maps, branch])), [between, None]
    )


def block_relu_before():
    from keras import layers

    return block_of(lambda maps, branch: layers.Add()([maps, layers.ReLU()(branch)]))


def block_of_one():
    from keras import layers

    return block_of(lambda maps, branch: layers.ReLU()(layers.Add()([maps, branch])), ["relu"])


def block_without_relu_between():
    from keras import layers

    return block_of(lambda maps, branch: layers.ReLU()(layers.Add()([maps, branch])), [None] * 2)


def block_with_relu_on_both():
    from keras import layers

    return block_of(lambda maps, branch: layers.ReLU()(layers.Add()([maps, branch])), ["relu"] * 2)


def block_with_relu_on_the_shortcut():
    from keras import layers

    return block_of(lambda maps, branch: layers.ReLU()(layers.Add()([layers.ReLU()(maps), branch])))


def block_behind_a_relu():
    import keras
    from keras import layers

    maps = keras.Input((12, 20, 32))
    return keras.Model(maps, build_block()(layers.ReLU()(maps)))


def block_normalised_at_the_end():
    from keras import layers

    return block_of(lambda x, branch: layers.ReLU()(layers.BatchNormalization()(x + branch)))


def block_without_last_relu():
    from keras import layers

    return block_of(lambda maps, branch: layers.Add()([maps, branch]))


def block_valid():
    import keras
    from keras import layers

    maps = keras.Input((12, 20, 32))
    branch = layers.Conv2D(32, 3)(layers.Conv2D(32, 3, activation="relu")(maps))
    return keras.Model(maps, layers.ReLU()(layers.Add()([maps, branch])))


def no_arguments():
    """One case. Keras is loaded here, where no time limit runs."""
    import keras  # noqa: F401

    return ((),)


residual = Exercise(
    number="06.3",
    title="A residual block",
    stars=3,
    task="Write build_block(): a Keras model of one residual block for maps of 12×20 with 32 "
    "channels. Two 3×3 convolutions on the branch, a ReLU between them, the addition, a ReLU at "
    "the end.",
    hints=(
        "The branch must end in the shape in which it began, or nothing can be added.",
        "The shortcut has no layer: it is the variable that holds the input.",
        "layers.Add()([maps, branch]), and the last ReLU behind it.",
    ),
    solution=build_block,
    insight="With all weights at 0 the block hands on its input: a deep stack of them begins as "
    "almost nothing, and learns what to add.",
    mistakes=(
        Mistake(
            "There is no shortcut: with all weights at 0 nothing comes out.", block_without_shortcut
        ),
        Mistake(
            "The shortcut is stacked beside the branch: a residual block adds, so that the number "
            "of channels stays.",
            block_concatenated,
        ),
        Mistake(
            "Input and branch are multiplied: a residual block adds, so that a branch of zeros "
            "changes nothing.",
            block_multiplied,
        ),
        Mistake(
            "What stands between the convolutions is no ReLU: something of the negative numbers "
            "comes through.",
            block_with_leaky_relu,
        ),
        Mistake(
            "The last ReLU stands on the branch: it belongs behind the addition, and so negative "
            "numbers pass the block.",
            block_relu_before,
        ),
        Mistake("The ReLU behind the addition is missing.", block_without_last_relu),
        Mistake(
            "There is no ReLU between the two convolutions: without it they are no more than one.",
            block_without_relu_between,
        ),
        Mistake(
            "The branch ends in a ReLU of its own: it can add, but never take away.",
            block_with_relu_on_both,
        ),
        Mistake(
            "A ReLU stands on the shortcut: it hands on the input as it is, negative numbers too.",
            block_with_relu_on_the_shortcut,
        ),
        Mistake(
            "A ReLU stands in front of the block: the branch must see the negative numbers of the "
            "input, and the shortcut hand them on.",
            block_behind_a_relu,
        ),
        Mistake(
            "A normalisation stands behind the addition or on the shortcut: it belongs on the "
            "branch, and the shortcut hands on the input as it is.",
            block_normalised_at_the_end,
        ),
        Mistake("The branch has one convolution: two are asked for.", block_of_one),
        Mistake(
            "The branch is smaller than the input, so they cannot be added: without padding each "
            "convolution takes two rows and two columns away.",
            block_valid,
        ),
    ),
    cases=no_arguments,
    view=behaviour,
    alternatives=(block_with_operators, block_with_normalisation, block_of_a_model),
)


# 06.4: depthwise separable


def separable_share(kernel_size, channels, filters):
    separable = kernel_size**2 * channels + channels * filters
    return separable / (kernel_size**2 * channels * filters)


def separable_share_formula(kernel_size, channels, filters):
    return np.float32(1 / filters + 1 / kernel_size**2)


def share_turned_over(kernel_size, channels, filters):
    return 1 / separable_share(kernel_size, channels, filters)


def share_without_pointwise(kernel_size, channels, filters):
    return 1 / filters


def share_without_depthwise(kernel_size, channels, filters):
    return 1 / kernel_size**2


def share_one_kernel(kernel_size, channels, filters):
    return (kernel_size**2 + channels * filters) / (kernel_size**2 * channels * filters)


def share_multiplied(kernel_size, channels, filters):
    return kernel_size**2 * channels * channels * filters / (kernel_size**2 * channels * filters)


separable = Exercise(
    number="06.4",
    title="The share of a separable convolution",
    stars=2,
    task="Write separable_share(kernel_size, channels, filters): the weights of a depthwise and a "
    "pointwise convolution together, as a share of those of a plain convolution (square kernels, "
    "no biases).",
    hints=(
        "The depthwise one has a single slice per channel, the pointwise one is a 1×1 convolution.",
        "K·K·C_in + C_in·C_out, divided by K·K·C_in·C_out.",
    ),
    solution=separable_share,
    insight="It is 1/C_out + 1/K²: with many filters, about one ninth for 3×3, whatever comes in.",
    mistakes=(
        Mistake("That is how many times less: the share is asked for.", share_turned_over),
        Mistake(
            "The pointwise convolution is missing: it mixes the channels.", share_without_pointwise
        ),
        Mistake("The depthwise convolution is missing.", share_without_depthwise),
        Mistake(
            "The depthwise convolution was given a single kernel: each channel has its own.",
            share_one_kernel,
        ),
        Mistake(
            "The two were multiplied: they run one after the other, so their weights add up.",
            share_multiplied,
        ),
    ),
    cases=((3, 128, 256), (5, 24, 40), (7, 3, 64)),
    alternatives=(separable_share_formula,),
)

EXERCISES = (macs, bottleneck, residual, separable)
