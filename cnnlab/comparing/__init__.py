"""What nbval compares of a notebook, and how: the code of ``cnnlab compare`` and ``cnnlab store``.

``digests`` says in words what a figure shows, by the ``marks`` of its parts, ``formats`` in which
form it is stored, ``guards`` what a comparison would not notice, ``setting`` where notebooks run
(``pinned.env``, ``sanitize.cfg``, ``offline``). ``comparison`` starts pytest with nbval and
``plugin``, ``changed_cells`` makes a table of its report; ``storing`` runs notebooks, ``tidying``
makes their outputs small. Called by ``command``; the digests, marks and formats also by ``panels``,
``plots``, ``drawings``, ``overlays`` and ``cnnlab.setup``, the setting by ``grading``, the plugin
by ``notebooks/conftest.py``.
"""
