"""The rules by which mistakes in a model are found, one function each, and what they read.

A ``case`` holds all that was given: the model as a graph, its ``heads`` with their loss and labels,
its pictures, its training's history, and one ``run`` on a batch. The rules are grouped by what
they read: ``inputs``, ``sets``, ``augmentation``, ``answers``, ``losses``, ``metrics``,
``labelling``, ``pairing``, ``settings``, ``learning_rates``, ``structure``, ``fields``, ``signals``
and ``curves``. They give ``finding.Finding``s; ``table`` lists them in the order in which they are
told, with their sources, and each docstring holds an example. Called by ``diagnosis``.
"""
