"""Many submitted notebooks, run and graded. Called by ``cnnlab grade``.

``submissions`` runs each in a kernel of its own, by the exercises that ``exercise_files`` finds;
``grades`` is the table.
"""
