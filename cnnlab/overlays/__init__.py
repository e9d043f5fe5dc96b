"""What a network sees, drawn on the picture: heat, boxes, masks; and its channels as tiles.

``heat`` draws heat maps on photographs, slices and lines, ``channels`` every channel of a layer,
``annotations`` boxes and masks with their names. Called by lessons, homework and ``widgets``.
"""

from cnnlab.overlays.annotations import draw_boxes, draw_masks
from cnnlab.overlays.channels import show_channels
from cnnlab.overlays.heat import (
    draw_bar,
    draw_heat,
    pixel_range,
    show_heat,
    show_line,
    show_slices,
)

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
