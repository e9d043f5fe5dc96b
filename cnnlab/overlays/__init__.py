"""What a network sees, drawn on the picture: heat, boxes, masks; and its channels as tiles.

``heat`` draws heat maps on photographs, slices and lines, ``channels`` every channel of a layer,
``annotations`` boxes and masks with their names; ``value_range`` says what is black and white.
Called by lessons, homework and ``widgets``.
"""

from cnnlab.overlays.annotations import draw_boxes, draw_masks
from cnnlab.overlays.channels import show_channels
from cnnlab.overlays.heat import (
    draw_bar,
    draw_heat,
    show_heat,
    show_line,
    show_slices,
)
from cnnlab.overlays.value_range import pixel_range

__all__ = [
    "draw_bar",
    "draw_boxes",
    "draw_heat",
    "draw_masks",
    "pixel_range",
    "show_channels",
    "show_heat",
    "show_line",
    "show_slices",
]
