"""Drawings: what is computed or read from a model, laid out as in a textbook, never by hand.

``sheet`` is the paper, ruled in cells of one size, with numbers in them and signs between.
``strip`` slides a window over it, ``volume`` draws arrays as boxes, ``cone`` a receptive field
from the side, ``planes`` and ``blocks`` (of ``parts``) a network, ``computing`` a sum forwards and
backwards, ``passes`` a small network so, ``through`` a picture
on its way through one, ``weighted`` maps that are added up. ``steps`` are the
frames that ``animation`` plays. ``layout`` gives nodes and arrows their places; ``trunk`` is what
every path through a network passes. Called by ``drawings``, which lessons import, and by
``plots``, which offers `animate`.
"""
