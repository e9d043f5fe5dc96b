"""The pages that compute, in a real browser, and their numbers beside those of Keras and cnnlab."""

from pathlib import Path

import numpy as np
import pytest

from cnnlab import datasets, weights
from cnnlab.convolution import conv2d
from cnnlab.heatmaps import grad_cam

ROOT = Path(__file__).parents[2]
SITE = ROOT / "site"
PAGES = [name for name in ("draw", "convolve", "look") if (SITE / f"{name}.html").is_file()]
WHOLE = (SITE / "_static" / "live" / "tfjs.js").is_file()
NARROW = 320  # pixels

if not WHOLE and "look" in PAGES:
    PAGES.remove("look")

pytestmark = pytest.mark.skipif(not PAGES, reason="the site is not built: `make site`")
bundled = pytest.mark.skipif(not WHOLE, reason="the site is built without Node")


@pytest.fixture
def opened(browser, address):
    """Opens a live page as a reader without a network does; what goes wrong in it fails."""
    contexts, faults = [], []

    def open_page(name, **context):
        contexts.append(browser.new_context(**context))
        page = contexts[-1].new_page()
        page.set_default_timeout(60_000)
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("console", lambda line: faults.append(line.text) if line.type == "error" else None)
        page.route(
            lambda url: not url.startswith((address, "data:", "file:")),
            lambda route: (faults.append(route.request.url), route.abort()),
        )
        page.goto(f"{address}/{name}.html" if "/" not in name else name)
        page.wait_for_selector(".live:not([hidden])")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert [fault for fault in faults if "404" not in fault] == []  # the icon of the site


def line(page, selector, *places):
    """A stroke of the mouse over a canvas, through places (x, y) given as shares of it."""
    box = page.locator(selector).bounding_box()
    points = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in places]
    page.mouse.move(*points[0])
    page.mouse.down()
    for point in points[1:]:
        page.mouse.move(*point, steps=8)
    page.mouse.up()


# ---- draw a digit


def test_the_logits_of_100_test_digits_are_those_of_keras(opened):
    images = datasets.load("digits", "test").images[:100]
    keras_logits = weights.pretrained("lenet5", include_top=True).predict(images, verbose=0)
    page = opened("draw")
    ours = page.evaluate(
        "(images) => images.map(one => [...lenet5(trained, Float64Array.from(one)).output.values])",
        images.reshape(100, 784).tolist(),
    )
    most = np.abs(np.array(ours) - keras_logits).max()
    print(f"\nlargest difference of a logit on 100 digits: {most:.1e}")
    assert most < 1e-4


def test_every_map_is_that_of_keras(opened):
    import keras

    image = datasets.load("digits", "test").images[[7]]
    model = weights.pretrained("lenet5", include_top=True)
    names = ("c1", "s2", "c3", "s4", "c5", "f6")
    outputs = keras.Model(model.inputs[0], [model.get_layer(name).output for name in names])(image)
    page = opened("draw")
    found = page.evaluate(
        "(one) => { const all = lenet5(trained, Float64Array.from(one));"
        " return Object.fromEntries(Object.entries(all).map(([k, v]) => [k, [...v.values]])); }",
        image.ravel().tolist(),
    )
    for name, output in zip(names, outputs, strict=True):
        np.testing.assert_allclose(found[name], np.ravel(output), atol=1e-5, err_msg=name)


def test_drawings_a_second_with_all_maps(opened):
    page = opened("draw")
    seconds = page.evaluate(
        "() => { const start = performance.now(); let n = 0;"
        " for (; performance.now() - start < 2000; n++) { pad.ink[n % 784] = 1; compute();"
        "   document.getElementById('pad').getContext('2d').getImageData(0, 0, 1, 1); }"
        " return (performance.now() - start) / 1000 / n; }"
    )
    print(f"\ndrawings a second, all maps painted: {1 / seconds:.0f} (wanted: 20)")


