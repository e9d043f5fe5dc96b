"""Exercises of lesson 12: signals, text, volumes, attention."""

import numpy as np

from cnnlab.convolution import conv1d
from cnnlab.exercises import looks, splits
from cnnlab.exercises.exercise import Exercise, Mistake

rng = np.random.default_rng(12)


# 12.1: a causal convolution


def causal(signal, kernel, dilation_rate):
    before = dilation_rate * (len(kernel) - 1)
    padded = np.concatenate([np.zeros(before, signal.dtype), signal])
    answer = np.zeros(len(signal), np.result_type(signal, kernel))
    for i, weight in enumerate(kernel):
        answer = answer + weight * padded[i * dilation_rate :][: len(signal)]
    return answer


def causal_by_cnnlab(signal, kernel, dilation_rate):
    maps = conv1d(
        signal[None, :, None],
        kernel[:, None, None],
        padding="causal",
        dilation_rate=dilation_rate,
    )
    return maps[0, :, 0]


def _padded(signal, kernel, dilation_rate, before, after):
    x = np.concatenate([np.zeros(before), signal, np.zeros(after)])
    count = len(x) - dilation_rate * (len(kernel) - 1)
    return sum(w * x[i * dilation_rate :][:count] for i, w in enumerate(kernel))


def causal_same(signal, kernel, dilation_rate):
    total = dilation_rate * (len(kernel) - 1)
    return _padded(signal, kernel, dilation_rate, total // 2, total - total // 2)


def causal_ahead(signal, kernel, dilation_rate):
    return _padded(signal, kernel, dilation_rate, 0, dilation_rate * (len(kernel) - 1))


def causal_valid(signal, kernel, dilation_rate):
    return _padded(signal, kernel, dilation_rate, 0, 0)


def causal_turned(signal, kernel, dilation_rate):
    return causal(signal, kernel[::-1], dilation_rate)


def causal_without_dilation(signal, kernel, dilation_rate):
    return causal(signal, kernel, 1)


def causal_too_short(signal, kernel, dilation_rate):
    x = np.concatenate([np.zeros(len(kernel) - 1), signal])
    count = max(len(x) - dilation_rate * (len(kernel) - 1), 0)
    return sum(w * x[i * dilation_rate :][:count] for i, w in enumerate(kernel))


def causal_wrapped(signal, kernel, dilation_rate):
    size = len(kernel)
    return sum(w * np.roll(signal, (size - 1 - i) * dilation_rate) for i, w in enumerate(kernel))


past = Exercise(
    number="12.1",
    title="A causal convolution",
    stars=3,
    task="Write causal(signal, kernel, dilation_rate): the causal convolution of a signal (L,) "
    "with a kernel (K,), as long as the signal. The last weight meets the present step, the one "
    "before it the step dilation_rate earlier; before the signal there are zeros.",
    hints=(
        "The first weight looks (K − 1) · dilation_rate steps back: so many zeros come before.",
        "With the zeros in front, weight i of the padded signal begins at step i · dilation_rate.",
    ),
    solution=causal,
    insight="All zeros of the padding stand before the signal, so no output can see a later step.",
    mistakes=(
        Mistake(
            'That is padding="same": half of the zeros stand behind, so it sees later steps.',
            causal_same,
        ),
        Mistake("The zeros stand behind the signal: every output sees the future.", causal_ahead),
        Mistake("That is shorter than the signal: put zeros before it.", causal_valid),
        Mistake(
            "The kernel is turned round: its last weight meets the present step.", causal_turned
        ),
        Mistake("The weights read neighbours: the dilation is missing.", causal_without_dilation),
        Mistake(
            "K − 1 zeros are too few: the first weight looks further back, by the dilation.",
            causal_too_short,
        ),
        Mistake(
            "The first steps see the end of the signal: np.roll goes round in a circle.",
            causal_wrapped,
        ),
    ),
    cases=(
        (rng.normal(size=9), rng.normal(size=3), 2),
        (rng.normal(size=8).astype("float32"), rng.normal(size=2).astype("float32"), 3),
        (np.array([1, 2, 4, 7, 11, 16]), np.array([2, -1, 5]), 1),
        (np.array([3, 1, 4, 1, 5]), np.array([0.5, 0.25, 2.5, 1.5]), 1),
        (rng.normal(size=5), np.array([2, 3, 1]), 2),
    ),
    alternatives=(
        causal_by_cnnlab,
        lambda s, k, d: _padded(s, k, d, d * (len(k) - 1), 0),
    ),
)


# 12.2: how far back ten layers see

stack = Exercise(
    number="12.2",
    title="How far back ten layers see",
    stars=1,
    task="Ten causal convolutions stand on each other, each with a kernel of 2; the dilation rates "
    "are 1, 2, 4, ..., 512. How many steps are in the receptive field of the last output?",
    hints=(
        "A layer with a kernel of 2 adds as many steps as its dilation rate.",
        "It begins with the present step: 1 + 1 + 2 + 4 + ... + 512.",
    ),
    solution=1024,
    insight="Twenty weights reach 1,024 steps: each layer doubles what the one below it sees.",
    mistakes=(
        Mistake("The present step belongs to the field, too.", 1023),
        Mistake("That is without dilation: every layer adds 1.", 11),
        Mistake("That counts the weights, two per layer.", 20),
        Mistake("That is the last layer alone: those below it add theirs.", 513),
        Mistake("A kernel of 2 adds one dilation rate, not two.", 2047),
        Mistake("One doubling too many: the first layer has dilation rate 1.", 2048),
        Mistake("One layer is missing: the last one doubles the field once more.", 512),
    ),
)


# 12.3: characters as channels


def one_hot(text, alphabet):
    channels = np.zeros((len(text), len(alphabet)), int)
    for step, character in enumerate(text):
        if character in alphabet:
            channels[step, alphabet.index(character)] = 1
    return channels


def one_hot_by_comparison(text, alphabet):
    return np.array([[int(c == a) for a in alphabet] for c in text]).reshape(len(text), -1)


def one_hot_unknown_last(text, alphabet):
    return np.eye(len(alphabet), dtype=int)[[alphabet.find(c) for c in text]]


def one_hot_turned(text, alphabet):
    return one_hot(text, alphabet).T


def one_hot_numbers(text, alphabet):
    return np.array([alphabet.find(character) for character in text])


def one_hot_counted(text, alphabet):
    return one_hot(text, alphabet).sum(axis=0)


def one_hot_left_out(text, alphabet):
    return one_hot([character for character in text if character in alphabet], alphabet)


def one_hot_any_case(text, alphabet):
    return one_hot(text.lower(), alphabet)


def one_hot_one_channel_more(text, alphabet):
    known = one_hot(text, alphabet)
    return np.concatenate([known, 1 - known.sum(axis=1, keepdims=True)], axis=1)


letters = Exercise(
    number="12.3",
    title="Characters as channels",
    stars=2,
    task="Write one_hot(text, alphabet): an array (len(text), len(alphabet)) that holds 1 where "
    "the character of the row is that of the column, else 0. A character that is not in the "
    "alphabet is a row of zeros.",
    hints=(
        "Begin with zeros, and go through the text with enumerate.",
        "alphabet.index(character) is its column, once you know that it is in the alphabet.",
    ),
    solution=one_hot,
    insight="A text is a signal of one step per character, with a channel for each letter.",
    mistakes=(
        Mistake(
            "find says -1 for an unknown character, and column -1 is the last one.",
            one_hot_unknown_last,
        ),
        Mistake("Rows and columns are exchanged: steps come first, as in (L, C).", one_hot_turned),
        Mistake(
            "Those are numbers of letters: b is not more than a, so each needs its own channel.",
            one_hot_numbers,
        ),
        Mistake("That counts the letters: their order is lost.", one_hot_counted),
        Mistake(
            "Unknown characters were left out: their row must be there, all zeros.",
            one_hot_left_out,
        ),
        Mistake("A capital is another character than its small letter.", one_hot_any_case),
        Mistake(
            "There is a channel more, for unknown characters.",
            one_hot_one_channel_more,
        ),
    ),
    cases=(
        ("to be, or not", "abenort "),
        ("Ada had a bad day", "abcd"),
        ("xyz", "ab"),
        ("conv", "covn"),
    ),
    alternatives=(one_hot_by_comparison,),
)


# 12.4: what Conv3D costs


def cost(depth=8, size=(16, 24), kernel=(3, 3, 3), channels=4, filters=6, bias=True):
    """Weights and MACs of one convolution with padding="same"."""
    weights = int(np.prod(kernel)) * channels * filters
    return weights + bias * filters, depth * size[0] * size[1] * weights


volume = Exercise(
    number="12.4",
    title="What Conv3D costs",
    stars=2,
    task='Conv3D(6, 3, padding="same") reads volumes of 8×16×24 voxels with 4 channels. How many '
    "weights has it, biases included, and how many MACs does one volume cost? Answer with "
    "(weights, MACs).",
    hints=(
        "The kernel has the shape (3, 3, 3, 4, 6); there is one bias per filter.",
        "Each of the 8·16·24 places costs one MAC per weight of the kernel; biases count as none.",
    ),
    solution=cost(),
    insight="A third axis of 3 triples the weights, and the 8 slices multiply the work by 8.",
    mistakes=(
        Mistake("That is Conv2D on one slice.", cost(depth=1, kernel=(3, 3))),
        Mistake("The kernel is 3 deep, too.", cost(kernel=(3, 3))),
        Mistake("The biases are missing.", cost(bias=False)),
        Mistake("Each filter reads all 4 channels.", cost(channels=1)),
        Mistake("There are 6 filters.", cost(filters=1)),
        Mistake("The kernel stands at every voxel of all 8 slices.", cost(depth=1)),
        Mistake('With padding="same" no place is lost at the rim.', cost(depth=6, size=(14, 22))),
        Mistake("The two answers are exchanged.", cost()[::-1]),
    ),
)


# 12.5: whole patients


patients = Exercise(
    number="12.5",
    title="Whole patients",
    stars=3,
    task="Write patient_split(patients, count): `patients` holds the number of the patient of each "
    "slice, as an array (N,). The `count` patients that appear last go to the test, with all of "
    "their slices. A patient appears at its first slice. Answer with two arrays or lists: the "
    "indices of the slices to train with and to test with, both rising.",
    hints=(
        "list(dict.fromkeys(patients.tolist())) names each patient once, in order of appearance.",
        "np.isin(patients, tested) is True for the slices of the tested patients.",
        "order[len(order) - count:] is right for count = 0, too; order[-count:] is not.",
    ),
    solution=splits.patient_split,
    insight="What resembles each other stays on one side: patients, objects, speakers, days.",
    mistakes=(
        Mistake(
            "The last slices were taken, not the last patients: one patient is on both sides.",
            splits.split_by_slice,
        ),
        Mistake("Those are the patients that appear first.", splits.split_at_first),
        Mistake(
            "Those are the largest numbers: asked for are the last to appear.",
            splits.split_by_number,
        ),
        Mistake("Training comes first, then the test.", splits.split_exchanged),
        Mistake(
            "One slice of each tested patient: its others are still trained with.",
            splits.split_one_slice_each,
        ),
        Mistake("Those are patients: asked for are indices of slices.", splits.split_patients),
        Mistake("Those are masks: asked for are indices.", splits.split_masks),
        Mistake(
            "Everything behind one slice was taken: slices of a patient may lie apart.",
            splits.split_at_a_slice,
        ),
    ),
    cases=(
        (np.array([4, 4, 4, 9, 9, 2, 2, 2]), 1),
        (np.array([7, 7, 3, 3, 3, 5, 7, 5, 3, 8]), 2),
        (np.array([1, 1, 2, 2, 3]), 2),
        (np.array([6, 5, 5, 6, 4, 4, 5]), 1),
        (np.array([3, 3, 1]), 0),
    ),
    view=lambda parts: [np.asarray(part) for part in parts],
    alternatives=(
        splits.split_by_loops,
        lambda p, n: tuple(map(np.array, splits.split_by_loops(p, n))),
    ),
)


# 12.6: patches in reading order


tokens = Exercise(
    number="12.6",
    title="Patches in reading order",
    stars=2,
    task="Write patches(image, size): an image (H, W, C), whose sides are multiples of size, as an "
    "array (number of patches, size·size·C): a row per patch of size×size pixels, in reading "
    "order; within a patch its pixels in reading order, all channels of a pixel together.",
    hints=(
        "image[top:top + size, left:left + size] is one patch; ravel() lays it out.",
        "Or reshape to (H/size, size, W/size, size, C), and exchange the two middle ones of the "
        "first four axes.",
    ),
    solution=looks.patches,
    insight="It is im2col with a stride as large as the window: times a matrix, a convolution.",
    mistakes=(
        Mistake(
            "reshape alone cuts the rows of the picture into pieces, not into squares.",
            looks.patches_straight,
        ),
        Mistake("The patches come column by column: read along the rows.", looks.patches_down),
        Mistake("Inside a patch rows and columns are exchanged.", looks.patches_inside_turned),
        Mistake(
            "Inside a patch a channel comes after the other: keep those of a pixel together.",
            looks.patches_channels_first,
        ),
        Mistake(
            "The patches overlap: the next one begins `size` further.", looks.patches_overlapping
        ),
        Mistake("Those are means: a patch keeps all of its pixels.", looks.patches_means),
        Mistake(
            "One axis too many: the patches stand in one row after another.", looks.patches_grid
        ),
    ),
    cases=(
        (rng.normal(size=(4, 6, 3)), 2),
        (rng.normal(size=(6, 9, 2)).astype("float32"), 3),
        (np.arange(4 * 8).reshape(4, 8, 1), 2),
        (rng.integers(0, 256, (8, 4, 3)), 4),
    ),
    alternatives=(looks.patches_by_loops,),
)


# 12.7: attention by hand


attention = Exercise(
    number="12.7",
    title="Attention by hand",
    stars=3,
    task="Write attend(queries, keys, values) for arrays (N, D), (M, D) and (M, E): each query "
    "gets the mean of the values, (N, E), weighted by the softmax over the keys of its dot "
    "products with them, divided by the square root of D.",
    hints=(
        "queries @ keys.T holds all dot products: a row per query, a column per key.",
        "The softmax makes each row of them sum to 1; then multiply by the values.",
    ),
    solution=looks.attend,
    insight="A convolution's weights stand still and places differ; here each query makes its own.",
    mistakes=(
        Mistake("The square root of D is missing.", looks.attend_unscaled),
        Mistake("Divided by D: its square root was asked for.", looks.attend_scaled_twice),
        Mistake("D is the length of a key, not the number of keys.", looks.attend_by_count),
        Mistake(
            "The softmax runs over the queries: the weights of one query must sum to 1.",
            looks.attend_over_queries,
        ),
        Mistake("The softmax is missing.", looks.attend_without_softmax),
        Mistake("That is the plain mean: the keys say nothing.", looks.attend_to_all_alike),
        Mistake("That takes the value of the best key alone.", looks.attend_to_the_best),
        Mistake("Those are the weights: multiply them by the values.", looks.attention_weights),
    ),
    cases=(
        (rng.normal(size=(3, 4)), rng.normal(size=(5, 4)), rng.normal(size=(5, 2))),
        (
            rng.normal(size=(4, 3)).astype("float32"),
            rng.normal(size=(2, 3)).astype("float32"),
            rng.normal(size=(2, 6)).astype("float32"),
        ),
        (
            np.array([[1, 0, 2], [3, 1, 0]]),
            np.array([[0, 1, 1], [2, 0, 1], [1, 1, 0], [0, 0, 3]]),
            np.array([[1.5, 2.5], [0.25, 3.5], [4.5, 1.0], [2.0, 0.5]]),
        ),
    ),
    alternatives=(looks.attend_by_loops, looks.attend_by_einsum),
)

EXERCISES = (past, stack, letters, volume, patients, tokens, attention)
