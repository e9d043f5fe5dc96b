"""Many submitted notebooks, run and graded. Called by ``cnnlab grade``.

``collecting`` finds the notebooks in a folder, ``running`` runs each in a kernel of its own, by the
exercises that ``exercise_files`` finds, ``submissions`` goes through all of them, and ``grades`` is
the table.
"""
