"""What the widgets draw, and remember while somebody moves a slider.

``channels`` holds the answers of a layer to all photographs, and draws one of its channels.
Called by ``widgets``.
"""
