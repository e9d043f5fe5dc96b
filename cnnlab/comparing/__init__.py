"""What nbval compares of a notebook, and how.

``digests`` says in words what a figure shows. Called by ``plots``.
"""
