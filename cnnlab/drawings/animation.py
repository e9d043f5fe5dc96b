"""Frames that play: pictures with a button, a slider and the arrow keys, all in one output.

Where no script runs (on GitHub, in a notebook that is not trusted, on paper) all frames stand
below each other. It never plays by itself; where the reader has asked the system for less motion,
it goes from frame to frame by hand only.
"""

import base64
import html
import io
import zlib
from pathlib import Path
from string import Template

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from PIL import Image

from cnnlab.comparing.digests import describe

DOTS = 110  # per inch
FRAMES = 60
PAGE = Template(Path(__file__).with_name("animation.html").read_text(encoding="utf-8"))


class Animation:
    """Frames that a notebook plays; its text, which nbval compares, is what they show."""

    def __init__(self, page, text):
        self._page, self._text = page, text

    def _repr_mimebundle_(self, include=None, exclude=None):
        return {"text/html": self._page, "text/plain": self._text}

    def __repr__(self):
        """The captions, and a check of what each frame shows."""
        return self._text


def animate(figures, captions, title="animation", seconds=1.0):
    """Figures as frames, with buttons, a slider and the arrow keys.

    Args:
        figures: 2 to 60 figures of one size, a list or a generator; each is closed when it is
            packed, so that a generator never holds more than one.
        captions: a text per frame, read out and shown below it: what is to be seen.
        title: what is animated.
        seconds: how long a frame stays, at least 0.3.

    Returns:
        An `Animation`: end a cell with it. Show the same beside it as one figure: not every page
        plays.

    Raises:
        ValueError: too few or many frames, not a caption for each, or a time that flickers.

    Example:
        >>> figures = (plt.figure(figsize=(2, 1)) for _ in range(3))
        >>> animate(figures, ["one", "two", "three"], "counting")
        counting: an animation of 3 frames
        1. one (4aae7a28)
        2. two (4aae7a28)
        3. three (4aae7a28)
    """
    captions = [str(caption) for caption in captions]
    if not 2 <= len(captions) <= FRAMES or seconds < 0.3:
        raise ValueError(
            f"`captions` must be 2 to {FRAMES} texts, `seconds` at least 0.3: got {len(captions)} "
            f"and {seconds:g}. Leave out frames; nothing may flash."
        )
    pictures, lines = [], [f"{title}: an animation of {len(captions)} frames"]
    try:
        for number, (figure, caption) in enumerate(zip(figures, captions, strict=True), 1):
            check = zlib.crc32(describe(figure).encode())
            lines.append(f"{number}. {caption} ({check:08x})")
            pictures.append(_packed(figure, number, len(captions), caption))
            plt.close(figure)
    except ValueError as error:
        if "zip()" not in str(error):
            raise
        raise ValueError(
            f"`captions` must be one text per figure: got {len(captions)} texts for "
            f"{'more' if 'shorter' in str(error) else 'fewer'} figures. Give one for each."
        ) from None
    text = "\n".join(lines)
    page = PAGE.substitute(
        name=f"cnnlab-{zlib.crc32(text.encode()):08x}",
        title=html.escape(title, quote=True),
        frames="\n".join(pictures),
        last=len(pictures) - 1,
        wait=round(1000 * seconds),
    )
    return Animation(page, text)


def _packed(figure, number, count, caption):
    """A figure as an HTML figure, its picture inside."""
    canvas, packed = FigureCanvasAgg(figure), io.BytesIO()
    figure.set_dpi(DOTS)
    canvas.draw()
    image = Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB")
    few = image.quantize(64, dither=Image.Dither.NONE).convert("RGB")
    few.save(packed, "webp", lossless=True, quality=100, method=4)
    data = base64.b64encode(packed.getvalue()).decode()
    caption = html.escape(caption, quote=True)
    wide = round(72 * figure.get_figwidth())
    return (
        f'<figure><img width="{wide}" alt="frame {number} of {count}: {caption}" '
        f'src="data:image/webp;base64,{data}"><figcaption>{number} of {count}: {caption}'
        "</figcaption></figure>"
    )
