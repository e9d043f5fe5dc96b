"""Many submitted notebooks, run and graded. Called by ``cnnlab grade``.

``submissions`` runs each in a kernel of its own, ``grades`` is the table and its journal.
"""
