"""The insides of compiled functions, walked like the rest of the graph that calls them."""

from types import SimpleNamespace

_CALLS = {  # the attributes that name the functions, and the inputs before their arguments
    **dict.fromkeys(["PartitionedCall", "StatefulPartitionedCall"], (["f"], 0)),
    **dict.fromkeys(["If", "StatelessIf"], (["then_branch", "else_branch"], 1)),
}
CALLS = frozenset(_CALLS)


class Library:
    """The compiled functions that a traced graph calls."""

    def __init__(self, graph):
        """Takes the graph of a tensor, which is only read where the first call is met."""
        self.graph, self.functions = graph, None

    def returned(self, tensor):
        """What a call gives back in place of a tensor: one per branch, None where that is closed.

        Args:
            tensor: made by an operation whose type is one of `CALLS`.

        Returns:
            A list of tensors, or of what can be walked like them.
        """
        call = tensor.op
        attributes, skipped = _CALLS[call.type]
        if self.functions is None:
            definition = self.graph.as_graph_def()
            self.functions = {each.signature.name: each for each in definition.library.function}
        names = [call.get_attr(attribute).name for attribute in attributes]
        given = list(call.inputs)[skipped:]
        return [
            _results(self.functions[name], call.name, given)[tensor.value_index]
            if name in self.functions
            else None
            for name in names
        ]


def _results(function, place, given):
    """What a function of the library gives back, as tensors like those of a graph."""
    names = [each.name for each in function.signature.input_arg]
    arguments = dict(zip(names, given, strict=True))
    nodes = {}
    for node in function.node_def:
        nodes[node.name] = SimpleNamespace(
            name=f"{place}/{node.name}",
            type=node.op,
            get_attr=lambda key, node=node: _value(node.attr[key]),
        )

    def tensor(text):
        """Of "node:output:2", or of the name of an argument."""
        name, *rest = text.split(":")
        if not rest:
            return arguments[name]
        return SimpleNamespace(op=nodes[name], value_index=int(rest[-1]))

    for node in function.node_def:
        nodes[node.name].inputs = [tensor(text) for text in node.input if text[0] != "^"]
    return [tensor(function.ret[each.name]) for each in function.signature.output_arg]


def _value(attribute):
    return getattr(attribute, attribute.WhichOneof("value"))
