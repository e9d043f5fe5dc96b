"""What the pictures of the course are made of: panels of a given size, texts and signs to be read.

``rows`` places panels, signs of arithmetic and a colour bar to the dot, ``signs`` chooses between
black and white text and marks what is negative. Called by ``plots``, ``drawings``, ``overlays`` and
``widgets``.
"""
