"""Which of a model's outputs a class belongs to."""

from numbers import Integral

from cnnlab.reading.graph import flat


def split_class(class_index, model):
    """A class as the output that it belongs to, and the index there.

    Args:
        class_index: an index, or one per image, or None; with several outputs a pair of the
            output, by name or number, and that.
        model: a Keras model.

    Returns:
        The output's name, or its number, or None; and the index.

    Example:
        >>> class Model:
        ...     output_names = ["age", "kind"]
        >>> split_class(("kind", 3), Model()), split_class((1, 3), Model()), split_class(3, Model())
        (('kind', 3), (1, 3), (None, 3))
    """
    if isinstance(class_index, tuple) and len(class_index) == 2:
        several = len(getattr(model, "output_names", None) or ()) > 1
        if isinstance(class_index[0], str) or (several and isinstance(class_index[0], Integral)):
            return class_index
    return None, class_index


def selected(model, result, output):
    """The one of the model's answers that is asked for.

    Args:
        model: a Keras model.
        result: what it returned: a tensor, or several in lists, tuples or dicts.
        output: name or number of one of them, or None where there is only one. They are numbered
            as in `model.outputs`, those of a dict by their sorted keys.

    Raises:
        ValueError: no output is named where there are several, no such one, or two of the name.
    """
    answers = list(zip(_names(model, result), flat(result), strict=True))
    if isinstance(output, Integral) and 0 <= output < len(answers):
        return answers[output][1]
    found = [answer for name, answer in answers if name == output]
    if len(found) == 1:
        return found[0]
    if len(answers) == 1 and output is None:
        return answers[0][1]
    names, first = ", ".join(str(name) for name, _ in answers), answers[0][0]
    got = f"output {output!r}"
    remedy = f"Pass class_index=({first!r}, index), or the output's number: (0, index)."
    if found:
        number = [name for name, _ in answers].index(output)
        got += ", the name of several"
        remedy = f"Pass the output's number: class_index=({number}, index)."
    raise ValueError(
        f"`class_index` must name one of the model's outputs, {names}: got {got}. {remedy}"
    )


def addresses(facts, output=None):
    """The addresses of the nodes that give the asked output; of all where none of the name is."""
    found = facts.graph.outputs
    if output is None or len(found) == 1:
        return found
    names = _names(facts.model, facts.model.output)
    if output in names:
        output = names.index(output)
    known = isinstance(output, Integral) and 0 <= output < len(found)
    return (found[output],) if known else found


def _names(model, answers):
    """The names of a model's outputs in Keras's order: the keys of a dict, else those it gives."""
    if isinstance(answers, dict) and len(flat(answers)) == len(answers):
        return sorted(answers)
    names, count = getattr(model, "output_names", None) or (), len(flat(answers))
    numbers = ["output"] if count == 1 else [str(number) for number in range(count)]
    return list(names) if len(names) == count else numbers
