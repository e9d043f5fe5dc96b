"""Exercises of the homework `cheaper_networks.ipynb`."""

from functools import cache

import numpy as np

from cnnlab import datasets
from cnnlab.exercises import Exercise, Mistake, require_model

rng = np.random.default_rng(6)


# H5.1: small kernels instead of a large one


def share_of_threes(kernel_size):
    return 9 * (kernel_size - 1) / 2 / kernel_size**2


def share_by_growing(kernel_size):
    seen, weights = 1, 0
    while seen < kernel_size:
        seen, weights = seen + 2, weights + 9
    return weights / (kernel_size * kernel_size)


def share_of_a_single_layer(kernel_size):
    return 9 / kernel_size**2


def share_of_layers_side_by_side(kernel_size):
    return 9 * (kernel_size / 3) / kernel_size**2


def share_the_other_way(kernel_size):
    return 1 / share_of_threes(kernel_size)


def share_that_is_saved(kernel_size):
    return 1 - share_of_threes(kernel_size)


def share_of_one_axis(kernel_size):
    return 3 * (kernel_size - 1) / 2 / kernel_size


threes = Exercise(
    number="H5.1",
    title="Small kernels instead of a large one",
    stars=1,
    task="Write share_of_threes(kernel_size): a stack of 3×3 convolutions with stride 1 sees as "
    "much as one convolution whose kernel has kernel_size, an odd number, along both axes. All "
    "have as many filters as channels, and no biases. Which share of its weights has the stack?",
    hints=(
        "How many layers of 3×3 see 5 pixels, how many see 7?",
        "Channels and filters are the same on both sides: they cancel out.",
    ),
    solution=share_of_threes,
    insight="The larger the kernel, the more the stack saves: 0.72 for 5×5, 0.55 for 7×7.",
    mistakes=(
        Mistake("That is a single layer: it does not see as much.", share_of_a_single_layer),
        Mistake(
            "Windows on top of each other overlap: a layer adds two pixels to what is seen.",
            share_of_layers_side_by_side,
        ),
        Mistake("That is the large kernel as a multiple of the stack.", share_the_other_way),
        Mistake("That is what the stack saves.", share_that_is_saved),
        Mistake("A kernel has weights along two axes.", share_of_one_axis),
    ),
    cases=((5,), (7,), (3,), (11,)),
    alternatives=(share_by_growing,),
)


# H5.2: a batch normalisation that costs nothing


def fold_norm(kernel, bias, gamma, beta, mean, variance):
    scale = gamma / np.sqrt(variance + 0.001)
    return kernel * scale, (bias - mean) * scale + beta


def fold_norm_by_loops(kernel, bias, gamma, beta, mean, variance):
    folded, shifts = np.array(kernel, float), []
    for filter in range(kernel.shape[-1]):
        scale = gamma[filter] / (variance[filter] + 1e-3) ** 0.5
        folded[..., filter] *= scale
        shifts.append(beta[filter] + scale * (bias[filter] - mean[filter]))
    return folded, np.array(shifts)


def fold_norm_without_root(kernel, bias, gamma, beta, mean, variance):
    scale = gamma / (variance + 0.001)
    return kernel * scale, (bias - mean) * scale + beta


def fold_norm_without_epsilon(kernel, bias, gamma, beta, mean, variance):
    scale = gamma / np.sqrt(variance)
    return kernel * scale, (bias - mean) * scale + beta


def fold_norm_with_old_bias(kernel, bias, gamma, beta, mean, variance):
    scale = gamma / np.sqrt(variance + 0.001)
    return kernel * scale, bias - mean * scale + beta


def fold_norm_without_mean(kernel, bias, gamma, beta, mean, variance):
    scale = gamma / np.sqrt(variance + 0.001)
    return kernel * scale, bias * scale + beta


def fold_norm_without_beta(kernel, bias, gamma, beta, mean, variance):
    scale = gamma / np.sqrt(variance + 0.001)
    return kernel * scale, (bias - mean) * scale


def fold_norm_without_gamma(kernel, bias, gamma, beta, mean, variance):
    return fold_norm(kernel, bias, np.ones(len(gamma)), beta, mean, variance)


def fold_norm_bias_only(kernel, bias, gamma, beta, mean, variance):
    return kernel, fold_norm(kernel, bias, gamma, beta, mean, variance)[1]


