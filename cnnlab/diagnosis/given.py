"""What was given to `diagnose`, checked, as the `Case` that the rules read."""

from numbers import Real

import numpy as np

from cnnlab.diagnosis.case import Case


def case_of(model, images, labels, history, validation_data):
    """The `Case` of what was given; Args and Raises as `cnnlab.diagnosis.diagnose`."""
    params = getattr(history, "params", None) or {}
    return Case(
        _checked_model(model),
        _several(model, _checked_images("images", images)),
        labels if isinstance(labels, dict | list) or labels is None else np.asarray(labels),
        _curves(history, getattr(model, "output_shape", None)),
        _pair(validation_data),
        params.get("epochs"),
        params.get("steps"),
    )


def _checked_model(model):
    if not hasattr(model, "layers") or not hasattr(model, "weights"):
        raise TypeError(
            f"`model` must be a Keras model: got {type(model).__name__}. "
            "If it is saved, load it: keras.saving.load_model(path)."
        )
    return model


def _several(model, images):
    """Images with a batch axis: one picture that fits the model is a batch of one."""
    inputs = getattr(model, "inputs", None) or ()
    if len(inputs) != 1 or not isinstance(images, np.ndarray):
        return images
    sides = tuple(inputs[0].shape[1:])
    fits = len(sides) == images.ndim and all(
        side in (None, have) for side, have in zip(sides, images.shape, strict=True)
    )
    return images[None] if fits and len(sides) > 2 else images


def _checked_images(name, images):
    """Arrays, in the structure in which they come."""
    if images is None:
        return None
    if isinstance(images, dict):
        return {key: _checked_images(name, array) for key, array in images.items()}
    if isinstance(images, list | tuple) and all(hasattr(array, "shape") for array in images):
        return [_checked_images(name, array) for array in images]
    remedy = "Pass an array (N, H, W, C)."
    if hasattr(images, "element_spec"):
        remedy = "Take a batch: images, labels = next(iter(dataset))."
    try:
        array = np.asarray(images)
    except (TypeError, ValueError):
        array = np.empty(0, object)
    if array.dtype.kind not in "biuf":
        raise TypeError(
            f"`{name}` must be an array of numbers: got {type(images).__name__}. {remedy}"
        )
    if not array.size:
        raise TypeError(f"`{name}` must hold at least one image: got shape {array.shape}. {remedy}")
    return array


def _curves(history, shape):
    """{name: (epochs,) float array} of what `fit` returned by a model of this output."""
    if history is None:
        return {}
    curves = getattr(history, "history", history)
    if not isinstance(curves, dict) or not all(
        isinstance(value, Real) for curve in curves.values() for value in np.ravel(curve).tolist()
    ):
        raise TypeError(
            f"`history` must be what `fit` returned, or its dict of curves: got "
            f"{type(history).__name__}. Write history = model.fit(...)."
        )
    curves = {
        name.replace("acc", "accuracy") if name in ("acc", "val_acc") else name: curve
        for name, curve in curves.items()
    }
    for prefix in ("", "val_"):  # of the metrics that Keras names by their kind
        named = [
            n
            for n in curves
            if n.startswith(prefix)
            and n.endswith("_accuracy")
            and n.startswith("val_") == bool(prefix)
            and not _counts_otherwise(n.removeprefix(prefix), shape)
        ]
        if f"{prefix}accuracy" not in curves and len(named) == 1:
            curves[f"{prefix}accuracy"] = curves[named[0]]
    return {name: np.asarray(curve, float) for name, curve in curves.items() if len(curve)}


def _counts_otherwise(name, shape):
    """Whether a metric is no share of pictures: a guess of 0 for ten units is 90 % right."""
    by_unit = name == "binary_accuracy" and isinstance(shape, tuple) and shape[-1] != 1
    return by_unit or "top_k" in name


def _pair(data):
    if data is None:
        return None
    if not isinstance(data, list | tuple) or len(data) < 2:
        raise TypeError(
            f"`validation_data` must be a pair of images and labels, as for `fit`: got "
            f"{type(data).__name__}. Write validation_data=(images, labels)."
        )
    return (_checked_images("validation_data", data[0]), data[1])
