"""Single faults that somebody might make, for `make mutants`: each must be noticed."""

from typing import NamedTuple


class Fault(NamedTuple):
    """A text in a module, and what somebody might have typed instead.

    Attributes:
        module: such as "sizes" or "exercises.judging".
        right: the text, which occurs once.
        wrong: what stands there instead.
        meaning: the fault in words.
        tests: "heatmaps" for tests/test_heatmaps.py, where no test file has the module's name.
    """

    module: str
    right: str
    wrong: str
    meaning: str
    tests: str = ""

    @property
    def tests_file(self):
        """The unit tests that must notice it."""
        return f"tests/test_{self.tests or self.module.split('.')[-1]}.py"


FAULTS = [
    # sizes
    Fault("sizes", "room // strides + 1", "room // strides + 2", "one position too many"),
    Fault("sizes", "room < 0", "room <= 0", "a kernel as large as the input is refused"),
    Fault(
        "sizes",
        "return dilation_rate * (kernel_size - 1) + 1",
        "return dilation_rate * kernel_size + 1",
        "one gap too many",
    ),
    Fault("sizes", "-(-input_size // strides)", "input_size // strides", '"same" rounds down'),
    Fault(
        "sizes",
        "return total // 2, total - total // 2",
        "return total - total // 2, total // 2",
        'the extra zero of "same" goes before',
    ),
    Fault(
        "sizes",
        "return int(padding), int(padding)",
        "return 0, int(padding)",
        "an int padding is only put after",
    ),
    # windows
    Fault(
        "arrays.windows",
        "::column_stride,",
        "::row_stride,",
        "rows' stride for columns",
        "convolution",
    ),
    Fault(
        "arrays.windows",
        ":: rates[1]]",
        ":: rates[0]]",
        "rows' dilation for columns",
        "convolution",
    ),
    Fault(
        "arrays.windows",
        "np.moveaxis(kept, 3, 5)",
        "np.moveaxis(kept, 3, 5).swapaxes(3, 4)",
        "rows and columns of a window are swapped",
        "convolution",
    ),
    Fault(
        "arrays.windows",
        'if array.dtype.kind == "f" else array.astype(np.int64)',
        "",
        "bytes wrap around",
        "convolution",
    ),
    Fault(
        "arrays.windows",
        "np.result_type(*floating)",
        "np.dtype(float)",
        "float32 becomes float64",
        "convolution",
    ),
    Fault(
        "arrays.windows",
        "padded[:, top : top + shape[1], left : left + shape[2]]",
        "padded[:, : shape[1], : shape[2]]",
        "the gradient is cut from the corner",
        "convolution",
    ),
    # convolution
    Fault(
        "convolution",
        "weights = kernel.reshape(",
        "weights = kernel.swapaxes(0, 1).reshape(",
        "the kernel of conv2d is transposed",
    ),
    Fault("convolution", "kernel[::-1, ::-1]", "kernel[::-1]", "the columns are not turned"),
    Fault("convolution", "maps += bias", "maps -= bias", "the sign of the bias"),
    Fault("convolution", "strides=(1, strides)", "strides=1", "conv1d ignores its stride"),
    Fault("convolution", "+ i * row_step", "+ i", "the loops ignore the dilation of rows"),
    Fault("convolution", "total = bias[f]", "total = bias[0]", "the loops use one bias for all"),
    Fault(
        "convolution",
        "dpatches[:, :, :, i, j] += (flat",
        "dpatches[:, :, :, i, j] = (flat",
        "overlapping gradients replace each other",
    ),
    Fault(
        "convolution", "flat @ kernel[i, j].T", "flat @ kernel[-1 - i, j].T", "a kernel upside down"
    ),
    Fault(
        "convolution", "flat.sum(axis=0)", "flat.mean(axis=0)", "the gradient of the bias averages"
    ),
    Fault(
        "convolution", "if kernel.shape[-2] !=", "if kernel.shape[-2] >", "too few channels pass"
    ),
    # pooling
    Fault("pooling", "np.fmax.reduce", "np.maximum.reduce", "NaN wins"),
    Fault(
        "pooling", "_windows(x, geometry, lowest)", "_windows(x, geometry, 0)", "the border wins"
    ),
    Fault("pooling", "number > largest", "number >= largest", "the last of equal numbers is paid"),
    Fault(
        "pooling", "steps = sizes if", "steps = (1, 1) if", "without strides the windows overlap"
    ),
    Fault(
        "pooling",
        "(~_outside(x, geometry)).sum",
        "np.ones_like(_outside(x, geometry)).sum",
        "the average counts the border",
    ),
    Fault(
        "pooling",
        "share = upstream / counts",
        "share = upstream + 0 * counts",
        "each pixel is paid it all",
    ),
    Fault("pooling", "i, j] += share", "i, j] = share", "overlapping gradients replace each other"),
    Fault(
        "pooling",
        'fill if geometry["padding"] == "same" else 0',
        "fill",
        "the zeros of an int padding take no part",
    ),
    # kernels
    Fault("kernels", "[-1, 5, -1]", "[-1, 4, -1]", "sharpen sums to 0"),
    Fault("kernels", "+ column * np.sin", "- column * np.sin", "orientations turn clockwise"),
    Fault("kernels", "wavelength / 2 if", "wavelength if", "the window is twice as wide"),
    Fault("kernels", "wave -= window", "wave += window", "a flat surface is answered"),
    Fault(
        "kernels",
        "for angle in orientations for length in wavelengths",
        "for length in wavelengths for angle in orientations",
        "the orientation runs fastest",
    ),
    # widgets
    Fault("widgets", "index * stride + rate", "index + rate", "the window ignores the stride"),
    Fault("widgets", "max = size - 1", "max = size", "the slider passes the last position"),
    Fault("widgets", "np.abs(pattern - 0.5).max()", "pattern.std()", "plain is taken for grey"),
    # layer_windows
    Fault(
        "reading.layer_windows",
        "(span - before,), strides, open",
        "(span,), strides, open",
        "field too large",
    ),
    Fault(
        "reading.window",
        "return max(stop - start for",
        "return min(stop - start for",
        "smallest field",
    ),
    Fault(
        "reading.window",
        "self.step is None else -self.starts[0]",
        "self.step is None else self.starts[0]",
        "the sign of the padding",
    ),
    Fault("reading.window", "step = below.step * (", "step = below.step + (", "strides are added"),
    Fault(
        "reading.layer_windows",
        "_cut((before[index] - kept) // 2)",
        "_cut(0)",
        "the corner for the middle",
    ),
    Fault(
        "reading.window",
        "- cell * self.stride",
        "",
        "cells of up-sampling lie on each other",
    ),
    Fault(
        "reading.layer_windows",
        "math.ceil((cell + 1) * scale)",
        "math.floor((cell + 1) * scale)",
        "adaptive windows do not overlap",
    ),
    Fault(
        "reading.layer_windows",
        "places = [(cell - shift) % size",
        "places = [(cell + shift) % size",
        "rolled the other way",
        "fields",
    ),
    # window
    Fault(
        "reading.window",
        "return min(max(cell, 0), count - 1), 0",
        "return cell % count, 0",
        "a list of all cells goes round",
    ),
    Fault(
        "reading.window",
        "else range(first, behind)",
        "else (first, behind - 1)",
        "of rolled cells only the ends are looked at",
    ),
    # layer_axes
    Fault(
        "reading.layer_axes",
        "if step % behind == 0 and behind",
        "if behind",
        "any axis will do for a reshape",
    ),
    Fault(
        "reading.layer_axes",
        "return None if order[0] else",
        "return None if False else",
        "the batch is taken for an axis",
    ),
    Fault(
        "reading.layer_axes",
        'if role == "query" or',
        'if role != "key" or',
        "the values are seen at their place only",
    ),
    Fault(
        "reading.layer_axes",
        "return (EVERYTHING, place) if layer.return_sequences",
        "return (PIXEL, place) if layer.return_sequences",
        "a step of an LSTM sees itself only",
    ),
    Fault("reading.layer_axes", "if layer.stateful:", "if False:", "a kept state is forgotten"),
    # fields
    Fault(
        "reading.fields",
        "// self.place.inner",
        "% self.place.inner",
        "the column of a token for its row",
    ),
    Fault(
        "reading.fields",
        "unknown=next((axis.unknown for axis in axes if axis.unknown), None)",
        "unknown=axes[0].unknown",
        "only the first branch may be unknown",
    ),
    Fault(
        "reading.fields",
        "else _shifted(axis, -1)",
        "else _shifted(axis, 0)",
        "a wrapped layer sees the time axis",
    ),
    Fault(
        "reading.fields",
        "[cells * (steps - 1) for",
        "[cells * steps for",
        "a step too many in a ConvLSTM",
    ),
    Fault(
        "reading.fields",
        "tuple(map(max, zip(self.forward, added",
        "tuple(map(sum, zip(self.forward, added",
        "two ConvLSTMs go through time twice",
    ),
    # receptive_field
    Fault("receptive_field", "+ axes] - 1) / 2", "+ axes]) / 2", "half a pixel low"),
    Fault(
        "reading.window", "min(window.start(cell)", "max(window.start(cell)", "branches intersect"
    ),
    Fault(
        "receptive_field",
        "1.0 if axis.sees_all else",
        "0.0 if axis.sees_all else",
        "all is nothing",
    ),
    Fault(
        "receptive_field",
        "for pair in zip(self._axes, self.input_size",
        "for pair in zip(self._axes[::-1], self.input_size",
        "swapped",
    ),
    Fault(
        "receptive_field",
        "None if moved or axis",
        "None if axis",
        "permuted axes have an origin",
        "fields",
    ),
    # kinds
    Fault(
        "reading.kinds",
        '        if "call" in vars(cls):\n            break\n',
        "",
        "own work unseen",
        "graph",
    ),
    Fault(
        "reading.kinds", "(shape[0], *shape[2:])", "shape", "a step keeps its time axis", "fields"
    ),
    # graph
    Fault(
        "reading.graph",
        "node = convolutions[-1]",
        "node = convolutions[0]",
        "the first convolution",
    ),
    Fault("reading.graph", "call=counts[id(layer)],", "call=0,", "every call is the first"),
    Fault("reading.graph", "in (1, 2, 3) and", "in (1, 2) and", "a volume has no map"),
    Fault(
        "reading.graph",
        "tuple(a) if isinstance(a, list) else a for",
        "a for",
        "a saved key is another",
    ),
    # costs
    Fault("costs", '2 * sums["macs"]', 'sums["macs"]', "a MAC is one FLOP"),
    Fault("costs", "for weight in new)", "for weight in weights.values())", "shared counts twice"),
    Fault(
        "costs",
        "return _product(after[:-1]) * math.prod(layer.kernel.shape)",
        "return _product(before[:-1]) * math.prod(layer.kernel.shape)",
        "positions of the input",
    ),
    Fault("costs", "int(bits.group()) // 8", "int(bits.group()) // 4", "twice the memory"),
    Fault("costs", "_product(before[:1]) * _inside", "_inside", "one step only"),
    Fault("costs", "+ pairs * heads * sum(widths)", "+ pairs * sum(widths)", "one head only"),
    Fault("costs", '("kernel", "recurrent_kernel")', '("kernel",)', "no step sees the one before"),
    Fault(
        "costs",
        "for name, layers in missing.items() if len(layers)",
        "for name, layers in ()",
        "what is left out is not named",
    ),
    # scores
    Fault("scores", "(labels, predictions), 1)", "(predictions, labels), 1)", "transposed matrix"),
    Fault("scores", "table.found / table.images", "table.found / table.predicted", "recall"),
    Fault("scores", "-1).argmax(axis=1)", "-1).argmin(axis=1)", "points at the coldest pixel"),
    Fault(
        "scores", "heat = np.maximum(maps, 0.0)", "heat = np.abs(maps)", "negative energy counts"
    ),
    Fault("scores", ".mean(axis=-1) / 2", ".mean(axis=-1)", "twice the area"),
    # datasets
    Fault("datasets", ".astype(np.float32) / 255", ".astype(np.float32)", "0-255 for 0-1"),
    Fault("datasets", 'seed = 0 if split == "train" else 1', "seed = 0", "test = training patches"),
    Fault("datasets", "for half in (chosen, ~chosen)", "for half in (chosen, chosen)", "a leak"),
    Fault("datasets", "2, axis=1)[seed]", "2, axis=0)[seed]", "upper and lower halves"),
    # things and scenes
    Fault(
        "datasets",
        'chosen = arrays["test"] == (split == "test")',
        'chosen = arrays["test"] == (split == "train")',
        "the test objects are trained with",
        "composing",
    ),
    Fault(
        "datasets",
        '2, axis=1)[split == "test"]',
        "2, axis=1)[0]",
        "both splits share their grounds",
        "composing",
    ),
    Fault("arrays.composing", "apart.any(axis=1).all()", "apart.any()", "digits overlap"),
    Fault(
        "arrays.composing",
        "digits[number, ..., 0] > INK",
        "digits[0, ..., 0] > INK",
        "every mask is that of the first digit",
    ),
    Fault(
        "arrays.composing", "np.maximum(image[place], digits[number])", "digits[number]", "erased"
    ),
    Fault("arrays.composing", "masks & ~mask", "masks", "what is hidden counts as seen"),
    Fault(
        "arrays.composing",
        "seen.shape[1] - seen[:, ::-1].argmax(axis=1)",
        "seen.shape[1] - 1 - seen[:, ::-1].argmax(axis=1)",
        "a box ends at the last pixel, not behind it",
    ),
    Fault(
        "arrays.composing",
        "picture[place] * (255 - alpha)",
        "picture[place] * alpha",
        "the ground is mixed the wrong way round",
    ),
    Fault("arrays.composing", "(mixed + 127) // 255", "mixed // 255", "bytes are cut off"),
    Fault("arrays.composing", "thing = thing[:, ::-1]", "thing = thing[::-1]", "upside down"),
    Fault(
        "arrays.composing",
        "size[1] - thing.shape[1] + 1",
        "size[1] - thing.shape[1]",
        "nothing touches the right border",
    ),
    Fault("arrays.composing", "(end - first).clip(0)", "(end - first)", "far apart overlaps"),
    Fault("arrays.composing", "np.minimum(areas", "np.maximum(areas", "a share of the larger box"),
    Fault(
        "arrays.composing",
        ".max(axis=1) < SMALLEST",
        ".min(axis=1) < SMALLEST",
        "by shorter sides",
    ),
    Fault(
        "arrays.composing",
        "for number in range(per_class)\n",
        "for number in [0] * per_class\n",
        "one object per class",
    ),
    # near duplicates
    Fault(
        "arrays.duplicates",
        "np.maximum(alike, enlarged.T)",
        "alike",
        "only one of the two pictures is enlarged",
    ),
    Fault("arrays.duplicates", "np.triu(alike, 1)", "np.triu(alike)", "a copy of itself"),
    Fault("arrays.duplicates", "small - around", "small + 0 * around", "not the differences"),
    Fault("arrays.duplicates", "np.argsort(-alike", "np.argsort(alike", "the least alike first"),
    Fault("arrays.duplicates", "LARGEST = 1.7", "LARGEST = 1.2", "small cuts are not found"),
    Fault("arrays.duplicates", "ALIKE = 0.55", "ALIKE = 0.4", "others are taken for copies"),
    # models: blocks
    Fault("models", "* energy) ** 0.75", "* energy) ** 0.5", "AlexNet's exponent", "models"),
    Fault("models", "([x, branch])", "([branch, branch])", "the shortcut leads nowhere", "models"),
    Fault("models", "conv(of_5x5, 5,", "conv(of_5x5, 3,", "Inception's 5x5 is 3x3", "models"),
    # models: blueprint
    Fault(
        "models",
        "initialize_variables=False",
        "initialize_variables=True",
        "weights are made",
        "models",
    ),
    # models
    Fault("models", "layers.ZeroPadding2D(2,", "layers.ZeroPadding2D(1,", "LeNet pads by one"),
    Fault("models", "Conv2D(16, kernel_size=5", "Conv2D(16, kernel_size=3", "LeNet's C3 is 3x3"),
    Fault("models", "Conv2D(15, kernel_size=3", "Conv2D(16, kernel_size=3", "one filter more"),
    Fault("models", "hidden=784, classes", "hidden=768, classes", "a narrower MLP"),
    Fault("models", '"conv1", strides=4', '"conv1", strides=3', "AlexNet's stride"),
    Fault("models", 'x = conv(256, "block3_conv3")(x)', "pass", "VGG16 lacks a convolution"),
    # weights
    Fault("weights", "return x / 127.5 - 1", "return x / 127.5", "0-2 for -1 to 1"),
    Fault("weights", "return x[..., ::-1] - np", "return x - np", "RGB for BGR"),
    Fault("weights", "return x / 255", "return x / 256", "not quite 0-1"),
    Fault("weights", '("flatten", "average_pool")', '("flatten",)', "the slim top stays"),
    # gradients
    Fault("gradients", "weights -= tf.one_hot", "weights += tf.one_hot", "the rival speaks too"),
    Fault(
        "reading.answers",
        "scores - logits[rows",
        "scores + logits[rows",
        "the rival's score",
        "gradients",
    ),
    Fault("gradients", "field / (field.max() or 1)", "field", "an unscaled effective field"),
    Fault("gradients", "tf.square(tf.cast(gradient", "(tf.cast(gradient", "signs cancel out"),
    # feature_maps
    Fault("feature_maps", "np.triu(correlation, 1)", "np.triu(correlation, 0)", "like itself"),
    Fault("feature_maps", "np.argsort(-answers", "np.argsort(answers", "the weakest patches"),
    Fault(
        "feature_maps", "field.region(row, column)", "field.region(column, row)", "row for column"
    ),
    Fault("feature_maps", "np.ptp(values, axis=0) > 0", "np.ptp(values) > 0", "none is dead"),
    # patterns
    Fault("patterns", "(pictures - grey) + RATE", "(pictures - grey) - RATE", "descent"),
    Fault("patterns", "(pictures - low) / np", "(pictures - grey) / np", "grey is black"),
    Fault("patterns", "np.roll(slopes, -shift", "np.roll(slopes, shift", "moved on, not back"),
    # heatmaps
    Fault(
        "heatmaps",
        "weights = seen.gradients.mean(axis",
        "weights = seen.gradients.max(axis",
        "Grad-CAM takes the largest gradient",
    ),
    Fault("heatmaps", "seen.gradients.sum(axis", "seen.gradients.mean(axis", "CAM divided by Z"),
    Fault("heatmaps", "below = 2 * squares +", "below = squares +", "Grad-CAM++'s factor 2"),
    Fault(
        "heatmaps",
        "np.maximum(seen.gradients, 0))",
        "np.abs(seen.gradients))",
        "LayerCAM counts against as for",
    ),
    Fault("heatmaps", "np.float32) + 0.5) / steps", "np.float32)) / steps", "ends of the steps"),
    Fault(
        "heatmaps",
        "drops = _scores(view, b, [picture[None]], chosen) - ",
        "drops = -_scores(view, b, [picture[None]], chosen) + ",
        "occlusion's sign",
    ),
    # map_view
    Fault(
        "placing.map_view",
        "positive, places = np.maximum(maps, 0),",
        "positive, places = np.abs(maps),",
        "absolute heat",
        "heatmaps",
    ),
    Fault(
        "placing.map_view",
        "    if normalise:\n        maps =",
        "    if False:\n        maps =",
        "resized maps end below 1",
        "heatmaps",
    ),
    # looking
    Fault("reading.looking", "if any(size != 1", "if any(size != 0", "one cell", "heatmaps"),
    Fault(
        "reading.looking",
        "    _check_nothing_hidden(way_to(network, outputs))\n",
        "",
        "a stem is taken for the last convolution",
        "heatmaps",
    ),
    Fault(
        "reading.looking",
        "np.full(len(pictures), b)",
        "np.full(len(pictures), 0)",
        "copies of the first image for all",
        "heatmaps",
    ),
    # private_names
    Fault(
        "reading.private_names",
        "for depth in sorted(function._nodes_by_depth)[::-1]]",
        "for depth in sorted(function._nodes_by_depth)]",
        "outputs first",
        "private_names",
    ),
    Fault(
        "reading.private_names",
        '"uninitialized_variables", []',
        '"variables", []',
        "weights are made after all",
    ),
    # threads
    Fault("arrays.threads", "limits=1", "limits=2", "as many threads as before"),
    # alignment
    Fault(
        "placing.alignment",
        "(matrix @ rows).reshape",
        "(matrix @ rows[:, ::-1]).reshape",
        "upside down",
    ),
    Fault("placing.alignment", "[(stride - 1) / 2 for", "[stride / 2 for", "half a pixel low"),
    Fault(
        "placing.alignment", "lambda: print(note)", "lambda: None", "an unknown place is not told"
    ),
    # faithfulness
    Fault("faithfulness", "np.argsort(-maps", "np.argsort(maps", "the least important first"),
    Fault("faithfulness", "np.asarray(maps, float)", "np.asarray(maps)", "-1 is 255"),
    Fault("faithfulness", "share, after, before)", "share, before, after)", "backwards"),
    Fault(
        "faithfulness", "layer.set_weights(trained[address])", "pass", "the model stays shuffled"
    ),
    # transfer
    Fault("transfer", "base.trainable = False", "base.trainable = True", "nothing is frozen"),
    Fault(
        "transfer",
        "feature_shape(base, first.shape[1:])",
        "feature_shape(base, images.shape[1:])",
        "the size before the preprocessing",
    ),
    Fault("transfer", "network.calls.index(first)]", "network.calls.index(first) + 1]", "one"),
    # digests
    Fault("comparing.digests", "(weight.sum(1) *", "(weight.sum(0) *", "the place is transposed"),
    Fault("comparing.digests", "digits == ROUGH", "digits", "rough for exact"),
    Fault("comparing.digests", "values * place", "values", "a sum without places"),
    Fault("comparing.digests", "zlib.crc32(values.", "zlib.crc32(values[:1].", "one pixel checked"),
    Fault("comparing.digests", "axis.get_view_interval()", "(0, 1)", "limits that nobody set"),
    Fault("comparing.digests", '"cnnlab_values", True', '"cnnlab_value", True', "a wish not heard"),
    # guards
    Fault(
        "comparing.guards", "told = [*_run_faults(cell), ", "told = [", "only figures are looked at"
    ),
    Fault("comparing.guards", "times > 1", "times > 2", "a figure drawn twice passes"),
    Fault("comparing.guards", 'text.startswith("<"', 'text.startswith("?"', "a bare figure passes"),
    Fault("comparing.guards", "ignored += not _shows", "ignored += _shows", "each widget counts"),
    # setting
    Fault(
        "comparing.setting", "for f in (own, *above)", "for f in (*above, own)", "the farthest file"
    ),
    Fault(
        "comparing.setting", "folder.is_relative_to(Path.cwd())", "folder", "files from anywhere"
    ),
    Fault("comparing.setting", "if len(found) > 1:", "if len(found) > 2:", "two settings at once"),
    # plugin
    Fault(
        "comparing.plugin",
        "os.environ.update(setting.environment(paths))",
        "setting.environment(paths)",
        "no pinned setting",
        "comparison",
    ),
    Fault(
        "comparing.plugin",
        "pytest.fail(text, pytrace=False)",
        "print(text)",
        "guards that refuse nothing",
        "comparison",
    ),
    # comparison
    Fault("comparing.comparison", "status in (0, 1) else 2", "status == 0 else 2", "no status 1"),
    Fault("comparing.comparison", '"--noconftest"', '"--no-summary"', "another's conftest runs"),
    # changed_cells
    Fault("comparing.changed_cells", 'for sign in "-+"', 'for sign in "+-"', "now is then"),
    Fault("comparing.changed_cells", 'replace("|", "\\\\|")', 'replace("|", "|")', "a torn table"),
    # storing
    Fault("comparing.storing", '["OutputModel"] = ', '["Outputs"] = ', "a widget stops the run"),
    Fault("comparing.storing", "        if not fault:", "        if True:", "half a run is stored"),
    Fault("comparing.storing", "setting.environment([path])", "{}", "no pinned setting"),
    Fault("comparing.storing", "shutil.copymode(path, part)", "", "a file of other rights"),
    # tidying
    Fault("comparing.tidying", "Quantize.MAXCOVERAGE", "Quantize.MEDIANCUT", "a lost line"),
    Fault("comparing.tidying", 'f"{number:032x}"', 'f"{number:x}"', "short names of widgets"),
    # sitecustomize
    Fault(
        "comparing.offline.sitecustomize",
        '"socket.getaddrinfo", "socket.gethostbyname"',
        '"socket.getaddrinfo",',
        "a name is looked up",
        "setting",
    ),
    # plots
    Fault(
        "plots",
        'xlabel="predicted class", ylabel="true class"',
        'xlabel="true class", ylabel="predicted class"',
        "the labels of the confusion matrix",
    ),
    Fault("plots", "np.argsort(-surest[wrong]", "np.argsort(surest[wrong]", "least sure first"),
    Fault("plots", "vmin=-high if signed else 0", "vmin=0", "zero is not white"),
    Fault("plots", "ylim=(bottom, top - 1)", "ylim=(top - 1, bottom)", "a picture upside down"),
    Fault("plots", '(metric, "-", "training")', '(metric, "-", "test")', "a wrong legend"),
    Fault("plots", "if share_scale:", "if not share_scale:", "a wrong word on the scale"),
    Fault("plots", "check_probabilities(probabilities, len", "len(", "invented mistakes"),
    # boxes
    Fault("boxes", "np.maximum(a[:, None, :2]", "np.minimum(a[:, None, :2]", "union of beginnings"),
    Fault("boxes", "(end - first).clip(0)", "(end - first)", "boxes far apart overlap"),
    Fault("boxes", "+ _areas(b) - shared", "+ _areas(b)", "what both cover counts twice"),
    Fault("boxes", "where=union > 0", "where=union >= 0", "0 / 0 for boxes without area"),
    Fault(
        "boxes",
        "iou(boxes, boxes) > threshold",
        "iou(boxes, boxes) >= threshold",
        "an overlap of the threshold goes",
    ),
    Fault(
        "boxes",
        'left, kept = np.argsort(-scores, kind="stable")',
        'left, kept = np.argsort(scores, kind="stable")',
        "the worst is kept",
    ),
    Fault("boxes", "left[~overlaps[best, left]]", "left[overlaps[best, left]]", "keeps neighbours"),
    Fault("boxes", "overlaps[:, best] = -1", "overlaps[index, best] = -1", "found twice"),
    Fault(
        "boxes",
        "overlaps[index, best] >= threshold",
        "overlaps[index, best] > threshold",
        "an overlap of the threshold is no find",
    ),
    Fault("boxes", "np.full(len(boxes), -1)", "np.full(len(boxes), 0)", "all find the first"),
    Fault(
        "boxes",
        "last = np.append(ordered[1:] != ordered[:-1]",
        "last = np.append(ordered[1:] == ordered[1:]",
        "the order decides between equal scores",
    ),
    Fault(
        "boxes",
        "recall = hits / truths",
        "recall = hits / max(hits.max(initial=0), 1)",
        "recall of what was found",
    ),
    Fault(
        "boxes",
        "falling = np.maximum.accumulate(precision[::-1])[::-1]",
        "falling = precision",
        "the saw's teeth stay",
    ),
    Fault(
        "boxes",
        "np.searchsorted(recall, wanted)",
        'np.searchsorted(recall, wanted, "right")',
        "a recall that is just reached does not count",
    ),
    Fault("boxes", "np.arange(points) / (points - 1)", "np.arange(points) / points", "not up to 1"),
    Fault(
        "boxes",
        "np.diff(recall, prepend=0)",
        "np.diff(recall, prepend=recall[:1])",
        "the area begins at the first recall",
    ),
    Fault("boxes", "middles - places", "middles", "offsets from the picture's corner"),
    Fault("boxes", "np.log(sides / anchor)", "np.log(sides / cell)", "no anchor in encoding"),
    Fault("boxes", "* anchor / 2", "* anchor", "boxes twice as large"),
    Fault(
        "boxes", "second - 1, first - 1, fourth, third", "second, first, fourth, third", "from 0"
    ),
    Fault(
        "boxes",
        "[left + 1, top + 1, right, bottom]",
        "[left + 1, top + 1, right + 1, bottom + 1]",
        "one pixel too many",
    ),
    Fault(
        "boxes",
        "[second, first, second + fourth, first + third]",
        "[first, second, first + third, second + fourth]",
        "x for rows",
    ),
    Fault(
        "boxes",
        "scores >= threshold)",
        "scores > threshold)",
        "a score at the threshold is left out",
    ),
    # annotations
    Fault(
        "annotations",
        "right, right, left, left]) - 0.5",
        "right, right, left, left])",
        "boxes half a pixel off",
    ),
    Fault(
        "annotations", "if kind < len(STYLES) else 3.2", "if kind < len(STYLES) else 1.8", "same"
    ),
    Fault(
        "annotations", "border = np.pad(mask, 1)", "border = np.pad(mask, 1, mode='edge')", "open"
    ),
    Fault("annotations", "film[mask] =", "film[~mask] =", "the ground is coloured"),
    Fault("annotations", '"white" if (1 + 0.05)', '"black" if (1 + 0.05)', "grey on grey"),
    Fault("annotations", "(image - black) / ((white - black) or 1)", "image", "0-255 as 0-1"),
    Fault("annotations", ", scalex=False, scaley=False", "", "a large box shrinks the picture"),
    Fault("annotations", '"right" if late else "left"', '"left"', "a text leaves the picture"),
    # overlays
    Fault("overlays", "rows, columns = panel.shape", "columns, rows = panel.shape", "turned tiles"),
    Fault("overlays", "return (-high, high), ", "return (0, high), ", "no blue"),
    Fault(
        "overlays",
        "if share_scale else values.max(",
        "if not share_scale else values.max(",
        "each scale the other",
    ),
    Fault(
        "overlays",
        "x = np.array([left, right, right, left, left])",
        "x = np.array([top, bottom, bottom, top, top])",
        "a box of rows",
    ),
    # model_inputs
    Fault(
        "reading.model_inputs",
        "array = array[None] if single else array",
        "array = array",
        "no batch axis",
    ),
    Fault(
        "reading.value_range",
        "return 1 / number",
        "return number",
        "a division taken for a product",
        "model_inputs",
    ),
    Fault(
        "reading.value_range",
        "told = told and",
        "told = told or",
        "a Lambda is taken for nothing",
        "model_inputs",
    ),
    Fault(
        "reading.model_inputs",
        "keys is None and len(arrays) > 1",
        "keys is None and len(arrays) > 2",
        "a pair is not listed",
    ),
    # blur
    Fault("arrays.blur", "(2 * deviation**2)", "(deviation**2)", "a narrower blur"),
    Fault(
        "arrays.blur", "sum(axis=1, keepdims=True)", "sum(axis=0, keepdims=True)", "darker borders"
    ),
    # tracing
    Fault(
        "reading.tracing",
        "tf.concat([-logits, logits], -1)",
        "tf.concat([logits, -logits], -1)",
        "one logit, turned round",
        "heatmaps",
    ),
    Fault(
        "reading.logits",
        "return last.op.inputs[0], last.op.type",
        "return tensor, last.op.type",
        "probabilities for logits",
        "own_models",
    ),
    Fault(
        "reading.tracing",
        "heard[id(layer), number] = output",
        "heard.update({(id(layer), n): output for n in calls})",
        "the last call of a shared base stands for all",
        "feature_maps",
    ),
    Fault(
        "reading.tracing",
        "        del vars(layer)[name]\n",
        "        pass\n",
        "the model stays changed",
        "gradients",
    ),
    Fault(
        "reading.logits",
        "        if fault in made_of:",
        "        if False:",
        "a clipped sigmoid is taken for a logit",
        "heatmaps",
    ),
    # per_model
    # progress
    Fault("progress", "self._epochs += 1", "self._epochs = epoch", "one epoch too few"),
    Fault(
        "progress",
        "update(epoch + 1 - self._bar.n)",
        "update(epoch - self._bar.n)",
        "a bar that never fills",
    ),
    # photographs
    Fault("files.photographs", "ImageOps.exif_transpose(image)", "image", "lying on its side"),
    Fault(
        "files.photographs", "(values >> depth - 8)", "(values & 255)", "the low byte of 16 bits"
    ),
    Fault(
        "files.photographs",
        'image.size, "white")',
        'image.size, "black")',
        "transparent becomes black",
    ),
    Fault(
        "files.photographs",
        "labels = np.array([members[index][1] for index in good]",
        "labels = np.array([members[index][1] for index in range(len(good))]",
        "labels shift behind an unreadable file",
    ),
    Fault(
        "files.photographs",
        "return dict(sorted(found.items())), deeper + loose",
        "return dict(sorted(found.items())), deeper",
        "loose photographs are dropped without a word",
    ),
    Fault(
        "files.photographs",
        "if deeper and not any(found.values())",
        "if not any(found.values())",
        "empty class folders are called folders of folders",
    ),
    Fault(
        "files.photographs",
        "if path.exists() and (not path.is_dir() or any(path.iterdir()))",
        "if path.exists() and not path.is_dir()",
        "photographs are written over others",
    ),
    # archives
    Fault(
        "files.archives",
        'int(kind.rstrip("s") == "dog")',
        'int(kind.rstrip("s") == "cat")',
        "cats are dogs",
        "fetch",
    ),
    Fault(
        "files.archives",
        "key=lambda name: (len(name), name)",
        "key=lambda name: name",
        "10 before 9",
        "fetch",
    ),
    Fault(
        "files.archives",
        "if digest(folder / file) != sha256",
        "if digest(folder / file) == sha256",
        "damaged files pass",
        "fetch",
    ),
    # shipped
    Fault(
        "files.shipped",
        "inside if inside.is_dir()",
        "inside if False",
        "a wheel has no data",
        "wheel",
    ),
    # fetch
    Fault(
        "files.fetch",
        "            _check(part / file.name, file)\n",
        "",
        "moved into place unchecked",
    ),
    Fault("files.fetch", "if free < needed:", "if free > needed:", "a full disk is not foreseen"),
    Fault("files.fetch", "newest > 3600", "newest < 3600", "another download's part is removed"),
    Fault(
        "files.fetch",
        "if error.response is not None:",
        "if error.response is None:",
        "a page that is gone is taken for an absent network",
    ),
    # lessons
    Fault(
        "command.lessons",
        "        elif _digest(mine) == record.get(name):\n",
        "        elif True:\n",
        "a student's file is overwritten",
    ),
    Fault(
        "command.lessons",
        "elif wanted and agreed(",
        "elif wanted and bool(",
        "a reset does not ask",
    ),
    Fault(
        "command.lessons", "{ending}{mine.suffix}", "{ending}.ipynb", "exercises kept as a notebook"
    ),
    # doctor
    Fault("doctor", '("3.11", "3.12", "3.13")', '("3.11", "3.12")', "Python 3.13 is refused"),
    Fault("doctor", "if settings != SETTINGS:", "if not settings:", "channels first pass"),
    Fault(
        "doctor",
        "return min(total, int(allowed))",
        "return max(total, int(allowed))",
        "a container's limit",
    ),
    # cli
    Fault(
        "command.cli",
        "return int(any(finding.failed for finding in findings))",
        "return 0",
        "the doctor's status",
        "doctor",
    ),
    Fault(
        "command.cli",
        'print(f"cnnlab: {error}", file=sys.stderr)\n        return 2',
        'print(f"cnnlab: {error}", file=sys.stderr)\n        return 0',
        "no status on an error",
    ),
    Fault(
        "command.cli",
        "    except BrokenPipeError:\n        raise\n",
        "",
        "a closed pipe is an error",
    ),
    Fault(
        "command.cli",
        "        finally:\n            sys.stdout.flush()\n",
        "        finally:\n            pass\n",
        "a closed pipe is noticed too late",
    ),
    Fault("command.cli", "int(text) < 1", "int(text) < 0", "no kernel at a time"),
    Fault(
        "command.lessons",
        "    if not isinstance(record, dict):",
        "    if record is None:",
        "a record of another kind is read",
        "cli",
    ),
    # downloads
    Fault(
        "command.downloads",
        'if not names or "all" in names:',
        'if names == ["all"]:',
        '"all" among names is a name',
        "fetch",
    ),
    Fault(
        "command.downloads",
        "if fetch.path(name).exists() or not verify]",
        "]",
        "what was never fetched fails --verify",
        "fetch",
    ),
    Fault(
        "command.downloads",
        "            status = 2\n",
        "            return 2\n",
        "stops at the first fault",
        "fetch",
    ),
    # places and dimensions
    Fault(
        "reading.answers",
        "[number + 1 for number in numbers]",
        "numbers",
        "a cell is an empty box",
        "places",
    ),
    Fault(
        "reading.answers",
        "if min(firsts) < 0 or any(",
        "if any(",
        "cells are counted from the end",
        "places",
    ),
    Fault(
        "reading.answers",
        "if isinstance(where, Places):\n        return where",
        "if isinstance(where, Places):\n        where = where.mask",
        "a class that is nowhere is refused in its copies",
        "places",
    ),
    Fault(
        "reading.answers",
        "len(numbers) not in (axes, 2 * axes)",
        "len(numbers) > 2 * axes",
        "a place of too few numbers",
        "places",
    ),
    Fault(
        "reading.tracing",
        "tf.reduce_sum(top * tf.one_hot(index, count)[:, None], axis=-1)",
        "tf.reduce_sum(top, axis=-1)",
        "all places, not those of the class",
        "places",
    ),
    Fault(
        "reading.tracing",
        "tf.argmax(tf.reduce_sum(top, axis=1), axis=1, output_type=tf.int32)",
        "tf.argmax(tf.reduce_max(flat, axis=1), axis=1, output_type=tf.int32)",
        "the class of the strongest place",
        "places",
    ),
    Fault(
        "reading.tracing",
        "tf.math.divide_no_nan(total, tf.reduce_sum(chosen, axis=1, keepdims=True))",
        "total",
        "the sum over the places",
        "places",
    ),
    Fault(
        "faithfulness",
        'options["where"] = chosen.places',
        "pass",
        "the places move while the model forgets",
        "places",
    ),
    Fault(
        "reading.default_layer",
        "_answers(network, node) and any(",
        "any(",
        "the default is never the last convolution",
        "places",
    ),
    Fault(
        "reading.default_layer",
        'and not getattr(other.layer, "weights", ())',
        "",
        "what reads the map has no weights of its own",
        "places",
    ),
    Fault(
        "placing.alignment",
        "math.prod(behind))",
        "max(behind))",
        "more than two axes are mixed up",
        "dimensions",
    ),
    Fault(
        "placing.map_view",
        "    view.check_axes(maps.shape[1:])\n",
        "",
        "a map on another grid is put on the input",
        "dimensions",
    ),
    Fault(
        "placing.map_view",
        "positive, places = np.maximum(maps, 0), tuple(range(1, maps.ndim))",
        "positive, places = np.maximum(maps, 0), (1,)",
        "each column is scaled to itself",
        "heatmaps",
    ),
    Fault(
        "gradients",
        "[size // 2 for size in sizes]",
        "[size // 2 for size in sizes[:1]]",
        "the middle of the first axis alone",
        "dimensions",
    ),
    Fault(
        "heatmaps",
        "return tuple(range(1, values.ndim - 1))",
        "return tuple(range(1, min(values.ndim - 1, 3)))",
        "of volumes the last axis stays apart",
        "dimensions",
    ),
    Fault(
        "heatmaps",
        "sides = np.minimum(side, size)",
        "sides = np.minimum(side, min(size))",
        "a patch that is too long shrinks on all axes",
        "dimensions",
    ),
    Fault(
        "reading.graph",
        'kind.replace("LSTM", "")',
        "kind",
        "a convolution with a memory is none",
        "dimensions",
    ),
    Fault(
        "reading.model_inputs",
        "key=axes.get, reverse=True",
        "key=axes.get",
        "the signal is taken beside a picture",
        "dimensions",
    ),
    Fault(
        "feature_maps",
        "for rank in (axes, 4, 3, 5):",
        "for rank in (4, 3, 5):",
        "maps of a volume are looked for among pictures",
        "dimensions",
    ),
    Fault(
        "overlays",
        "_scale([heat]), titles",
        "_scale(heat[numbers]), titles",
        "the slices shown make the scale",
        "overlays",
    ),
    Fault(
        "overlays",
        "starts, stops = np.vstack([points[:1], middles])",
        "starts, stops = np.vstack([points[:1], points[:-1]])",
        "the colour of a step is drawn before it",
        "overlays",
    ),
    # exercises
    Fault(
        "exercises.networks",
        "(1,))) > 1 or any(",
        "(1,))) > 99 or any(",
        "gaps of a dilated kernel pass",
        "answers",
    ),
    Fault("exercises.slips", "if not variants or any(", "if any(", "nothing varies: a slip"),
    Fault(
        "exercises.slips",
        "SHUFFLES = range(3)",
        "SHUFFLES = range(0)",
        "turned round is never seen",
    ),
    Fault("exercises.slips", "case[j] + 0.37", "case[j] + 1", "an input's dtype passes unseen"),
    Fault(
        "exercises.slips",
        "or case[i].shape[one] != case[i].shape[other]",
        "or case[i].shape[one] == case[i].shape[other]",
        "square cases pass unseen",
    ),
    Fault(
        "exercises.slips",
        "all(run.error is None for run in runs)",
        "True",
        "what must be square is refused",
    ),
    Fault(
        "exercises.slips",
        "one.error is None is other.error and ",
        "",
        "an error on a made-up case counts",
    ),
    Fault("exercises.slips", "flat[0] = _one_more(flat[0])", "pass", "equal numbers stay equal"),
    Fault("exercises.self_test", "yield from unseen(exercise)", "pass", "slips", "slips"),
    Fault(
        "exercises.overlaps",
        "height = max(0, min(",
        "height = max(1, min(",
        "boxes apart share a row",
        "answers",
    ),
    Fault(
        "exercises.overlaps",
        "for other in kept)",
        "for other in left)",
        "no box is kept, as each overlaps itself",
        "answers",
    ),
    Fault(
        "exercises.heads",
        "np.full(layer.bias.shape, LEARNED)",
        "np.zeros(layer.bias.shape)",
        "the trunk that is handed over has learned nothing",
        "answers",
    ),
    Fault(
        "exercises.results",
        "if isinstance(result, Fraction | Decimal):",
        "if isinstance(result, Fraction):",
        "a Decimal is no number",
        "answers",
    ),
    Fault(
        "exercises.differences",
        'or not hasattr(got, "__getitem__")',
        "",
        "what has no order is a tuple",
        "exercises",
    ),
    Fault(
        "exercises.differences",
        '"".join(got.split())',
        "got.strip()",
        "a space in a name counts",
        "exercises",
    ),
    Fault(
        "exercises.differences",
        "len(wrong) > 1 and",
        "False and",
        "the first of several faults alone",
        "exercises",
    ),
    Fault(
        "exercises.near_misses",
        "same(got.transpose(order), right)",
        "False",
        "turned axes",
        "exercises",
    ),
    Fault(
        "exercises.near_misses",
        "if np.ptp(wanted) > tolerance or",
        "if True or",
        "a factor of equal numbers",
        "exercises",
    ),
    Fault(
        "exercises.near_misses",
        '"too large" if gap[0] > 0',
        '"too large" if gap[0] < 0',
        "too small",
        "exercises",
    ),
    Fault(
        "exercises.judging",
        "if all(run.error is not None for run in right)",
        "if False",
        "equal errors are right",
        "exercises",
    ),
    Fault(
        "exercises.judging",
        "or _is_model(answer)",
        "",
        "a model is called as a function",
        "exercises",
    ),
    Fault(
        "exercises.differences",
        "tolerance * max(1.0,",
        "100 * tolerance * max(1.0,",
        "a wrong answer is near enough",
        "exercises",
    ),
    Fault(
        "exercises.differences",
        "if values.shape != right.shape:",
        "if values.ndim != right.ndim:",
        "a wrong shape passes",
        "exercises",
    ),
    Fault(
        "exercises.judging",
        "if one.changed != other.changed:",
        "if False:",
        "a changed argument passes",
        "exercises",
    ),
    Fault(
        "exercises.judging",
        "given = [_fresh(argument) for argument in case]",
        "given = list(case)",
        "an answer changes the cases",
        "exercises",
    ),
    Fault(
        "exercises.judging",
        "or said[0] == said[1]",
        "or True",
        "an error of another cause is named as the mistake",
        "exercises",
    ),
    Fault(
        "exercises.limits",
        "class OutOfTime(BaseException)",
        "class OutOfTime(Exception)",
        "an endless loop catches it",
        "exercises",
    ),
    Fault(
        "exercises.self_test",
        "if outcome.mistake is not mistake:",
        "if outcome.mistake is None:",
        "a mistake named as another passes",
        "exercises",
    ),
    Fault(
        "grading.grades",
        "points = [e.stars if",
        "points = [1 if",
        "every exercise counts the same",
        "submissions",
    ),
    Fault(
        "grading.submissions",
        "rules.source.read_bytes() + content)",
        "rules.source.read_bytes())",
        "a changed notebook is not run again",
    ),
    Fault(
        "grading.submissions",
        "os.walk(folder, onerror=_refuse)",
        "os.walk(folder)",
        "what cannot be read is taken for empty",
    ),
    Fault(
        "grading.exercise_files",
        "    except Exception as error:",
        "    except ImportError as error:",
        "a file that does not run ends in a traceback",
        "submissions",
    ),
    Fault(
        "exercises.supervision", "if total > limit:", "if False:", "a flood is kept", "submissions"
    ),
    # models as people bring them
    Fault(
        "reading.logits",
        'if kind in _LAST:\n            return {"probabilities"}',
        'if kind in _LAST:\n            return {"answers"}',
        "probabilities are answers of their own",
        "own_models",
    ),
    Fault(
        "reading.logits",
        'and "answers" in together:\n            return {"answers"}',
        'and "answers" in together:\n            return together',
        "a gate makes probabilities of logits",
        "own_models",
    ),
    Fault(
        "reading.logits",
        "tf.debugging.Assert(~(apart > 0.02), [DIFFERS])",
        "tf.debugging.Assert(True, [DIFFERS])",
        "the model's own answer is not looked at",
        "own_models",
    ),
    Fault(
        "reading.default_layer",
        "return convolution, ()",
        "return on_the_way.calls[-1], ()",
        "the last layer of a model that ends in maps",
        "own_models",
    ),
    Fault(
        "reading.default_layer",
        "while node.kind in _STEPS_OVER and",
        "while False and",
        "the pooled map is taken",
        "own_models",
    ),
    Fault(
        "reading.linear_head",
        "and not behind & set(beside):",
        "and True:",
        "CAM beside another way",
        "own_models",
    ),
    Fault(
        "reading.linear_head",
        'return node.kind == "AveragePooling2D" and tuple(node.layer.pool_size) == size',
        'return node.kind == "AveragePooling2D"',
        "any average pooling is a global one",
        "own_models",
    ),
    Fault(
        "reading.outputs",
        "if isinstance(output, Integral) and 0 <= output < len(answers):",
        "if False:",
        "an output's number is not known",
        "own_models",
    ),
    Fault(
        "reading.tracing",
        "variable.assign(state)",
        "pass",
        "a question moves the state",
        "own_models",
    ),
    Fault(
        "reading.picture_axes",
        "if axes[-1] == 1:",
        "if False:",
        "channels are taken for rows",
        "own_models",
    ),
    Fault(
        "reading.value_range",
        "if divides and len(before) == 1:",
        "if False:",
        "a picture is divided twice without a word",
        "own_models",
    ),
    Fault(
        "transfer",
        "first = next(node for node in network.calls if node.layer is first.layer)\n",
        "",
        "a shared layer is frozen by its first call",
        "own_models",
    ),
    Fault(
        "transfer",
        "        yield from _norms(inner)\n",
        "",
        "norms inside a block thaw",
        "own_models",
    ),
    Fault("files.photographs", "(8, 12, 16)", "(16,)", "12 bits come out black", "own_models"),
    Fault(
        "reading.one_output",
        "if len(answers) > 1:",
        "if False:",
        "the first of two outputs is taken",
        "own_models",
    ),
    Fault("transfer", "in_prediction(base)(preprocess(x))", "in_prediction(base)(x)", "raw bytes"),
    Fault(
        "reading.model_inputs",
        "slice(start, start + size) for start in range(0, count, size)",
        "slice(start, start + size) for start in range(0, count - 1, size)",
        "a last image alone is lost",
        "gradients",
    ),
    Fault(
        "reading.per_model",
        "memory is None or not unchanged(memory[0], model)",
        "memory is None",
        "old functions are kept",
    ),
    Fault(
        "reading.state",
        "            found += inside\n",
        "            found = [*found, *inside]\n",
        "nested layers are not looked at",
    ),
    Fault(
        "reading.state",
        "found += map(id, _values(layer))",
        "pass",
        "new attributes are not noticed",
        "own_models",
    ),
    Fault(
        "reading.state",
        "        not state.gone\n        and ",
        "        ",
        "what was freed is not noticed",
    ),
    Fault("reading.state", "weakref.ref(value, gone.append)", "value", "a model is held for good"),
    Fault(
        "reading.state",
        "[*map(_mark, _leaves(layers, state.opened))])",
        "state.marks)",
        "changes in place are not noticed",
    ),
    Fault(
        "reading.state",
        "yield value.tobytes()",
        "yield value.size",
        "the values of an array are not looked at",
    ),
    Fault("reading.state", '("cell_contents",)', "()", "the variables around a function"),
    Fault(
        "reading.state",
        "parts += [value.__globals__[name]",
        "names += [value.__globals__[name]",
        "globals are not looked at",
    ),
    Fault("reading.state", "names.union(*inner)", "names", "globals of a function inside another"),
    Fault("reading.state", '"__closure__", "__dict__")', '"__dict__")', "what a closure holds"),
    Fault(
        "reading.state",
        "return (type(value), value) if _is_plain(value) else id(value)",
        "return value if _is_plain(value) else id(value)",
        "True is taken for 1",
    ),
    Fault(
        "reading.state",
        "parts = [part for key in parts for part in (key, value[key])]",
        "pass",
        "the values of a dict",
    ),
    Fault(
        "reading.answers",
        "Places(self.places.mask[rows])",
        "Places(self.places.mask[:1].repeat(count, 0))",
        "copies are asked at the places of the first image",
        "places",
    ),
    Fault(
        "gradients",
        "(None if each is None else each[taken] for each in rows)",
        "(None if each is None else each[: len(arrays[0])] for each in rows)",
        "the places of the first images for all",
        "places",
    ),
    Fault(
        "gradients",
        "places = None if mask is None else Places(mask)",
        "places = chosen.places",
        "without where the copies choose places of their own",
        "places",
    ),
    Fault(
        "heatmaps",
        "scores_of(copies, same.output, same.places)",
        "scores_of(copies, same.output)",
        "the scores of copies are not those of the places",
        "places",
    ),
    Fault(
        "reading.tokens",
        'if node.kind != "Embedding":',
        "if False:",
        "the first layer is taken for an Embedding",
        "dimensions",
    ),
    Fault(
        "reading.tokens",
        "while tokens.kind in PIXEL_BY_PIXEL and",
        "while False and",
        "changed tokens are not known",
        "own_models",
    ),
    Fault(
        "reading.tokens",
        "while tokens.kind in PIXEL_BY_PIXEL and",
        "while tokens.inputs and",
        "tokens may change places",
        "own_models",
    ),
    Fault(
        "reading.logits",
        "if kind in CALLS:\n            return self._given_back",
        "if False:\n            return self._given_back",
        "compiled functions are not looked into",
        "own_models",
    ),
    Fault(
        "reading.logits",
        'together - {"exp"} | {"log of exp"}',
        'together - {"exp"}',
        "a softmax made of logarithms",
        "own_models",
    ),
    Fault(
        "reading.logits",
        "return kept if zero and",
        "return kept if True or",
        "any choice is taken for a mask",
        "own_models",
    ),
    Fault(
        "reading.library",
        "[tensor.value_index]\n            if name",
        "[0]\n            if name",
        "the first of several results",
        "bounds",
    ),
    Fault(
        "reading.outputs",
        "return sorted(answers)",
        "return list(answers)",
        "outputs of a dict in the order of its keys",
        "own_models",
    ),
    Fault(
        "reading.outputs",
        "flat(result), strict",
        "[*result], strict",
        "nested outputs",
        "own_models",
    ),
    Fault(
        "reading.bounds",
        '"Neg": lambda low, high: (-high, -low)',
        '"Neg": lambda low, high: (low, high)',
        "minus does not turn the bounds",
    ),
    Fault(
        "reading.bounds",
        "one[0] - other[1], one[1] - other[0]",
        "one[0] - other[0], one[1] - other[1]",
        "bounds of a difference",
    ),
    Fault(
        "reading.bounds",
        "0.0 if low <= 0 <= high else min(ends)",
        "min(ends)",
        "squares of both signs",
    ),
    Fault(
        "reading.bounds",
        '"Relu6": (0.0, 6.0)',
        '"Relu6": (0.0, 1.0)',
        "relu6 is taken for a probability",
    ),
    Fault(
        "reading.bounds",
        "if other[0] > 0 and math.isfinite(other[1])",
        "if math.isfinite(other[1])",
        "divided by what may be 0",
    ),
    Fault(
        "reading.bounds", "or _is_length(tensor, library)", "", "lengths of capsules are not noted"
    ),
    Fault(
        "reading.bounds", "max(-low, high)),", "high),", "a large negative number has a small size"
    ),
    Fault(
        "reading.plausible",
        "answers.max() <= 1 and _is_bounded(batch, output)",
        "answers.max() <= 1",
        "small logits are noted",
        "bounds",
    ),
    Fault(
        "reading.plausible",
        "answers = logits[..., 1]  #",
        "pass  #",
        "one answer between 0 and 1",
        "bounds",
    ),
    Fault(
        "reading.plausible",
        "*range(1, logits.ndim - 1), tuple(range(1, logits.ndim - 1))]",
        "tuple(range(0, 0))]",
        "probabilities of places",
        "own_models",
    ),
    Fault(
        "gradients",
        "return tuple(array[: len(batch)] for array in joined)",
        "return tuple(joined)",
        "what fills up a fixed batch is given out",
        "own_models",
    ),
    Fault(
        "heatmaps",
        "raw = raw * seen.gradients.any(axis=-1)",
        "pass",
        "CAM of what a mask leaves out",
        "own_models",
    ),
    Fault(
        "reading.looking",
        'getattr(node.layer, "stateful", False) is True',
        "False",
        "copies are asked with the memory of others",
        "own_models",
    ),
    Fault(
        "reading.default_layer",
        " or node.address in turned:",
        ":",
        "a turned map is taken",
        "picture_axes",
    ),
    Fault(
        "reading.picture_axes",
        "last.inner == 1 and any(i not in places",
        "last.inner == 1 and all(i not in places",
        "channels in the middle",
        "picture_axes",
    ),
    Fault(
        "reading.picture_axes",
        "            elif not behind and _looks_turned(node):",
        "            elif False:",
        "a Lambda turns nothing",
    ),
    Fault(
        "reading.picture_axes",
        "            if behind and keeps:",
        "            if False:",
        "what follows a turn by a Lambda",
    ),
    Fault(
        "reading.picture_axes",
        "    if address in turned:",
        "    if False:",
        "a turned map is looked at by its name",
    ),
    Fault(
        "feature_maps",
        "if node.address not in turned]",
        "]",
        "turned maps are listed",
        "picture_axes",
    ),
    Fault("feature_maps", '1: ("length",)', '1: ("height",)', "a signal has a height"),
    Fault(
        "transfer",
        'if pooling == "average" and network.outputs[0] in (',
        "if False and network.outputs[0] in (",
        "the wrong axes are averaged",
        "picture_axes",
    ),
    Fault("transfer", "[_prepared(noise, preprocess)]", "[]", "the preprocessing is not looked at"),
    Fault(
        "transfer",
        "for row in {0, *few[:: -(-len(few) // 4)], varied}:",
        "for row in {0}:",
        "a black photograph is the only witness",
    ),
    Fault(
        "transfer",
        "    elif not _is_known(base):",
        "    elif False:",
        "a network is taken for another by its name",
    ),
    Fault(
        "reading.in_prediction",
        "self.in_prediction(inputs, training=False)",
        "self.in_prediction(inputs)",
        "dropout in a frozen base",
        "transfer",
    ),
    Fault(
        "reading.in_prediction",
        'if not passes_on and "training" in',
        'if False and "training" in',
        "nothing looks at training",
        "transfer",
    ),
    Fault(
        "reading.in_prediction",
        "return any(map(_looks_at_training, private_names.sublayers(layer)))",
        "return False",
        "dropout inside a block",
        "transfer",
    ),
    Fault(
        "files.feature_cache",
        "if stream.read() != content.digest():",
        "if False:",
        "a damaged cache is read",
        "transfer",
    ),
    Fault(
        "files.feature_cache",
        "if free < needed:",
        "if False:",
        "a full disk is noticed at the end",
        "transfer",
    ),
]
