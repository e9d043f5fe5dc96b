"""A Keras model, read and run from outside, without a trace left on it.

``graph`` reads it as a plain graph, in which ``kinds`` tells the layers apart. ``layer_windows``
says which cells one layer sees (a ``window``), ``layer_axes`` where it puts the axes of the input,
and ``fields`` what every layer of a model sees of that.
``model_inputs`` checks images as the model takes them, ``looking`` chooses the layer that a heat
map looks at, ``tracing`` compiles a question to the model, and ``per_model`` keeps what was worked
out until the ``state`` of the model changes. ``logits``, ``bounds`` and the ``library`` of compiled
functions read a traced answer backwards, and ``plausible`` looks at its values; ``own_head`` finds
the layer that makes answers of features, ``linear_head`` the end for which CAM is defined, and
``default_layer`` the one that a heat map looks at. ``outputs`` and ``one_output`` tell which answer
is meant, ``answers`` which class and places of it; ``picture_axes`` where the rows of a picture
are, ``tokens`` which inputs are none, ``value_range`` what becomes of their values. A layer that
runs ``in_prediction`` calls a network.
``private_names`` holds the private names of libraries. Called by ``receptive_field``,
``costs``, ``gradients``, ``feature_maps``, ``patterns``, ``heatmaps``, ``faithfulness``,
``adversarial``, ``painting``, ``transfer``, ``models``, ``drawings``, ``diagnosis``, ``widgets``
and ``command``.
"""
