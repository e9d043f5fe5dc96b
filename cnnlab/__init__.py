"""cnnlab: convolutional networks by hand, measured and looked into.

Lessons and homework import from the modules, for example ``from cnnlab.convolution import conv2d``.
The folders hold what these stand on; each says in a paragraph who calls it. A module imports only
rooms (modules and folders) that stand above it here:

- floor 0, NumPy and pandas: ``sizes``, ``arrays``, ``convolution``, ``pooling``, ``kernels``,
  ``reading``, ``receptive_field``, ``costs``, ``scores``, ``boxes``, ``files``, ``datasets``
- floor 1, Keras: ``models``, ``weights``, ``progress``, ``gradients``, ``feature_maps``,
  ``patterns``, ``placing``, ``heatmaps``, ``faithfulness``, ``transfer``, ``diagnosis``,
  ``adversarial``, ``painting``
- floor 2, pictures, interaction and the command line: ``comparing``, ``panels``,
  ``drawings``, ``plots``, ``overlays``, ``widgets``,
  ``exercises``, ``doctor``, ``grading``, ``command``

One module of a folder stands higher than its folder, for it needs TensorFlow: ``reading.tracing``.
"""

import gc
import os
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path

__version__ = "0.1.0"


@contextmanager
def _native_stderr_silenced():
    """Everything written to file descriptor 2, kept back, and shown only if an error leaves.

    TensorFlow's libraries write their log below Python, where TF_CPP_MIN_LOG_LEVEL does not
    reach all of it.
    """
    sys.stderr.flush()
    saved = os.dup(2)
    with tempfile.TemporaryFile() as log:
        os.dup2(log.fileno(), 2)
        try:
            yield
        except BaseException:
            log.seek(0)
            os.write(saved, log.read())
            raise
        finally:
            os.dup2(saved, 2)
            os.close(saved)


@contextmanager
def _garbage_left():
    """No search for garbage: an import makes little, and TensorFlow's is a fifth faster so."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _draw_once():
    """A notebook draws a figure to print it; the shell would have it drawn before that as well."""
    import matplotlib
    import matplotlib.pyplot as plt

    if "inline" in (matplotlib.get_backend(auto_select=False) or ""):
        plt.switch_backend(matplotlib.get_backend())  # now: later it would set the hook again
        plt.uninstall_repl_displayhook()


def _figures_say_what_they_show():
    """In a notebook a figure's text, which nbval compares, is what it shows and not its size.

    Its picture is a drawing where it is a chart, and else as sharp as on a good screen.
    """
    from IPython import get_ipython

    from cnnlab.comparing.digests import be_text_of_figures
    from cnnlab.comparing.formats import be_picture_of_figures

    if shell := get_ipython():
        be_text_of_figures(shell)
        be_picture_of_figures(shell)


def _check_backend(backend):
    if backend != "tensorflow":
        raise ValueError(
            f"Keras's backend must be tensorflow: got {backend!r}. "
            "Unset KERAS_BACKEND (or edit ~/.keras/keras.json) and restart the kernel."
        )


def setup(seed=0):
    """The first cell of every lesson: seeds, plot style, a figure's own text, a quiet TensorFlow.

    Args:
        seed: the seed of Python's, NumPy's and Keras's random numbers, an integer >= 0.

    Raises:
        ValueError: Keras runs on another backend than TensorFlow.

    Example:
        >>> import cnnlab
        >>> cnnlab.setup(seed=0)
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    _check_backend(os.environ.get("KERAS_BACKEND", "tensorflow"))
    with _native_stderr_silenced(), _garbage_left():
        import keras
        import tensorflow as tf

        tf.zeros(1) + 1  # the first operation is what starts TensorFlow's devices and their log
        tf.get_logger().setLevel("ERROR")  # or it warns of retracing where models are many
    _check_backend(keras.config.backend())  # keras.json can name one too
    import matplotlib.pyplot as plt

    keras.utils.set_random_seed(seed)
    plt.style.use(Path(__file__).with_name("panels") / "cnnlab.mplstyle")
    _draw_once()
    _figures_say_what_they_show()  # last: to start the backend takes every text away
    if not gc.get_freeze_count():
        gc.freeze()  # what was imported stays: each search for garbage would go through all of it
