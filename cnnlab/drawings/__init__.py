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

Inside, ``sheet`` is the paper, ruled in cells of one size, with numbers in them and signs between.
``strip`` slides a window over it, ``volume`` draws arrays as boxes, ``cone`` a receptive field
from the side, ``planes`` and ``blocks`` (of ``parts``) a network, ``computing`` a sum forwards and
backwards, ``passes`` a small network so, ``through`` a picture on its way through one, ``weighted``
maps that are added up. ``steps`` are the frames that ``animation`` plays. ``layout`` gives nodes
and arrows their places; ``trunk`` is what every path through a network passes. Called by lessons
and homework, and by ``plots``, which offers `animate`.
"""

from cnnlab.drawings.blocks import draw_blocks
from cnnlab.drawings.computing import draw_graph
from cnnlab.drawings.cone import draw_cone
from cnnlab.drawings.passes import draw_passes
from cnnlab.drawings.planes import draw_planes
from cnnlab.drawings.steps import convolution_step, im2col_step, pooling_step
from cnnlab.drawings.strip import film_strip
from cnnlab.drawings.through import draw_through
from cnnlab.drawings.volume import draw_volume
from cnnlab.drawings.weighted import draw_sum

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
