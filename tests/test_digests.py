"""What `describe` must notice in a figure, and what it passes over."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from cnnlab import plots

PHOTO = np.random.default_rng(0).integers(0, 256, (5, 7, 3), dtype=np.uint8)
CONFUSION = np.array([[9, 1, 0], [0, 8, 2], [0, 0, 10]])  # more in the upper right corner


def chart(curves, x=None, **settings):
    """A figure with one curve per label."""
    figure, ax = plt.subplots()
    for label, values in curves.items():
        ax.plot(range(len(values)) if x is None else x, values, label=label)
    ax.set(**settings)
    return figure


def bars(values, names=None, horizontal=False):
    """A figure with one group of bars."""
    figure, ax = plt.subplots()
    (ax.barh if horizontal else ax.bar)(names or range(len(values)), values)
    return figure


@pytest.mark.parametrize(
    "changed",
    [
        PHOTO.transpose(1, 0, 2),
        PHOTO[::-1],
        PHOTO[:, ::-1],
        PHOTO[::-1, ::-1],
        PHOTO[:, 1:],
        np.clip(PHOTO.astype(int) + 9, 0, 255).astype(np.uint8),
    ],
    ids=["transposed", "upside down", "mirrored", "turned", "cut", "brighter"],
)
def test_describe_notices_a_changed_picture(changed):
    assert plots.describe(plots.show_images([changed])) != plots.describe(
        plots.show_images([PHOTO])
    )


def test_describe_notices_a_transposed_square_matrix():
    names = ["cat", "dog", "bee"]
    one, other = (plots.plot_confusion(m, names) for m in (CONFUSION, CONFUSION.T))
    assert plots.describe(one) != plots.describe(other)


@pytest.mark.parametrize("other", [(9, 5), (8, 4)], ids=["predicted", "true"])
def test_describe_notices_one_mistake_moved_by_one_class(other):
    """In 355 digits: one 9 taken for a 4 becomes a 9 taken for a 5, or an 8 for a 4."""
    before, after = np.diag([36] * 9 + [30]), np.diag([36] * 9 + [30])
    before[9, 4], after[other] = 1, 1
    one, two = (plots.plot_confusion(m, list("0123456789")) for m in (before, after))
    assert plots.describe(one) != plots.describe(two)


def test_describe_notices_the_sign_of_a_kernel():
    kernel = np.array([[1.0, -3, 0], [0, 2, 0]])
    one, other = (plots.show_maps([k]) for k in (kernel, -kernel))
    assert plots.describe(one) != plots.describe(other)


TRAINING = {"mlp": [0.2, 0.5, 0.6], "cnn": [0.3, 0.7, 0.9]}


@pytest.mark.parametrize(
    "other",
    [
        chart({"mlp": TRAINING["mlp"]}, xlabel="epoch", ylabel="accuracy"),
        chart({"mlp": TRAINING["mlp"], "cmm": TRAINING["cnn"]}, xlabel="epoch", ylabel="accuracy"),
        chart({"mlp": TRAINING["cnn"], "cnn": TRAINING["mlp"]}, xlabel="epoch", ylabel="accuracy"),
        chart({k: v[::-1] for k, v in TRAINING.items()}, xlabel="epoch", ylabel="accuracy"),
        chart(TRAINING, x=[1, 2, 3], xlabel="epoch", ylabel="accuracy"),
        chart(TRAINING, xlabel="epochs", ylabel="accuracy"),
        chart(TRAINING, xlabel="epoch", ylabel="loss"),
        chart(TRAINING, xlabel="epoch", ylabel="accuracy", title="two networks"),
    ],
    ids=[
        "a missing curve",
        "a wrong name",
        "two names swapped",
        "curves in reverse",
        "other positions",
        "another x label",
        "another y label",
        "another title",
    ],
)
def test_describe_notices_in_a_chart(other):
    chart_of_two = chart(TRAINING, xlabel="epoch", ylabel="accuracy")
    assert plots.describe(other) != plots.describe(chart_of_two)


def test_describe_gives_the_ends_and_the_range_of_a_curve_with_holes():
    text = plots.describe(chart({"loss": [3.0, np.nan, -0.0]}))
    assert text == "1. line 'loss' of 3 points from (0, 3) to (2, 0), y 0 to 3"


@pytest.mark.parametrize("horizontal", [False, True], ids=["upright", "lying"])
def test_describe_lists_bars_in_their_order_with_their_names(horizontal):
    text = plots.describe(bars([3, 1, 2.5], ["AlexNet", "VGG16", "LeNet-5"], horizontal))
    axis = "y" if horizontal else "x"
    assert text == f"1. {axis} ticks: AlexNet VGG16 LeNet-5 | 3 bars: 3, 1, 2.5"


def test_describe_stops_listing_after_twelve_bars():
    assert plots.describe(bars(range(13))).endswith(
        "13 bars: 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, …"
    )


def test_describe_counts_shapes_and_texts_and_collections():
    figure, ax = plt.subplots()
    ax.add_patch(plt.Rectangle((0, 0), 2, 3))
    ax.text(0, 0, "here")
    ax.scatter([1, 2], [3, 4])
    assert plots.describe(figure) == "1. 1 shapes | 1 collections | 1 texts"


def test_describe_without_values_keeps_the_names_and_drops_the_numbers():
    one = chart(TRAINING, xlabel="epoch")
    other = chart({"mlp": [0.1, 0.2, 0.3], "cnn": [0.4, 0.5, 0.6]}, xlabel="epoch")
    assert plots.describe(one, values=False) == plots.describe(other, values=False)
    assert "line 'cnn' of 3 points" in plots.describe(one, values=False)
    assert plots.describe(bars([3, 1]), values=False) == "1. 2 bars"
    matrix = plots.describe(plots.plot_confusion(CONFUSION, ["a", "b", "c"]), values=False)
    assert "image 3×3 in cividis |" in matrix


SLOPE = np.array([[0.0, 2, 4], [0, 0, 0]])


def picture(values=SLOPE, **settings):
    """A figure with one picture."""
    figure, ax = plt.subplots(figsize=(2, 1), dpi=72, layout="none")
    ax.imshow(values, **{"vmin": 0, "vmax": 8, **settings})
    return figure


@pytest.mark.parametrize("values", [True, "rough"])
@pytest.mark.parametrize(
    "other",
    [{"vmin": -8}, {"vmax": 4}, {"cmap": "RdBu_r"}, {"origin": "lower"}, {"aspect": "auto"}],
    ids=lambda other: "".join(other),
)
def test_describe_notices_how_a_picture_is_drawn(other, values):
    one, two = picture(), picture(**other)
    assert plots.describe(one, values) != plots.describe(two, values)


def test_describe_tells_rows_that_run_upwards_and_pixels_that_are_stretched():
    text = plots.describe(picture(origin="lower", aspect="auto"), values=False)
    assert text == "1. image 2×3 in viridis | rows upwards | stretched to 55×112 dots"


def test_describe_roughly_tells_where_a_picture_is_bright():
    assert plots.describe(picture(), values="rough") == (
        "1. image 2×3 in viridis from 0 to 8, mean 0.1, centre 0.0 down, 0.8 across"
    )
    colours = plots.describe(picture(np.full((2, 3, 3), 0.25)), values="rough")
    assert colours == "1. image 2×3, mean 0.2, centre 0.5 down, 0.5 across"


@pytest.mark.parametrize("show", [bars, lambda values: chart({"loss": values})])
def test_describe_roughly_passes_over_a_third_digit(show):
    one, other, third = (
        plots.describe(show([0.5, top]), values="rough") for top in (2.61, 2.64, 2.5)
    )
    assert one == other != third


def test_describe_roughly_keeps_all_digits_of_a_small_whole_number():
    assert "from 0 to 255," in plots.describe(picture(vmax=255.0), values="rough")
    assert plots.describe(bars([1255.0]), values="rough") == "1. 1 bars: 1300"


def test_describe_knows_three_kinds_of_digest():
    with pytest.raises(ValueError, match=r'`values` must be True, False or "rough": got \'no\'\.'):
        plots.describe(picture(), values="no")


def test_describe_takes_one_axes_of_a_figure():
    _, axes = plt.subplots(1, 2)
    axes[1].set_title("right")
    assert plots.describe(axes[1]) == "1. right"


def test_describe_passes_over_colour_bars_and_unused_panels():
    figure = plots.show_maps([np.ones((2, 3))] * 5, columns=3)
    assert len(plots.describe(figure).splitlines()) == 5


def test_describe_of_no_figure_says_so():
    assert plots.describe(None) == "no figure"


def test_describe_without_values_hides_the_numbers_in_titles():
    figure, axes = plt.subplots()
    axes.set_title("5 seen as 9\n87% sure")
    assert plots.describe(figure) == "1. 5 seen as 9 87% sure"
    assert plots.describe(figure, values=False) == "1. # seen as # #% sure"
