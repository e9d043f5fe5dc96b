"""What does a layer cost? Parameters, multiply-accumulates and memory, one table per model.

One MAC is one multiplication and one addition, so 2 FLOPs. Counted are the MACs of matrix products
and convolutions, per image: those with weights (convolutions, dense and recurrent layers) and those
of two maps (attention, ``matmul``). Biases, activations, normalisation (which can be folded into
the convolution before it), pooling and merges multiply no matrix: 0. So does an Embedding, which
looks its numbers up. The weights count as they stand: making them, from the low-rank factors of
LoRA or from int8, costs the same for one image as for a thousand, and is not counted.
"""

import math
import re

import pandas as pd

from cnnlab.reading import graph as graphs
from cnnlab.reading import layer_axes, layer_windows
from cnnlab.reading.kinds import CONVOLUTIONS, inner

WITHOUT_MACS = (
    layer_windows.PIXEL_BY_PIXEL
    | layer_windows.ALONG_AN_AXIS
    | layer_windows.POOLINGS
    | layer_windows.GLOBAL_POOLINGS
    | layer_windows.ADAPTIVE_POOLINGS
    | layer_windows.CHANGES_OF_SIZE
    | layer_axes.REDUCTIONS
    | layer_axes.RESHAPINGS
    | layer_axes.REORDERINGS
    | {"Embedding"}
) - {"Dense"}
# Operations that multiply matrices, for which there is no formula here.
_OTHER_PRODUCTS = frozenset(
    """Conv ConvTranspose DepthwiseConv SeparableConv Tensordot Dot Vdot Inner Outer Correlate
    Convolve""".split()
)


def layer_table(model, input_shape=None):
    """The parameters, MACs and activation memory of each layer, for one image.

    A convolution costs ``H' * W' * K_h * K_w * C_in * C_out`` MACs (C_in / groups with groups), a
    transposed one the same with the *input's* H and W, a dense layer one per weight. Recurrent
    layers cost one per weight and step (ConvLSTM: and position), attention its projections and
    ``T_query * T_key`` for each number of a key and of a value. A layer that wraps another costs
    what that one does, in `TimeDistributed` once per step.

    Args:
        model: a built Sequential or functional `keras.Model`; models inside it are flattened.
        input_shape: (H, W, C) to count for, where the model leaves sizes open or another size is
            wanted; None takes the model's own.

    Returns:
        A DataFrame with a row per layer call: layer (address), kind, output_shape (without the
        batch), parameters (0 from a layer's second call on, so that they sum to
        `model.count_params()`), macs, activation_bytes (of the output). Where a size is open, or a
        layer with weights is of an unknown kind, macs is <NA>, and `totals` names it. Weights that
        belong to no layer of the graph stand in a last row.

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
        as training keeps them). Where the cost of a layer is not known, the sums are those of the
        others, so the model costs at least that, and one more entry, without, names the layers
        that are left out.

    Example:
        >>> import keras
        >>> from keras import layers
        >>> image = keras.Input((8, 12, 3))
        >>> model = keras.Sequential([image, layers.Conv2D(4, (3, 5), name="conv")])
        >>> totals(layer_table(model)).to_dict()
        {'parameters': 184, 'macs': 8640, 'flops': 17280, 'activation_bytes': 768}
        >>> totals(layer_table(keras.Sequential([keras.Input((None, 12, 3)), *model.layers])))
        parameters                  184
        macs                          0
        flops                         0
        activation_bytes              0
        without             macs: conv; activation_bytes: conv
        dtype: object
    """
    sums = table[["parameters", "macs", "activation_bytes"]].sum()
    sums["flops"] = 2 * sums["macs"]
    sums = sums[["parameters", "macs", "flops", "activation_bytes"]]
    missing = {name: table.layer[table[name].isna()] for name in ("macs", "activation_bytes")}
    without = [f"{name}: {', '.join(layers)}" for name, layers in missing.items() if len(layers)]
    if without:
        sums = pd.concat([sums.astype(object), pd.Series({"without": "; ".join(without)})])
    return sums


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
    before, after = node.input_shapes[0][1:], node.output_shape[1:]
    if kind == "SpectralNormalization":
        return _macs(inner(node, layer.layer))
    if kind == "Bidirectional":
        return _macs(inner(node, layer.forward_layer)) + _macs(inner(node, layer.backward_layer))
    if kind == "TimeDistributed":
        return _product(before[:1]) * _inside(inner(node, layer.layer, step=True))
    if kind.startswith("Separable"):
        kernels = layer.depthwise_kernel, layer.pointwise_kernel
        return _product(after[:-1]) * sum(math.prod(kernel.shape) for kernel in kernels)
    if kind in layer_windows.TRANSPOSED_CONVOLUTIONS:
        return _product(before[:-1]) * math.prod(layer.kernel.shape)
    if kind in CONVOLUTIONS:
        return _product(after[:-1]) * math.prod(layer.kernel.shape)
    if kind == "Dense":
        return _product(before) * after[-1]
    if kind in layer_axes.ATTENTION:
        return _attention_macs(node)
    if kind in layer_axes.RECURRENT | layer_axes.CONV_RECURRENT:
        return _recurrent_macs(node)
    if kind in ("EinsumDense", "Einsum", "Matmul"):
        return _einsum_macs(node)
    is_free = kind in WITHOUT_MACS or getattr(layer, "pointwise", False) is True
    is_free = is_free or (kind not in _OTHER_PRODUCTS and not getattr(layer, "weights", ()))
    return 0 if is_free else pd.NA


