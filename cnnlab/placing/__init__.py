"""A map of a layer, laid over the photograph.

``alignment`` says at which pixels the cells lie, ``map_view`` is what all heat maps share, from the
checked batch to the finished map. Called by ``heatmaps``, ``faithfulness`` and ``widgets``.
"""
