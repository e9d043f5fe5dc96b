"""Drawings from arrays and models: networks, windows, receptive fields and gradients as pictures.

- of a sum: `film_strip` (a window at all its positions), `draw_volume` (boxes of channels),
  `draw_graph` (a computation, numbers forward and gradients back), `draw_sum` (a heat map as the
  weighted sum of maps);
- of any Keras model: `draw_planes` (its maps, to scale), `draw_blocks` (its layers and what they
  read), `draw_cone` (a receptive field from the side), `draw_through` (a picture on its way),
  `draw_passes` (values and gradients of a small one);
- step by step, for `plots.animate`: `convolution_step`, `im2col_step`, `pooling_step`.

All give a Matplotlib figure; its only Axes is ``figure.axes[0]``. Nothing in them is placed by
hand, so they draw your own arrays and networks as well.
"""

from cnnlab.drawing.blocks import draw_blocks
from cnnlab.drawing.computing import draw_graph
from cnnlab.drawing.cone import draw_cone
from cnnlab.drawing.passes import draw_passes
from cnnlab.drawing.planes import draw_planes
from cnnlab.drawing.steps import convolution_step, im2col_step, pooling_step
from cnnlab.drawing.strip import film_strip
from cnnlab.drawing.through import draw_through
from cnnlab.drawing.volume import draw_volume
from cnnlab.drawing.weighted import draw_sum

__all__ = [
    "convolution_step",
    "draw_blocks",
    "draw_cone",
    "draw_graph",
    "draw_passes",
    "draw_planes",
    "draw_sum",
    "draw_through",
    "draw_volume",
    "film_strip",
    "im2col_step",
    "pooling_step",
]
