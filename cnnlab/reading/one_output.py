"""The only output of a network, and its shape for images of a size."""

import numpy as np

from cnnlab.reading import graph


def only(answers):
    """The only one of a network's answers, or of their shapes."""
    if isinstance(answers, dict):
        answers = list(answers.values())
    shape = isinstance(answers, tuple) and not hasattr(answers[0], "__len__")
    if not isinstance(answers, list | tuple) or shape:
        return answers
    if len(answers) > 1:
        raise ValueError(
            f"`base` must give one output: got {len(answers)}. Make a network of the one that is "
            "meant: keras.Model(base.input, base.get_layer(name).output, name=base.name)."
        )
    return answers[0]


def is_readable(base):
    """Whether a network tells its shapes; a subclassed one does not."""
    try:
        return bool(graph.read(base))
    except ValueError:
        return False


def feature_shape(base, image_shape):
    """Shape of the features of one image."""
    if not is_readable(base):  # its own `call` may do anything: looked at what it answers
        return np.shape(only(base(np.zeros((1, *image_shape), np.float32), training=False)))[1:]

    def output_shape(shape):
        try:
            found = base.compute_output_shape((1, *shape))
        except ValueError:  # Keras: "Computed output size would be zero or negative"
            return None
        found = only(found)[1:]
        return found if all(found) else None

    height, width, channels = image_shape
    shape = output_shape(image_shape)
    if shape is None:
        sides = (2**power for power in range(12) if output_shape((2**power,) * 2 + (channels,)))
        raise ValueError(
            f"`images` must be large enough for {base.name!r}: got {height}×{width} pixels. "
            f"Enlarge them to {next(sides, '?')} pixels or more, high and wide."
        )
    return shape
