"""Which inputs of a model hold tokens: whole numbers that an Embedding looks up."""


def embeddings(facts):
    """{the name of an input of tokens: the addresses of the Embeddings that look it up}.

    Example:
        >>> import keras
        >>> from cnnlab.reading.per_model import known
        >>> stack = [keras.Input((7,), name="words"), keras.layers.Embedding(9, 4, name="look")]
        >>> embeddings(known(keras.Sequential(stack)))
        {'words': ['look']}
    """

    def found():
        looked_up = {}
        for node in facts.graph.calls:
            if node.kind == "Embedding" and node.inputs[0] in facts.graph.inputs:
                looked_up.setdefault(node.inputs[0], []).append(node.address)
        return looked_up

    try:
        return facts.once(("embeddings",), found)
    except ValueError:  # what becomes of its inputs only its own call knows
        return {}
