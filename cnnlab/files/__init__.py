"""Files that come in: archives, photographs, and what the course ships or fetches.

``feature_cache`` keeps features in files of its own, for ``transfer``.
``fetch`` is the only module of the package that opens a connection. Called by ``datasets``,
``weights``, ``doctor`` and the command line.
"""