def layer_with_norm(shape, dtype="float64"):
    """Kernel, bias, and the four numbers of each filter."""
    count = shape[-1]
    drawn = [rng.normal(size=shape), rng.normal(size=count), rng.uniform(0.5, 2, count)]
    drawn += [rng.normal(size=count), rng.normal(size=count), rng.uniform(0.01, 3, count)]
    return tuple(part.astype(dtype) for part in drawn)


folding = Exercise(
    number="H5.2",
    title="A normalisation that costs nothing",
    stars=2,
    task="Write fold_norm(kernel, bias, gamma, beta, mean, variance): a convolution and behind it "
    "its trained batch normalisation, which adds 0.001 to the variance, become one convolution. "
    "Return its (kernel, bias). The kernel has the shape (K_h, K_w, C_in, C_out), the others hold "
    "one number per filter.",
    hints=(
        "Normalised: (map − mean) / root of (variance + 0.001), times gamma, plus beta.",
        "What multiplies the map multiplies every weight of its filter, and its bias.",
        "Filters are the last axis of the kernel: an array (C_out,) meets them by itself.",
    ),
    solution=fold_norm,
    insight="In use a batch normalisation is a factor and a shift per filter: fold it away.",
    mistakes=(
        Mistake("Divided by the variance: asked for is its root.", fold_norm_without_root),
        Mistake(
            "The 0.001 is missing: where a map hardly varies it counts.", fold_norm_without_epsilon
        ),
        Mistake("The old bias goes through the normalisation, too.", fold_norm_with_old_bias),
        Mistake("The mean is not taken away.", fold_norm_without_mean),
        Mistake("beta is not added.", fold_norm_without_beta),
        Mistake("gamma is not used.", fold_norm_without_gamma),
        Mistake("The kernel is the old one: it must be scaled, too.", fold_norm_bias_only),
    ),
    cases=(
        layer_with_norm((3, 5, 2, 4)),
        layer_with_norm((1, 1, 6, 3), "float32"),
        layer_with_norm((2, 3, 1, 5)),
    ),
    alternatives=(fold_norm_by_loops,),
)


# H5.3: top five


def top_k(logits, labels, k):
    best = np.argsort(-logits, axis=1)[:, :k]
    return (best == labels[:, None]).any(axis=1).mean()


def top_k_by_ranks(logits, labels, k):
    own = logits[np.arange(len(labels)), labels]
    better = (logits > own[:, None]).sum(axis=1)
    return (better < k).sum() / len(labels)


def top_k_lowest(logits, labels, k):
    return top_k(-logits, labels, k)


def top_k_one_more(logits, labels, k):
    return top_k(logits, labels, k + 1)


def top_k_only_first(logits, labels, k):
    return (logits.argmax(axis=1) == labels).mean()


def top_k_count(logits, labels, k):
    return top_k(logits, labels, k) * len(labels)


def top_k_only_at_k(logits, labels, k):
    return (np.argsort(-logits, axis=1)[:, k - 1] == labels).mean()


def top_k_down_the_batch(logits, labels, k):
    best = np.argsort(-logits, axis=0)[:k]
    return np.mean([row in best[:, label] for row, label in enumerate(labels)])


def top_k_shared(logits, labels, k):
    return top_k(logits, labels, k) / k


top = Exercise(
    number="H5.3",
    title="Top five",
    stars=2,
    task="Write top_k(logits, labels, k): the share of images whose label is among the k classes "
    "with the highest logits; logits (B, classes), labels (B,). No two logits of an image are "
    "equal. With k=5 it is the top-5 accuracy of ImageNet.",
    hints=(
        "np.argsort(-logits, axis=1) names the classes of each image, best first.",
        "Or count: how many classes have a higher logit than the right one?",
    ),
    solution=top_k,
    insight="Fewer than k better classes: then the right one is among the best k.",
    mistakes=(
        Mistake("These are the lowest logits: np.argsort begins with the smallest.", top_k_lowest),
        Mistake("One class too many was looked at.", top_k_one_more),
        Mistake("That is the plain accuracy: only the best class was looked at.", top_k_only_first),
        Mistake("That is a count, not a share.", top_k_count),
        Mistake("Only the class at place k was looked at, not those before it.", top_k_only_at_k),
        Mistake(
            "The logits were sorted down the batch: the classes of one image compete.",
            top_k_down_the_batch,
        ),
        Mistake("It was divided by k as well: an image has one label.", top_k_shared),
    ),
    cases=(
        (rng.normal(size=(40, 9)), rng.integers(0, 9, 40), 3),
        (rng.normal(size=(25, 12)).astype("float32"), rng.integers(0, 12, 25), 5),
        (rng.permuted(np.tile(np.arange(6), (30, 1)), axis=1), rng.integers(0, 6, 30), 2),
    ),
    alternatives=(top_k_by_ranks,),
)


