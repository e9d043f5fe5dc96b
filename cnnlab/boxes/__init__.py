"""Boxes around objects: how well two agree, which to keep, how good a detector is.

A box is a row (top, left, bottom, right) in pixels, half-open: bottom and right are the first row
and column outside, so that height is bottom - top. Rows may be fractions of a pixel. No boxes at
all are ``[]`` or an array (0, 4), and every function takes them.

``forms`` converts, ``overlap`` compares, ``grid`` encodes for a one-stage detector and decodes its
answers, ``detection`` scores; ``checks`` says what may come. Called by lesson 10, its homework and
``exercises``, and by ``overlays``.
"""

from cnnlab.boxes.detection import average_precision, match, precision_recall
from cnnlab.boxes.forms import FORMS, convert
from cnnlab.boxes.grid import decode, encode
from cnnlab.boxes.overlap import iou, nms

__all__ = [
    "FORMS",
    "average_precision",
    "convert",
    "decode",
    "encode",
    "iou",
    "match",
    "nms",
    "precision_recall",
]