def test_the_windows_are_those_of_the_receptive_fields(opened):
    from cnnlab.receptive_field import receptive_field

    model, page = weights.pretrained("lenet5", include_top=True), opened("draw")
    for layer, side in [("c1", 28), ("s2", 14), ("c3", 10), ("s4", 5), ("c5", 1)]:
        field = receptive_field(model, layer)
        for row, column in [(0, 0), (side - 1, side // 2)]:
            box = page.evaluate(f"() => windowsOf('{layer}', {row}, {column}).input")
            assert tuple(box) == tuple(field.region(row, column)), (layer, row, column)


@pytest.mark.parametrize("layer", ["c1", "s2", "c3", "s4", "c5", "f6", "output"])
def test_the_sum_of_a_cell_is_its_value(opened, layer):
    page = opened("draw")
    place = "0, 0" if layer in ("c5", "f6", "output") else "3, 2"
    total, value = page.evaluate(
        f"() => {{ const s = sumOf(weights, found, '{layer}', 5, {place});"
        " return [s.terms.reduce((a, t) => a + t.product, s.bias), s.value]; }"
    )
    tanh = layer not in ("s2", "s4", "output")
    assert (np.tanh(total) if tanh else total) == pytest.approx(value, abs=1e-12)


def test_a_visitor_draws_a_7_that_is_a_1_without_its_bar(opened):
    page = opened("draw")
    line(page, "#pad", (0.28, 0.25), (0.72, 0.25), (0.45, 0.85))
    page.wait_for_function("document.getElementById('verdict').textContent.includes('reads a 7')")
    page.get_by_label("cover", exact=True).check()
    line(page, "#pad", (0.24, 0.25), (0.58, 0.25))
    page.wait_for_function("/cover: a 1/.test(document.getElementById('verdict').textContent)")
    assert page.get_by_role("columnheader", name="covered").is_visible()
    page.get_by_role("button", name="Take the cover off").click()
    page.wait_for_function("!/cover/.test(document.getElementById('verdict').textContent)")
    assert not page.get_by_role("columnheader", name="covered").is_visible()


def test_a_digit_is_drawn_by_keys_alone(opened):
    page = opened("draw")
    page.focus("#pad")
    page.keyboard.press("Delete")
    for _ in range(8):
        page.keyboard.press("ArrowUp")
    page.keyboard.press("Space")
    for _ in range(16):
        page.keyboard.press("ArrowDown")
    page.wait_for_function("document.getElementById('pen').textContent.includes('pen down')")
    assert page.evaluate("() => found.output.values.indexOf(Math.max(...found.output.values))") == 1


def test_a_finger_draws_and_the_page_does_not_scroll(opened):
    page = opened("draw", has_touch=True, viewport={"width": NARROW, "height": 700})
    assert page.locator("#pad").evaluate("pad => getComputedStyle(pad).touchAction") == "none"
    page.locator("#empty").click()
    page.locator("#pad").tap()
    assert page.evaluate("() => pad.ink.some(value => value > 0)")


def test_a_cell_is_chosen_by_mouse_and_by_numbers_and_lit_in_all_layers_below(opened):
    page = opened("draw")
    page.get_by_role("img", name="map 3 of C1").click(position={"x": 4 * 10 + 2, "y": 4 * 6 + 2})
    page.wait_for_function(
        "/^C1, map 3, row 6, column 10 is/.test(document.getElementById('cell').textContent)"
    )
    assert page.locator("#sum table").count() == 3
    page.get_by_label("layer").select_option("s4")
    page.get_by_label("map", exact=True).fill("99")
    page.get_by_label("map", exact=True).press("Enter")
    page.wait_for_function("/^S4, map 15/.test(document.getElementById('cell').textContent)")


def test_a_kernel_is_edited_and_comes_back(opened):
    page = opened("draw")
    logits = "() => [...found.output.values]"
    before = page.evaluate(logits)
    page.get_by_role("button", name="kernel 4").click()
    page.get_by_label("kernel 4, row 2, column 1").fill("-3")
    page.wait_for_function(f"(before) => ({logits})().some((v, n) => v !== before[n])", arg=before)
    assert page.evaluate("() => weights['c1/kernel'].values[(5 * 2 + 1) * 6 + 4]") == -3
    said = "document.getElementById('verdict').textContent"
    page.wait_for_function(f"{said}.includes('Not as trained: kernel 4 of C1')")
    page.get_by_role("button", name="Set the weights of this kernel to zero").click()
    page.get_by_role("button", name="As trained, all six").click()
    page.wait_for_function(f"(before) => ({logits})().every((v, n) => v === before[n])", arg=before)
    page.wait_for_function(f"!{said}.includes('Not as trained')")


def test_the_answers_stay_beside_the_sheet_whatever_is_said(opened):
    page = opened("draw")
    place = (
        "() => [...['left', 'top']].map(s => Math.round(at('answers').getBoundingClientRect()[s]))"
    )
    before = page.evaluate(place)
    page.locator("#empty").click()
    page.wait_for_function("/empty/.test(document.getElementById('verdict').textContent)")
    assert page.evaluate(place) == before
    page.get_by_label("cover").check()
    line(page, "#pad", (0.2, 0.2), (0.6, 0.2))
    page.wait_for_function("/cover/.test(document.getElementById('verdict').textContent)")
    assert page.evaluate(place) == before


def test_a_drawing_is_placed_as_the_digits_of_mnist_are(opened):
    page = opened("draw")
    page.locator("#empty").click()
    line(page, "#pad", (0.1, 0.1), (0.1, 0.3))
    row, column, high = page.evaluate(
        "() => { const p = pixels(false); let m = 0, r = 0, c = 0, rows = new Set();"
        " p.forEach((v, n) => { m += v; r += v * (Math.floor(n / 28) + .5); c += v * (n % 28 + .5);"
        "   if (v > .3) rows.add(Math.floor(n / 28)); }); return [r / m, c / m, rows.size]; }"
    )
    assert (row, column) == (pytest.approx(14, abs=0.1), pytest.approx(14, abs=0.1))
    assert 18 <= high <= 21


# ---- convolution on a board

BOARD = """(problem) => {
  const at = (id) => document.getElementById(id);
  for (const [id, value] of Object.entries(problem.settings)) {
    at(id).value = value;
    at(id).dispatchEvent(new Event("change"));
  }
  for (const [id, numbers] of [["image", problem.image], ["kernel", problem.kernel]]) {
    at(id).querySelectorAll("input").forEach((input, n) => { input.value = numbers[n]; });
    at(id).dispatchEvent(new Event("input"));
  }
  at("all").click();
  return [...at("output").children].map((table) => [...table.rows].map((line) =>
    [...line.cells].map((cell) => Number(cell.textContent.replace("−", "-")))));
}"""


def random_case(rng):
    """Settings that fit, an image, a kernel and biases."""
    while True:
        height, width = rng.integers(1, 10, 2)
        high, wide = rng.integers(1, 6, 2)
        channels, filters, dilation = rng.integers(1, 4, 3)
        padding = rng.choice(["valid", "same", "1", "2", "3"])
        extra = 2 * int(padding) if padding.isdigit() else 0 if padding == "valid" else 99
        if min(height - dilation * (high - 1), width - dilation * (wide - 1)) + extra >= 1:
            break
    settings = dict(
        height=height, width=width, channels=channels, kernelHeight=high, kernelWidth=wide
    )
    settings |= dict(filters=filters, strides=rng.integers(1, 5), dilation=dilation)
    scale = rng.choice([1, 4])  # whole numbers, and quarters
    return (
        {name: int(value) for name, value in settings.items()} | {"padding": str(padding)},
        rng.integers(-9, 10, (height, width, channels)) / scale,
        rng.integers(-9, 10, (high, wide, channels, filters)) / scale,
        rng.integers(-9, 10, filters) / scale,
    )


def test_the_board_equals_conv2d_on_200_random_cases(opened):
    page, rng = opened("convolve"), np.random.default_rng(0)
    seen = set()
    for _ in range(200):
        settings, image, kernel, bias = random_case(rng)
        typed = [
            number
            for filter_, amount in enumerate(bias)
            for number in [*kernel[..., filter_].transpose(2, 0, 1).ravel(), amount]
        ]
        problem = {
            "settings": settings,
            "image": image.transpose(2, 0, 1).ravel().tolist(),
            "kernel": [float(number) for number in typed],
        }
        found = np.moveaxis(page.evaluate(BOARD, problem), 0, -1)
        padding = settings["padding"]
        padding = int(padding) if padding.isdigit() else padding
        wanted = conv2d(
            image[None], kernel, bias, settings["strides"], padding, settings["dilation"]
        )[0]
        np.testing.assert_allclose(found, wanted, atol=6e-5, err_msg=str(settings))
        seen.add((padding, settings["strides"], settings["dilation"]))
    print(f"\n200 cases equal to conv2d, {len(seen)} of 60 combinations of the settings")
    assert len(seen) > 40


def test_the_sum_is_written_out_and_its_window_is_lit(opened):
    page = opened("convolve")
    assert page.inner_text("#sum").split() == (
        "3·0 + 3·1 + 2·2 + 0·2 + 0·2 + 1·0 + 3·0 + 1·1 + 2·2 + bias 0 = 12".split()
    )
    assert (
        page.locator("#image td.window").count() == page.locator("#kernel td.window").count() == 9
    )
    page.get_by_role("button", name="next").click()
    page.get_by_role("button", name="next").click()
    assert page.inner_text("#said") == "row 0, column 2: 17"
    assert page.locator("#output td").all_inner_texts()[:4] == ["12", "12", "17", ""]
    page.get_by_role("button", name="back").click()
    assert page.locator("#output td").all_inner_texts()[1:3] == ["12", ""]
    page.get_by_label("place", exact=True).focus()
    page.keyboard.press("End")
    assert page.inner_text("#said") == "row 2, column 2: 14"


def test_the_window_walks_by_itself_only_when_asked(opened):
    page = opened("convolve")
    page.wait_for_timeout(1000)
    assert page.get_by_label("place", exact=True).input_value() == "0"
    page.get_by_role("button", name="play").click()
    page.wait_for_function("document.getElementById('place').value > 0")
    page.get_by_role("button", name="pause").click()


def test_whoever_wants_less_motion_walks_by_hand(opened):
    page = opened("convolve", reduced_motion="reduce")
    assert not page.locator("#play").is_visible()
    page.get_by_role("button", name="next").click()
    assert page.get_by_label("place", exact=True).input_value() == "1"


def test_what_cannot_be_computed_is_said_with_the_remedy(opened):
    page = opened("convolve")
    page.get_by_label("dilation").fill("3")
    page.get_by_label("dilation").press("Enter")
    assert page.inner_text("#said") == (
        "The kernel must fit in the padded image: it spans 7 rows, the image with its zeros has 5. "
        "Take a smaller kernel, less dilation or more padding."
    )
    assert page.get_by_role("button", name="next").is_disabled()
    page.get_by_label("padding").select_option("1")
    assert page.inner_text("#said").startswith("row 0, column 0: ")
    page.get_by_label("image channel 0, row 0, column 0").fill("")
    assert page.inner_text("#said").startswith("Every cell must hold a number")


def test_what_is_typed_stays_when_the_sizes_change(opened):
    page = opened("convolve")
    page.get_by_label("image channel 0, row 4, column 4").fill("77")
    for name, size in [("image rows", "6"), ("channels", "2"), ("filters", "2")]:
        page.get_by_label(name, exact=True).fill(size)
        page.get_by_label(name, exact=True).press("Enter")
    assert page.get_by_label("image channel 0, row 4, column 4").input_value() == "77"
    assert page.get_by_label("kernel of filter 0, channel 0, row 0, column 2").input_value() == "2"
    assert page.get_by_label("bias of filter 1, row 0, column 0").count() == 1


# ---- hold up a photograph


@bundled
@pytest.mark.parametrize("side", [64, 96])
def test_logits_heat_and_maps_of_photographs_are_those_of_keras(opened, side):
    import keras

    model, page = weights.pretrained("vgg16_slim", include_top=True), opened("look")
    layers = ("block1_conv1", "block3_conv2", "block5_conv3")
    inside = keras.Model(model.inputs[0], [model.get_layer(name).output for name in layers])
    most = 0
    for name in ("coffee", "chelsea", "rocket"):
        image = datasets.photo(name, size=side)
        prepared = weights.preprocess("vgg16_slim", image[None])
        logits = model.predict(prepared, verbose=0)[0]
        classes = [int(number) for number in np.argsort(logits)[[-1, -2, 0]]]
        found = page.evaluate(
            "([pixels, side, layers, classes]) => { const seen = network(pixels, side, side);"
            " return { logits: [...seen.logits],"
            " heats: classes.map(n => gradCam(seen.maps.block5_conv3, network.head, n).values)"
            "   .map(values => [...values]),"
            "   maps: layers.map(name => [...seen.maps[name].values]) }; }",
            [image.ravel().tolist(), side, layers, classes],
        )
        most = max(most, np.abs(np.array(found["logits"]) - logits).max())
        for ours, theirs in zip(found["maps"], inside(prepared), strict=True):
            np.testing.assert_allclose(ours, np.ravel(theirs), atol=1e-3)
        for number, ours in zip(classes, found["heats"], strict=True):
            heat = grad_cam(model, prepared, class_index=number, resize=False)[0]
            np.testing.assert_allclose(np.divide(ours, max(ours) or 1), heat.ravel(), atol=1e-3)
    print(f"\nlargest difference of a logit at {side} pixels: {most:.1e}")
    assert most < 1e-3


@bundled
def test_pictures_a_second(opened):
    page = opened("look")
    for side, wanted in [(64, "5 a second"), (96, "300 ms"), (128, "")]:
        page.get_by_label("pixels").select_option(str(side))
        times = page.evaluate(
            "() => Array.from({ length: 7 }, () => {"
            " const start = performance.now(); look(); return performance.now() - start; })"
        )
        middle = sorted(times)[3]
        print(f"\n{side} pixels, all maps painted: {middle:.0f} ms (wanted: {wanted or 'none'})")


@bundled
def test_the_classes_are_those_of_the_network(opened):
    assert tuple(opened("look").evaluate("() => CLASSES")) == weights.class_names("vgg16_slim")


@bundled
def test_a_photograph_is_named_and_its_heat_chosen(opened):
    page = opened("look")
    page.wait_for_function("/espresso/.test(document.getElementById('verdict').textContent)")
    heat = page.locator("#photograph").evaluate("canvas => canvas.toDataURL()")
    page.get_by_label("no heat").check()
    assert page.locator("#photograph").evaluate("canvas => canvas.toDataURL()") != heat
    page.locator("#five input").nth(1).check()
    second = page.locator("#five span").nth(1).inner_text().split(" % ")[1]
    assert second in page.locator("#photograph").get_attribute("aria-label")
    page.locator("#source").select_option("chelsea")
    page.wait_for_function("/cat/.test(document.getElementById('verdict').textContent)")


@bundled
def test_a_channel_is_chosen_and_shown_with_its_strip_of_the_atlas(opened):
    page = opened("look")
    page.get_by_role("img", name="channel 7 of block2_conv2", exact=True).click()
    assert page.locator("#layer").input_value() == "block2_conv2"
    assert page.locator("#all canvas").count() == 64
    page.wait_for_selector("canvas[aria-label^='Left the pattern of channel 7 of block2_conv2']")
    strip = datasets.atlas("block2_conv2")[7]
    dots = page.locator("#strip").evaluate(
        "c => [...c.getContext('2d').getImageData(0, 0, 256, 128).data].filter((_, n) => n % 4 < 3)"
    )
    difference = np.abs(np.reshape(dots, strip.shape) - strip.astype(int))
    assert difference.mean() < 3  # two decoders of one JPEG
    page.get_by_label("channel", exact=True).fill("40")
    page.get_by_label("channel", exact=True).press("Enter")
    assert not page.locator("#strip").is_visible()
    assert "channels 0 to 11" in page.inner_text("#what")


@bundled
def test_a_file_of_ones_own_is_looked_at_and_a_broken_one_is_refused(opened, tmp_path):
    page = opened("look")
    page.locator("#file").set_input_files(ROOT / "data" / "photos" / "chelsea.jpg")
    page.wait_for_function("/cat/.test(document.getElementById('verdict').textContent)")
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"no picture")
    page.locator("#file").set_input_files(broken)
    page.wait_for_function("/must be a picture/.test(document.getElementById('news').textContent)")


@bundled
def test_the_camera_is_asked_for_and_given_back(opened):
    page = opened("look", permissions=["camera"])
    page.get_by_role("button", name="Use the camera").click()
    page.wait_for_selector("#camera[aria-pressed=true]")
    page.wait_for_function("source.videoWidth > 0 && seen.pixels.some(value => value > 0)")
    page.evaluate("() => { window.track = source.srcObject.getTracks()[0]; }")
    page.get_by_role("button", name="Stop the camera").click()
    page.wait_for_function("document.getElementById('news').textContent === 'The camera is off.'")
    assert page.evaluate("() => source.srcObject === undefined && track.readyState === 'ended'")


@bundled
def test_a_camera_that_is_not_allowed_is_said(opened):
    page = opened("look")
    page.evaluate(
        "() => { navigator.mediaDevices.getUserMedia = async () => {"
        "  throw new DOMException('no', 'NotAllowedError'); }; }"
    )
    page.get_by_role("button", name="Use the camera").click()
    page.wait_for_function("/not allowed/.test(document.getElementById('news').textContent)")


# ---- for every reader


@pytest.mark.parametrize("name", PAGES)
def test_a_page_works_from_the_folder_where_the_browser_allows(opened, name):
    page = opened((SITE / f"{name}.html").as_uri())
    assert page.locator(".live canvas, .live table").count() > 0


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_control_has_a_name_and_is_reached_by_key(opened, name, theme):
    page = opened(name, viewport={"width": NARROW, "height": 700}, color_scheme=theme)
    nameless = page.evaluate(
        "() => [...document.querySelectorAll('.live :is(button, input, select, canvas[role])')]"
        ".filter(e => !(e.labels?.length || e.ariaLabel || e.textContent.trim()))"
        ".map(e => e.outerHTML)"
    )
    assert nameless == []
    assert page.evaluate("() => document.documentElement.scrollWidth") <= NARROW
    page.locator(".live").evaluate("e => { e.tabIndex = -1; e.focus(); }")
    controls = ".live :is(button, select, input:not([type=radio]))"
    wanted = page.locator(f"{controls}:visible:enabled").count()
    place = f"() => [...document.querySelectorAll('{controls}')].indexOf(document.activeElement)"
    reached = set()
    for _ in range(wanted + 40):
        page.keyboard.press("Tab")
        reached.add(page.evaluate(place))
    assert len(reached - {-1}) == wanted
