"""A saved model diagnosed, for `cnnlab diagnose`: what the command reads and prints."""

from pathlib import Path

import numpy as np
import pandas as pd

DATA = ("images", "labels", "validation_images", "validation_labels")


def diagnosed(file, data=None, history=None):
    """The table of what is wrong with a saved model.

    Args:
        file: a .keras file.
        data: None, or an .npz file that holds `images`, and `labels`, `validation_images` and
            `validation_labels` if there are some.
        history: None, or a .csv file with a column per curve, as `keras.callbacks.CSVLogger`
            writes it.

    Returns:
        What `cnnlab.diagnosis.diagnose` returns.

    Raises:
        ValueError: a file is absent, or is not of its kind.
    """
    for name, path, suffix in [
        ("FILE", file, ".keras"),
        ("--data", data, ".npz"),
        ("--history", history, ".csv"),
    ]:
        if path is not None and not (Path(path).is_file() and Path(path).suffix == suffix):
            raise ValueError(
                f"`{name}` must be a {suffix} file: got {str(path)!r}. "
                f"{_HOW[suffix]} Look at its name and folder."
            )
    import keras

    from cnnlab import models  # noqa: F401 (its layers can be loaded then)
    from cnnlab.diagnosis import diagnose
    from cnnlab.reading import in_prediction  # noqa: F401

    arrays = dict.fromkeys(DATA)
    if data is not None:
        with np.load(data, allow_pickle=False) as stored:
            arrays |= {name: stored[name] for name in DATA if name in stored}
    validation = arrays["validation_images"]
    return diagnose(
        keras.saving.load_model(file),
        arrays["images"],
        arrays["labels"],
        None if history is None else pd.read_csv(history).drop(columns="epoch").to_dict("list"),
        None if validation is None else (validation, arrays["validation_labels"]),
    )


_HOW = {
    ".keras": "Save it: model.save('model.keras').",
    ".npz": "Write it: np.savez('data.npz', images=images, labels=labels).",
    ".csv": "Write it: model.fit(..., callbacks=[keras.callbacks.CSVLogger('history.csv')]).",
}


def lines(table):
    """A table of findings as text.

    Example:
        >>> row = ["one class only", "labels", "all 40 labels are class 0", "images, labels = ..."]
        >>> columns = ["finding", "where", "evidence", "remedy"]
        >>> lines(pd.DataFrame([row], columns=columns))[0]
        '1. one class only (labels)'
    """
    if table.empty:
        return ["nothing found; what was not given (--data, --history) was not looked at"]
    return [
        text
        for number, row in enumerate(table.itertuples(index=False), 1)
        for text in (f"{number}. {row[0]} ({row[1]})", f"   {row[2]}", f"   {row[3]}")
    ]
