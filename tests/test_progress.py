"""The bar of a training: where it is shown, what it counts, what the quiet line says."""

from types import SimpleNamespace

import keras
import numpy as np
import pytest

from cnnlab import progress as module
from cnnlab.progress import progress

MODEL = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
MODEL.compile(loss="mse", metrics=["mae"])
X, Y = np.ones((4, 2)), np.ones((4, 1))


def fit(epochs, **arguments):
    """One silent training with the bar as its only callback."""
    MODEL.fit(X, Y, epochs=epochs, verbose=0, callbacks=[progress()], **arguments)


class Bar:
    """Notes what is done to it, in place of tqdm."""

    def __init__(self, total, unit, disable):
        self.total, self.unit, self.disable = total, unit, disable
        self.n, self.shown, self.closed = 0, [], False

    def set_postfix(self, numbers):
        self.shown.append(numbers)

    def update(self, steps):
        self.n += steps

    def close(self):
        self.closed = True


@pytest.fixture
def bar(monkeypatch):
    """The bars that were opened, with someone watching."""
    bars = []
    monkeypatch.setattr(module, "tqdm", lambda **given: bars.append(Bar(**given)) or bars[-1])
    monkeypatch.setattr(module, "_is_shown", lambda: True)
    return bars


@pytest.mark.parametrize(
    ("modules", "terminal", "setting", "shown"),
    [
        ({}, True, None, True),
        ({}, False, None, False),
        ({"ipykernel": object()}, False, None, True),
        ({}, True, "on", True),
        ({}, True, "off", False),
        ({"ipykernel": object()}, False, "OFF", False),
    ],
    ids=["terminal", "pipe", "notebook", "terminal, on", "terminal, off", "notebook, OFF"],
)
def test_the_bar_is_shown_where_someone_watches(monkeypatch, modules, terminal, setting, shown):
    monkeypatch.delenv("CNNLAB_PROGRESS", raising=False)
    if setting:
        monkeypatch.setenv("CNNLAB_PROGRESS", setting)
    stderr = SimpleNamespace(isatty=lambda: terminal)
    monkeypatch.setattr(module, "sys", SimpleNamespace(modules=modules, stderr=stderr))
    assert module._is_shown() is shown


@pytest.mark.parametrize(("epochs", "line"), [(1, "1 epoch done\n"), (3, "3 epochs done\n")])
def test_the_quiet_line_counts_the_epochs_and_nothing_else(monkeypatch, capsys, epochs, line):
    monkeypatch.setenv("CNNLAB_PROGRESS", "off")
    fit(epochs)
    assert capsys.readouterr() == (line, "")


def test_the_quiet_line_counts_the_epochs_run_where_training_stops_early(monkeypatch, capsys):
    monkeypatch.setenv("CNNLAB_PROGRESS", "off")

    class Stop(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            self.model.stop_training = epoch == 1

    MODEL.fit(X, Y, epochs=5, verbose=0, callbacks=[progress(), Stop()])
    assert capsys.readouterr().out == "2 epochs done\n"


def test_the_bar_steps_once_per_epoch_and_shows_every_metric(bar, capsys):
    fit(3, validation_data=(X, Y))
    (only,) = bar
    assert (only.total, only.unit, only.n, only.closed) == (3, "epoch", 3, True)
    assert set(only.shown[-1]) == {"loss", "mae", "val_loss", "val_mae"}
    assert capsys.readouterr().out == ""


def test_the_bar_shows_three_decimals(bar):
    callback = progress()
    callback.set_params({"epochs": 1})
    callback.on_train_begin()
    callback.on_epoch_end(0, {"loss": 0.12345})
    assert bar[0].shown == [{"loss": "0.123"}]


def test_of_a_metric_with_a_value_per_class_the_bar_shows_the_mean(bar):
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(3, activation="softmax")])
    model.compile(loss="categorical_crossentropy", metrics=[keras.metrics.F1Score(name="f1")])
    classes = np.eye(3)[[0, 1, 2, 2]]
    model.fit(X, classes, epochs=2, verbose=0, callbacks=[progress()], validation_data=(X, classes))
    shown = bar[0].shown[-1]
    assert list(shown) == ["mean f1", "loss", "mean val_f1", "val_loss"]
    per_class = model.evaluate(X, classes, verbose=0)[1]
    assert shown["mean val_f1"] == f"{sum(per_class) / 3:.3f}"


def test_one_callback_serves_a_second_training(bar):
    callback = progress()
    for epochs in (2, 1):
        MODEL.fit(X, Y, epochs=epochs, verbose=0, callbacks=[callback])
    assert [opened.n for opened in bar] == [2, 1]


def test_the_quiet_line_of_a_second_training_counts_from_nought(monkeypatch, capsys):
    monkeypatch.setenv("CNNLAB_PROGRESS", "off")
    callback = progress()
    for epochs in (2, 1):
        MODEL.fit(X, Y, epochs=epochs, verbose=0, callbacks=[callback])
    assert capsys.readouterr().out == "2 epochs done\n1 epoch done\n"


def test_a_continued_training_counts_its_own_epochs(monkeypatch, capsys):
    monkeypatch.setenv("CNNLAB_PROGRESS", "off")
    fit(5, initial_epoch=3)
    assert capsys.readouterr().out == "2 epochs done\n"


def test_the_bar_of_a_continued_training_ends_full(bar):
    fit(5, initial_epoch=3)
    assert (bar[0].n, bar[0].total) == (5, 5)
