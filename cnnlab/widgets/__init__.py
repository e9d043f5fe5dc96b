"""Widgets for the lab, each beside a function that draws the same as a picture that stands still.

``sliding`` moves a window over a picture and a field behind a cell, ``editing`` lets nine weights
be typed, ``explorer`` walks through the ``channels`` of a network. Called by the lessons 01 to 03
and 08, and by homework.
"""

from cnnlab.widgets.editing import kernel_editor, show_filtered
from cnnlab.widgets.explorer import channel_explorer, show_channel
from cnnlab.widgets.sliding import show_field, show_window, sliders, sliding_window

__all__ = [
    "channel_explorer",
    "kernel_editor",
    "show_channel",
    "show_field",
    "show_filtered",
    "show_window",
    "sliders",
    "sliding_window",
]
