"""Files that come in: archives, photographs, and what the course ships or fetches.

``shipped`` says where the course's own files lie, ``checksums`` whether they are what was shipped.
``archives`` and ``photographs`` are read, ``feature_cache`` keeps features for ``transfer``.
``fetch`` is the only module of the package that opens a connection. Called by ``datasets``,
``weights``, ``transfer``, ``doctor``, ``widgets``, ``grading`` and ``command``.
"""
