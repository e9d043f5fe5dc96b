"""A Keras model, read and run from outside, without a trace left on it.

``graph`` reads it as a plain graph, in which ``kinds`` tells the layers apart. ``layer_windows``
says which cells one layer sees (a ``window``), ``layer_axes`` where it puts the axes of the input,
and ``fields`` what every layer of a model sees of that.
``model_inputs`` checks images as the model takes them, ``looking`` chooses the layer that a heat
map looks at, ``tracing`` compiles a question to the model, and ``per_model`` keeps what was worked
out until the ``state`` of the model changes. ``logits``, ``bounds`` and the ``library`` of compiled
functions read a traced answer backwards, and ``plausible`` looks at its values; ``own_head`` finds
the layer that makes answers of features. A layer that runs ``in_prediction`` calls a network.
``private_names`` holds the private names of libraries. Called by ``receptive_field``,
``costs``, ``gradients``, ``feature_maps``, ``patterns``, ``heatmaps``,
``faithfulness``, ``transfer``, ``models``, ``diagnosis`` and ``widgets``.
"""