def _inside(node):
    """The MACs of the layer, or of all layers of the model, that another layer wraps."""
    if not hasattr(node.layer, "layers"):
        return _macs(node)
    try:
        calls = graphs.read(node.layer, node.input_shapes[0][1:]).calls
    except ValueError:  # a subclassed model
        return pd.NA
    return sum(_macs(call) for call in calls)


def _einsum_macs(node):
    """One MAC for each combination of all indices that the terms have."""
    if node.kind == "Matmul":
        return _product(node.output_shape[1:]) * _product(node.input_shapes[0][-1:])
    equation = node.layer.equation if node.kind == "EinsumDense" else node.layer.subscripts
    left, _, right = equation.replace(" ", "").partition("->")
    sizes = {}
    for term, shape in zip(
        [*left.split(",")[: len(node.inputs)], right],
        [*node.input_shapes, node.output_shape],
        strict=True,
    ):
        named = zip(layer_axes.letters(term, len(shape)), shape, strict=True)
        sizes |= {letter: sizes.get(letter) or size for letter, size in named}
    batch = layer_axes.letters(right, len(node.output_shape))[0]
    return _product([size for letter, size in sizes.items() if letter != batch])


def _recurrent_macs(node):
    """One MAC per weight and step; of a ConvLSTM, per weight, step and position."""
    cells = getattr(node.layer.cell, "cells", [node.layer.cell])
    weights = [
        getattr(cell, name, None) for cell in cells for name in ("kernel", "recurrent_kernel")
    ]
    if any(weight is None for weight in weights):
        return pd.NA  # a cell of the user's own
    steps, convolves = node.input_shapes[0][1], node.kind in layer_axes.CONV_RECURRENT
    positions = node.output_shape[1 + node.layer.return_sequences : -1] if convolves else ()
    return _product((steps, *positions)) * sum(math.prod(weight.shape) for weight in weights)


def _attention_macs(node):
    """Projections of query, key and value, their products, and the projection of the answer."""
    layer = node.layer
    shapes = dict(zip(layer_axes.roles(node), node.input_shapes, strict=True))
    query, value = shapes["query"], shapes["value"]
    key = shapes.get("key", value)
    axes = getattr(layer, "attention_axes", None) or range(1, len(query) - 1)
    pairs = _product(query[1:-1]) * _product([value[axis] for axis in axes])
    if node.kind == "Attention":
        return pairs * (value[-1] + (query[-1] if layer.score_mode == "dot" else 0))
    if node.kind == "AdditiveAttention":
        return pairs * (value[-1] + (query[-1] if layer.use_scale else 0))
    if node.kind == "MultiHeadAttention":
        heads, shared, widths = layer.num_heads, layer.num_heads, (layer.key_dim, layer.value_dim)
    else:
        heads, shared = layer.num_query_heads, layer.num_key_value_heads
        widths = layer.head_dim, layer.head_dim
    gated = layer.get_config().get("use_gate", False)
    return (
        _product(query[1:]) * heads * (widths[0] + gated * widths[1])
        + _product(key[1:]) * shared * widths[0]
        + _product(value[1:]) * shared * widths[1]
        + pairs * heads * sum(widths)
        + _product(query[1:-1]) * heads * widths[1] * node.output_shape[-1]
    )


def _product(sizes):
    """The product of sizes; <NA> where one is open."""
    return pd.NA if None in sizes else math.prod(sizes)


def _bytes_per_number(dtype):
    """The width of a dtype by its name: 4 for "float32", 2 for "bfloat16", 1 for "bool"."""
    bits = re.search(r"\d+$", dtype)
    return int(bits.group()) // 8 if bits else 1