# H5.4: a depthwise convolution


def depthwise(x, kernel):
    rows, columns, _ = kernel.shape
    height, width = x.shape[1] - rows + 1, x.shape[2] - columns + 1
    maps = np.zeros((len(x), height, width, x.shape[3]))
    for row, column in np.ndindex(rows, columns):
        maps += x[:, row : row + height, column : column + width] * kernel[row, column]
    return maps


def depthwise_by_einsum(x, kernel):
    windows = np.lib.stride_tricks.sliding_window_view(x, kernel.shape[:2], axis=(1, 2))
    return np.einsum("bhwcij,ijc->bhwc", windows, kernel)


def depthwise_added_up(x, kernel):
    return depthwise(x, kernel).sum(axis=-1, keepdims=True)


def depthwise_turned(x, kernel):
    return depthwise(x, kernel[::-1, ::-1])


def depthwise_first_kernel(x, kernel):
    return depthwise(x, np.repeat(kernel[..., :1], kernel.shape[-1], axis=-1))


def depthwise_mean_kernel(x, kernel):
    return depthwise(x, np.repeat(kernel.mean(-1, keepdims=True), kernel.shape[-1], axis=-1))


def depthwise_padded(x, kernel):
    rows, columns, _ = kernel.shape
    pads = ((rows - 1) // 2, rows // 2), ((columns - 1) // 2, columns // 2)
    return depthwise(np.pad(x, ((0, 0), *pads, (0, 0))), kernel)


def depthwise_other_channels(x, kernel):
    return depthwise(x, kernel[..., ::-1])


def depthwise_of_one_image(x, kernel):
    return depthwise(x, kernel)[0]


by_depth = Exercise(
    number="H5.4",
    title="Each channel by itself",
    stars=2,
    task="Write depthwise(x, kernel): for x (B, H, W, C) and a kernel (K_h, K_w, C), the maps "
    "(B, H', W', C) in which each channel is correlated with its own slice of the kernel. No "
    "padding, stride 1, no bias.",
    hints=(
        "correlate2d does one channel of one image; a loop does them all.",
        "Or loop over the places of the kernel: x[:, row : row + H', column : column + W'] times "
        "kernel[row, column], added up.",
    ),
    solution=depthwise,
    insight="K_h · K_w MACs a number, whatever C is: mixing the channels is left to a 1×1.",
    mistakes=(
        Mistake(
            "The channels were added up: a depthwise convolution keeps them apart.",
            depthwise_added_up,
        ),
        Mistake("The kernel was turned by half a turn.", depthwise_turned),
        Mistake(
            "All channels met the first slice of the kernel: each has its own.",
            depthwise_first_kernel,
        ),
        Mistake("All channels met the mean kernel: each has its own.", depthwise_mean_kernel),
        Mistake("The image was padded.", depthwise_padded),
        Mistake("The channels met each other's kernels.", depthwise_other_channels),
        Mistake("Only the first image of the batch came out.", depthwise_of_one_image),
    ),
    cases=(
        (rng.normal(size=(2, 6, 8, 3)), rng.normal(size=(3, 2, 3))),
        (rng.normal(size=(3, 5, 4, 2)).astype("float32"), rng.normal(size=(2, 3, 2))),
        (rng.integers(0, 9, (1, 7, 5, 4)), rng.normal(size=(4, 1, 4))),
        (rng.normal(size=(2, 4, 6, 2)), rng.integers(-2, 3, (3, 2, 2))),
    ),
    alternatives=(depthwise_by_einsum,),
)


# H5.5: digits for few multiplications

TARGET, BUDGET = 0.87, 32_000


@cache
def trained(build, epochs=6):
    """The network that `build` makes, trained on the digits."""
    import keras

    train = datasets.load("digits", "train")
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model = build()
    model.compile(keras.optimizers.Adam(0.01), loss)
    model.fit(train.images, train.labels, batch_size=32, epochs=epochs, verbose=0)
    return model


def pooled_first():
    import keras
    from keras import layers

    return keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.MaxPooling2D(),
            layers.Conv2D(8, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Conv2D(16, 3, activation="relu"),
            layers.Flatten(),
            layers.Dense(10),
        ]
    )


