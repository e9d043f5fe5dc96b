"""What does a layer cost? Parameters, multiply-accumulates and memory, one table per model.

One MAC is one multiplication and one addition, so 2 FLOPs. Counted are the MACs with weights, per
image: those of convolutions and dense layers. Biases, activations, normalisation (which can be
folded into the convolution before it), pooling and merges multiply no weight matrix: 0.
"""

import math
import re

import pandas as pd

from cnnlab.reading import graph as graphs
from cnnlab.reading import layer_windows

WITHOUT_MACS = (
    layer_windows.PIXEL_BY_PIXEL
    | layer_windows.ALONG_AN_AXIS
    | layer_windows.POOLINGS
    | layer_windows.GLOBAL_POOLINGS
    | layer_windows.REDUCTIONS
    | layer_windows.RESHAPINGS
) - {"Dense"}


def layer_table(model, input_shape=None):
    """The parameters, MACs and activation memory of each layer, for one image.

    A convolution costs ``H' * W' * K_h * K_w * C_in * C_out`` MACs (C_in / groups with groups), a
    transposed one the same with the *input's* H and W, a dense layer one per weight.

    Args:
        model: a built Sequential or functional `keras.Model`; models inside it are flattened.
        input_shape: (H, W, C) to count for, where the model leaves sizes open or another size is
            wanted; None takes the model's own.

    Returns:
        A DataFrame with a row per layer call: layer (address), kind, output_shape (without the
        batch), parameters (0 from a layer's second call on, so that they sum to
        `model.count_params()`), macs, activation_bytes (of the output). Where a size is open, or a
        layer with weights is of an unknown kind, macs is <NA>. Weights that belong to no layer
        of the graph stand in a last row.

    Raises:
        TypeError: `model` is not a Keras model.
        ValueError: the model is not built, or is subclassed; or `input_shape` does not suit it.

    Example:
        >>> import keras
        >>> from keras import layers
        >>> image = keras.Input((8, 12, 3))
        >>> model = keras.Sequential([image, layers.Conv2D(4, (3, 5), name="conv")])
        >>> layer_table(model)
          layer    kind output_shape  parameters  macs  activation_bytes
        0  conv  Conv2D    (6, 8, 4)         184  8640               768
    """
    graph = graphs.read(model, input_shape)
    counted = set()
    rows = [_row(node, counted) for node in graph.calls]
    rest = model.count_params() - sum(row["parameters"] for row in rows)
    if rest:
        rows.append(
            {
                "layer": "(outside the graph)",
                "kind": type(model).__name__,
                "output_shape": (),
                "parameters": rest,
                "macs": 0,
                "activation_bytes": 0,
            }
        )
    table = pd.DataFrame(
        rows,
        columns=["layer", "kind", "output_shape", "parameters", "macs", "activation_bytes"],
    )
    return table.astype(dict.fromkeys(["parameters", "macs", "activation_bytes"], "Int64"))


def totals(table):
    """The sums of a `layer_table`, and what follows from them.

    Args:
        table: what `layer_table` returned.

    Returns:
        A Series: parameters, macs, flops (2 per MAC), activation_bytes (of all layers together,
        as training keeps them). A sum with an unknown part is <NA>.

    Example:
        >>> import keras
        >>> from keras import layers
        >>> image = keras.Input((8, 12, 3))
        >>> model = keras.Sequential([image, layers.Conv2D(4, (3, 5), name="conv")])
        >>> totals(layer_table(model)).to_dict()
        {'parameters': 184, 'macs': 8640, 'flops': 17280, 'activation_bytes': 768}
    """
    sums = table[["parameters", "macs", "activation_bytes"]].sum(skipna=False)
    sums["flops"] = 2 * sums["macs"]
    return sums[["parameters", "macs", "flops", "activation_bytes"]]


def _row(node, counted):
    """One row of the table; the weights it counts are added to `counted`."""
    weights = {id(weight): weight for weight in getattr(node.layer, "weights", ())}
    new = [weight for key, weight in weights.items() if key not in counted]
    counted.update(weights)
    sizes = [_product(shape[1:]) for shape in node.output_shapes]
    return {
        "layer": node.address,
        "kind": node.kind,
        "output_shape": tuple(node.output_shape[1:]),
        "parameters": sum(math.prod(weight.shape) for weight in new),
        "macs": _macs(node),
        "activation_bytes": sum(sizes) * _bytes_per_number(node.dtype),
    }


def _macs(node):
    """Multiply-accumulates of one call for one image; <NA> where they are not known."""
    layer, kind = node.layer, node.kind
    positions = _product(node.output_shape[1:-1])
    if kind.startswith("Separable"):
        kernels = layer.depthwise_kernel, layer.pointwise_kernel
        return positions * sum(math.prod(kernel.shape) for kernel in kernels)
    if kind in layer_windows.TRANSPOSED_CONVOLUTIONS:
        return _product(node.input_shapes[0][1:-1]) * math.prod(layer.kernel.shape)
    if kind in graphs.CONVOLUTIONS or kind == "Dense":
        return positions * math.prod(layer.kernel.shape)
    is_free = kind in WITHOUT_MACS or getattr(layer, "pointwise", False) is True
    return 0 if is_free or not getattr(layer, "weights", ()) else pd.NA


def _product(sizes):
    """The product of sizes; <NA> where one is open."""
    return pd.NA if None in sizes else math.prod(sizes)


def _bytes_per_number(dtype):
    """The width of a dtype by its name: 4 for "float32", 2 for "bfloat16", 1 for "bool"."""
    bits = re.search(r"\d+$", dtype)
    return int(bits.group()) // 8 if bits else 1
