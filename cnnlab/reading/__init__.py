"""A Keras model, read and run from outside, without a trace left on it.

``graph`` reads it as a plain graph; ``layer_windows`` says what one layer sees of its input.
``model_inputs`` checks images as the model takes them, ``tracing`` compiles a question to it, and
``per_model`` keeps what was worked out. Called by ``receptive_field``, ``costs``, ``gradients``,
``feature_maps``, ``patterns``, ``transfer`` and ``placing``.
"""
