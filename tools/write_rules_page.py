"""Write docs/diagnosis.md: every rule of the diagnosis with its example, which is run.

python tools/write_rules_page.py
"""

import os
import warnings
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from cnnlab.diagnosis import examples
from cnnlab.diagnosis.table import RULES

PAGE = Path(__file__).parent.parent / "docs" / "diagnosis.md"
INTRODUCTION = f"""# Your own model, diagnosed

`diagnose` names what is wrong with a model, with what was measured and the line that mends it:

```python
from cnnlab.diagnosis import diagnose

diagnose(model, images, labels, history)  # a table; empty where nothing is wrong
```

All but the model may be left out; what is not given is not judged. `validation_data=(images,
labels)` is compared with the images. A saved model: `cnnlab diagnose model.keras --data data.npz
--history history.csv`. Nothing is changed in the model. Where a rule cannot be sure, its finding
begins with "perhaps" and says what would decide.

A remedy is Python for `model`, `images`, `labels` or `validation_data`; or a layer, to be written
in place of the named one where the model is built. What was spoilt on the way, as by a shuffle of
the images alone, cannot be mended afterwards: its line belongs where images and labels are loaded.

These are all {len(RULES)} rules, in the order in which their findings are told: causes before what
follows from them. Their examples use small pictures of stripes of three kinds, pieces of three
photographs, and some names:

```python
import keras
import numpy as np
from keras import layers
from cnnlab import weights
from cnnlab.diagnosis.examples import photographs, stripes

pictures, kinds = stripes()  # (240, 8, 12, 1) float32, 0-1
photographs, photograph_kinds = photographs()  # (24, 32, 48, 3) uint8
```
"""


def section(rule, row=None):
    """The section of a rule; `row` holds where, evidence and remedy of its example."""
    told = []
    if row:
        where, evidence, remedy = row
        lines = remedy.replace("; ", "\n")  # one line in the table
        told = ["", f"Found in `{where}`: {evidence}.", "", "```python", lines, "```"]
    return "\n".join(
        [
            f"## {rule.finding}",
            "",
            examples.reason_of(rule.function),
            "",
            "```python",
            examples.example_of(rule.function),
            "```",
            *told,
            "",
            f"Source: {rule.source}.",
            "",
        ]
    )


def told(rule):
    """Where, evidence and remedy of a rule's example."""
    import keras

    from cnnlab.diagnosis import diagnose

    keras.backend.clear_session()
    keras.utils.set_random_seed(1)
    space = examples.names()
    exec(examples.example_of(rule.function), space)
    given = (space[name] for name in ("model", "images", "labels", "history", "validation_data"))
    table = diagnose(*given)
    named = table.finding.str.removeprefix("perhaps ") == rule.finding
    return table[named].iloc[0].tolist()[1:]


def main():
    warnings.simplefilter("ignore")
    sections = [section(rule, told(rule)) for rule in RULES]
    PAGE.write_text("\n".join([INTRODUCTION, *sections]), encoding="utf-8")


if __name__ == "__main__":
    main()
