"""Rules about a dense layer on a large map, read beside the curves of the training."""

from cnnlab.costs import layer_table
from cnnlab.diagnosis.curves import overfitting
from cnnlab.diagnosis.finding import Finding, in_place_of
from cnnlab.reading import layer_windows

LARGE = 100_000  # parameters; a dense layer below that is no burden
HUGE = 1_000_000  # the same where nobody knows whether it learns by heart


def dense_layer_of_most_parameters(case):
    """A dense layer on a large map has a weight for every cell, channel and unit.

    Example:
        model = keras.Sequential([
            keras.Input((48, 64, 3)), layers.Conv2D(16, 3, activation="relu"),
            layers.Flatten(name="flatten"), layers.Dense(32, activation="relu"), layers.Dense(3),
        ])
    """
    validated = "val_loss" in case.history
    if not any(node.convolves for node in case.calls) or (validated and not any(overfitting(case))):
        return
    table, least = layer_table(case.model), LARGE if validated else HUGE
    total, row = int(table.parameters.sum()), table.loc[table.parameters.astype(int).idxmax()]
    if row.kind != "Dense" or row.parameters < max(least, 0.9 * total):
        return
    node = case.graph[row.layer]
    before = case.graph[node.inputs[0]]
    while before.kind in layer_windows.ONLY_IN_TRAINING:
        before = case.graph[before.inputs[0]]
    if before.kind != "Flatten" or len(before.input_shapes[0]) != 4:
        return
    sizes = "×".join(map(str, before.input_shapes[0][1:]))
    evidence = f"{int(row.parameters):,} of {total:,} parameters, {row.parameters / total:.0%}; it "
    evidence += f"reads all {sizes} numbers of the last map"
    line, decides = _pooled(*before.input_shapes[0][1:], node.layer.units, least), "accuracy"
    if any(head.loss.kind == "squared" or head.label_kind == "real" for head in case.heads):
        if "Global" in line:
            return  # a mean over all places would forget where something is
        decides = "error"
    line = in_place_of(line, before.layer.name)
    yield Finding(row.layer, evidence, line, f"the {decides} of both in validation")


def _pooled(height, width, channels, units, least):
    """Python for a Flatten behind as little pooling as leaves fewer weights than `least`.

    One number for the whole map only where nothing else does. A network of one convolution, trained
    on 1442 digits for 6 epochs, named 0.96 in validation as it was, 0.95 behind a maximum of 2×2
    cells, and 0.10 behind one number for the whole map.
    """
    for size in range(2, min(height, width) // 2 + 1):
        if (height // size) * (width // size) * channels * units < least:
            return f"keras.Sequential([layers.MaxPooling2D({size}), layers.Flatten()])"
    return "layers.GlobalAveragePooling2D()"
