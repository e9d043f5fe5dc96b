"""One line of progress per epoch."""

import os
import sys

import keras
import numpy as np
from tqdm.auto import tqdm


def _is_shown():
    """Whether someone is watching: a terminal or a notebook, and CNNLAB_PROGRESS is not off."""
    if os.environ.get("CNNLAB_PROGRESS", "on").lower() == "off":
        return False
    return "ipykernel" in sys.modules or sys.stderr.isatty()


def bar(items, unit):
    """The items one by one, with a bar that grows by a step per item where somebody watches.

    Args:
        items: anything with a length to loop over.
        unit: what one item is called beside the bar.

    Example:
        >>> list(bar(range(3), unit="batch"))
        [0, 1, 2]
    """
    return tqdm(items, unit=unit, disable=not _is_shown())


def _shown(logs):
    """Each number with three decimals; of a metric of several, as one per class, their mean."""
    return {
        f"mean {name}" if np.ndim(value) else name: f"{np.mean(np.asarray(value)):.3f}"
        for name, value in logs.items()
    }


class progress(
    keras.callbacks.Callback
):  # lower case: used like a function: callbacks=[progress()]
    """A bar that grows by one step per epoch and shows the epoch's numbers.

    For ``fit(verbose=0, callbacks=[progress()])``. Where nobody watches (no terminal and no
    notebook, or ``CNNLAB_PROGRESS=off``) it prints one final line instead, without any number
    that could differ between two machines.

    Example:
        >>> import keras, numpy as np
        >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
        >>> model.compile(loss="mse")
        >>> x, y = np.ones((4, 2)), np.ones((4, 1))
        >>> _ = model.fit(x, y, epochs=3, verbose=0, callbacks=[progress()])
        3 epochs done
    """

    def on_train_begin(self, logs=None):
        """Opens the bar."""
        self._bar = tqdm(total=self.params["epochs"], unit="epoch", disable=not _is_shown())
        self._epochs = 0

    def on_epoch_end(self, epoch, logs=None):
        """One step, with the metrics of the epoch beside it."""
        self._epochs += 1
        self._bar.set_postfix(_shown(logs or {}))
        self._bar.update(epoch + 1 - self._bar.n)  # not 1: a continued training starts later

    def on_train_end(self, logs=None):
        """Closes the bar, or prints the one quiet line."""
        self._bar.close()
        if self._bar.disable:
            print(f"{self._epochs} epoch{'s' if self._epochs != 1 else ''} done")
