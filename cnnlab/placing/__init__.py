"""A map of a layer, carried to the pixels of the photograph.

``alignment`` says at which pixels the cells lie, ``map_view`` ends a heat map: scaled to 0-1, and
on the pixels. Called by ``heatmaps`` and ``widgets``.
"""
