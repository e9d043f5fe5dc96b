"""What `describe` must notice in a figure, and what it passes over."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from cnnlab import plots
from cnnlab.comparing import digests

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
    assert text == "1. line 'loss' of 3 points from (0, 3) to (2, 0), y 0 to 3, mean 1.5"


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
    assert "image 3×3 in cividis_r |" in matrix


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


def test_describe_notices_the_signs_between_pictures():
    ones = [np.ones((2, 3))] * 3
    one, other = (plots.describe(plots.show_numbers(ones, signs=["∗", s])) for s in ("=", "→"))
    assert one.splitlines()[3] == "between them: ∗ ="
    assert other.splitlines()[3] == "between them: ∗ →"
    titled = plots.show_maps(ones, share_scale=False)
    titled.supxlabel("below")
    assert "between them" not in plots.describe(titled)


def test_describe_of_no_figure_says_so():
    assert plots.describe(None) == "no figure"


def test_describe_without_values_hides_the_numbers_in_titles():
    figure, axes = plt.subplots()
    axes.set_title("5 seen as 9\n87% sure")
    assert plots.describe(figure) == "1. 5 seen as 9 87% sure"
    assert plots.describe(figure, values=False) == "1. # seen as # #% sure"


def altered(values, amount):
    """The same picture with one pixel changed."""
    other = np.array(values)
    other[2, 4] = ~other[2, 4] if other.dtype == bool else other[2, 4] + amount
    return other


FLOATS = np.random.default_rng(1).random((40, 60))
WHOLE = np.random.default_rng(2).integers(0, 256, (40, 60))


@pytest.mark.parametrize(
    ("values", "amount"),
    [
        (FLOATS, 0.01),
        (FLOATS.astype("float32"), -0.01),
        (np.zeros((3, 5)), 1e-9),
        (WHOLE, 1),
        (WHOLE.astype("uint8"), np.uint8(1)),
        (WHOLE > 127, True),
        (np.stack([FLOATS] * 3, axis=-1), 0.01),
        (np.stack([WHOLE.astype("uint8")] * 3, axis=-1), 1),
    ],
    ids=["floats", "float32", "zeros", "whole", "bytes", "masks", "colours", "photograph"],
)
def test_describe_notices_one_altered_pixel(values, amount):
    same, one, other = (picture(v) for v in (values, values.copy(), altered(values, amount)))
    assert plots.describe(same) == plots.describe(one) != plots.describe(other)


@pytest.mark.parametrize("values", [FLOATS, WHOLE], ids=["floats", "whole"])
def test_describe_notices_two_pixels_that_change_places(values):
    swapped = values.copy()
    swapped[3, [4, 5]] = swapped[3, [5, 4]]
    assert plots.describe(picture(swapped)) != plots.describe(picture(values))


def test_describe_passes_over_the_last_bits_of_a_sum():
    """Another processor adds in another order."""
    kernel = np.random.default_rng(3).random((40, 60, 9)).astype("float32")
    one = kernel.sum(axis=2)
    other = kernel[..., ::-1].astype("float64").sum(axis=2).astype("float32")
    assert (one != other).any()
    assert plots.describe(picture(one)) == plots.describe(picture(other))


def test_the_check_of_floats_is_a_weighted_sum_over_their_length():
    weights = np.cos(range(6)), np.sin(range(6))
    shares = (w @ SLOPE.ravel() / np.sqrt(0 + 4 + 16) for w in weights)
    expected = "check {:.4f} {:.4f}".format(*shares)
    assert expected == "check -0.1306 1.1896"
    assert plots.describe(picture()).endswith(expected)


def test_describe_counts_blank_pixels_and_looks_at_the_others():
    holes = np.ma.masked_less(FLOATS, 0.5)
    text = plots.describe(picture(holes))
    assert f"{(FLOATS < 0.5).sum()} blank" in text
    assert text != plots.describe(picture(np.ma.masked_less(altered(FLOATS, 0.01) - 0.0, 0.51)))
    assert plots.describe(picture(np.full((2, 3), np.nan))) == (
        "1. image 2×3 in viridis from 0 to 8, 6 blank"
    )


@pytest.mark.parametrize(
    "settings", [{"xlim": (0, 3)}, {"ylim": (0, 2)}, {"yscale": "log"}, {"xscale": "symlog"}]
)
@pytest.mark.parametrize("values", [True, "rough", False])
def test_describe_notices_limits_and_scales(settings, values):
    one, other = chart(TRAINING), chart(TRAINING, **settings)
    assert plots.describe(one, values) != plots.describe(other, values)


def test_describe_tells_the_limits_that_were_set():
    text = plots.describe(chart({"loss": [3.0, 1.0]}, ylim=(0, 3.21), yscale="log"), values=False)
    assert text == "1. y log | y from 0 to 3.2 | line 'loss' of 2 points"
    assert "y from 0 to 3.21 |" in plots.describe(chart({"loss": [3.0, 1.0]}, ylim=(0, 3.21)))


def test_describe_notices_a_point_in_the_middle_of_a_curve():
    one, other = (chart({"loss": [3.0, middle, 1.0]}) for middle in (2.0, 2.5))
    assert plots.describe(one) != plots.describe(other)


def test_describe_passes_over_what_rounding_leaves_of_a_sum_of_zero():
    text = plots.describe(chart({"tanh": [-1.0, 1e-9, 1.0]}))
    assert text == "1. line 'tanh' of 3 points from (0, -1) to (2, 1), y -1 to 1, mean 0"


def test_a_figure_can_ask_for_a_loose_comparison():
    figure = picture()
    for values in ("rough", False):
        plots.rough(figure, values)
        assert plots.describe(figure) == plots.describe(figure.axes[0])
        assert plots.describe(figure) == plots.describe(picture(), values)
        assert plots.describe(figure, True) == plots.describe(picture())
    plots.rough(figure)
    assert plots.describe(figure) == plots.describe(picture(), "rough")
    with pytest.raises(ValueError, match=r'`values` must be True, False or "rough": got \'fine\''):
        plots.rough(figure, "fine")


def test_an_empty_figure_has_a_text_too():
    assert plots.describe(plt.figure()) == "an empty figure"


def test_a_notebook_s_figure_has_its_digest_as_its_text():
    """In a shell whose backend would have written Matplotlib's own text."""
    from IPython.core.interactiveshell import InteractiveShell

    shell = InteractiveShell()
    figure = chart({"loss": [3.0, 1.0]}, title="one")
    figure.axes[0].set_xlabel("step")
    shell.display_formatter.active_types = ["text/plain"]
    assert shell.display_formatter.format(figure)[0]["text/plain"].startswith("<Figure")
    digests.be_text_of_figures(shell)
    assert shell.display_formatter.format(figure)[0]["text/plain"] == plots.describe(figure)
