"""A model diagnosed: the mistakes that everybody makes, named with evidence and a remedy.

`diagnose` looks at the graph, the compile settings, some pictures with their labels, and the
history of a training; what is not given is not judged. ``given`` checks what came and makes a
``case`` of it: the model as a graph, its ``heads`` with their loss and labels, its pictures, its
training's history, and one ``run`` on a batch. The rules are a function each, grouped by what they
read: ``inputs``, ``ranges``, ``planes``, ``sets``, ``validation``, ``turned``, ``augmentation``,
``answers``, ``losses``, ``outweighed``, ``metrics``, ``labelling``, ``counting``, ``rare_classes``,
``pairing``, ``settings``, ``learning_rates``, ``plans``, ``steps``, ``structure``, ``merging``,
``dense_layers``, ``receptive_fields``, ``signals``, ``randomness``, ``same_answers`` and
``curves``. What they ask: ``neighbours`` of pictures that look alike, ``copies`` of a picture,
``probing`` of labels, a ``renaming`` of classes, ``bases`` of trained networks, ``rates`` of
learning rates, ``memory`` of weights that stand where they started, ``own_parts`` of which Keras
cannot make a copy, and a ``sampling`` of pictures. They give a ``finding``. ``first_causes``,
``causes`` and ``table`` list each ``rule`` in the order in which they are told, with their
``sources``; each docstring holds an example, which ``examples`` takes out of it. Called by
lessons, homework, ``exercises`` and ``command``.
"""

import pandas as pd

from cnnlab.arrays.threads import one_thread
from cnnlab.diagnosis.given import case_of
from cnnlab.diagnosis.table import RULES

COLUMNS = ("finding", "where", "evidence", "remedy")


def diagnose(model, images=None, labels=None, history=None, validation_data=None):
    """What is wrong with a model, causes first; an empty table where nothing is.

    Nothing is changed in the model: weights, statistics, what is frozen, seeds, the optimiser.

    Args:
        model: a Keras model, compiled or not.
        images: what ``model(images)`` accepts, such as (N, H, W, C), as they go into `fit`; or
            None. The model is run on at most 64 of them.
        labels: what goes into `fit` beside them: (N,) or (N, classes), several in a dict or list.
        history: what `fit` returned, or its dict of curves; or None.
        validation_data: a pair of images and labels, to be compared with the others.

    Returns:
        A DataFrame with a row per mistake: finding; where (a layer, "compile", "images", "labels"
        or "history"); evidence; remedy, a line of Python to paste, which changes `model`,
        `images`, `labels` or `validation_data`, or a layer "in place of" the named ones; what was
        spoilt on the way belongs "where they are loaded". Where a
        rule cannot be sure, the finding begins with "perhaps" and the evidence ends in what would
        decide. Only `diagnosis.table` lists more.

    Raises:
        TypeError: `model` is not a Keras model, `images` are no arrays, `history` is no history.

    Example:
        >>> import keras
        >>> head = keras.layers.Dense(1, activation="softmax", name="head")
        >>> model = keras.Sequential([keras.Input((8, 12, 3)), keras.layers.Flatten(), head])
        >>> diagnose(model).loc[0, "finding"]
        'softmax over one unit'
        >>> print(diagnose(model).loc[0, "remedy"])
        model.get_layer('head').activation = keras.activations.sigmoid

    Source: each rule names its own, in `cnnlab.diagnosis.table`. The idea to find mistakes by
        structure and behaviour: Schoop, Huang & Hartmann (2021), UMLAUT; Nikanjam et al. (2021),
        NeuraLint; Wardat, Le & Rajan (2021), DeepLocalize; Zhang et al. (2021), AutoTrainer.
    """
    with one_thread():  # networks and products of pictures take turns
        case = case_of(model, images, labels, history, validation_data)
        rows = [rule.row(found) for rule in RULES for found in rule.function(case)]
    return pd.DataFrame(rows, columns=list(COLUMNS))
