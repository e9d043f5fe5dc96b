"""Which inputs of a model hold tokens: whole numbers that an Embedding looks up."""

from cnnlab.reading.layer_windows import PIXEL_BY_PIXEL


def embeddings(facts):
    """{the name of an input of tokens: the addresses of the Embeddings that look it up}.

    Each token may have been changed by itself before, as by `clip`.

    Example:
        >>> import keras
        >>> from cnnlab.reading.per_model import known
        >>> stack = [keras.Input((7,), name="words"), keras.layers.Embedding(9, 4, name="look")]
        >>> embeddings(known(keras.Sequential(stack)))
        {'words': ['look']}
    """

    def found():
        looked_up, network = {}, facts.graph
        for node in network.calls:
            if node.kind != "Embedding":
                continue
            tokens = network[node.inputs[0]]
            while tokens.kind in PIXEL_BY_PIXEL and tokens.output_shape in tokens.input_shapes:
                at = tokens.input_shapes.index(tokens.output_shape)
                tokens = network[tokens.inputs[at]]
            if tokens.address in network.inputs:
                looked_up.setdefault(tokens.address, []).append(node.address)
        return looked_up

    try:
        return facts.once(("embeddings",), found)
    except ValueError:  # what becomes of its inputs only its own call knows
        return {}