def cheap_network():
    return trained(pooled_first)


def strided():
    import keras
    from keras import layers

    return keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(12, 4, strides=4, activation="relu"),
            layers.Conv2D(20, 3, strides=2, activation="relu"),
            layers.Flatten(),
            layers.Dense(10),
        ]
    )


def cheap_by_strides():
    return trained(strided)


def separable():
    import keras
    from keras import layers

    image = keras.Input((28, 28, 1))
    x = layers.Conv2D(8, 3, activation="relu")(layers.MaxPooling2D()(image))
    x = layers.SeparableConv2D(24, 3, activation="relu")(layers.MaxPooling2D()(x))
    return keras.Model(image, layers.Dense(10)(layers.Flatten()(x)))


def cheap_by_separation():
    return trained(separable)


def network_untrained():
    return pooled_first()


def coarse():
    import keras
    from keras import layers

    image = keras.Input((28, 28, 1))
    x = layers.Flatten()(layers.AveragePooling2D(7)(image))
    return keras.Model(image, layers.Dense(10)(x))


def network_of_coarse_digits():
    return trained(coarse, epochs=2)


def network_of_lenet():
    from cnnlab.models import lenet5

    return lenet5()


def network_of_one_output():
    import keras
    from keras import layers

    return keras.Sequential([keras.Input((28, 28, 1)), layers.Flatten(), layers.Dense(1)])


def hidden_digits():
    """The test digits, each paler by a share of its own, and their labels."""
    test = datasets.load("digits", "test")
    ink = np.random.default_rng(55).uniform(0.7, 1, (len(test.images), 1, 1, 1))
    return (test.images * ink).astype("float32"), test.labels


def reached(share, target):
    """An accuracy in words."""
    if share >= target:
        return "enough"
    return "like guessing" if share <= 0.25 else "too few"


def verdicts(model):
    """What is asked for of the network."""
    from cnnlab.costs import layer_table, totals

    require_model(model, (28, 28, 1))
    costs = totals(layer_table(model))
    if "without" in costs:
        raise ValueError(f"the MACs of every layer must be known: not known are {costs.without}.")
    if costs.macs > BUDGET:
        return {"MACs": "too many"}
    if len(model.outputs) != 1 or tuple(model.output_shape[1:]) != (10,):
        return {"MACs": "within the budget", "output": "not ten numbers"}
    images, labels = hidden_digits()
    named = np.asarray(model(images)).argmax(axis=1)
    return {
        "MACs": "within the budget",
        "output": "ten numbers",
        "hidden digits named rightly": reached((named == labels).mean(), TARGET),
    }


def ready():
    """One case. Keras is loaded here, and the solution trained, where no time limit runs."""
    cheap_network()
    return ((),)


cheap = Exercise(
    number="H5.5",
    title="Digits for few multiplications",
    stars=3,
    task="Write cheap_network(): it returns a Keras network that makes ten logits of a digit of "
    "28×28×1 with at most 32,000 MACs, as layer_table counts them, and that you have trained. At "
    "least 87% of 355 digits that it has not seen, some of them paler, must be named rightly. "
    "Layers, training and data are free; a minute is the limit.",
    hints=(
        "totals(layer_table(model)).macs is what you have; the table says in which layer.",
        "A convolution costs its map, too: make maps small before they become many.",
        "Pooling first, strides, separable convolutions: each saves a factor.",
    ),
    solution=cheap_network,
    insight="A thirteenth of LeNet-5's MACs: pixels were to spare before filters were.",
    mistakes=(
        Mistake(
            "More MACs than the budget allows: see where the maps are large.", network_of_lenet
        ),
        Mistake(
            "It does no better than guessing: see that it is trained, and that the trained one "
            "comes back.",
            network_untrained,
        ),
        Mistake(
            "It learned something, but names too few of the hidden digits: see whether its loss "
            "still falls, and whether enough of a digit is left to see.",
            network_of_coarse_digits,
        ),
        Mistake("The output is not ten numbers, one for each digit.", network_of_one_output),
    ),
    cases=ready,
    view=verdicts,
    alternatives=(cheap_by_strides, cheap_by_separation),
    seconds=60,
)

EXERCISES = (threes, folding, top, by_depth, cheap)
