"""A network that runs as in prediction, also while a model around it is trained.

Keras passes ``training=True`` of `fit` on to everything inside a model, whatever ``training=`` a
network was called with when the model was built.
"""

import inspect

import keras

from cnnlab.reading import private_names


def in_prediction(network):
    """The network itself, where nothing in it behaves differently in training; else around it.

    Args:
        network: a `keras.Model`.

    Returns:
        A layer that answers as ``network(x, training=False)`` does.

    Example:
        >>> from keras import layers
        >>> network = keras.Sequential([keras.Input((8, 12, 3)), layers.Dropout(0.5)])
        >>> type(in_prediction(network)).__name__
        'InPrediction'
    """
    return InPrediction(network, name=network.name) if _looks_at_training(network) else network


@keras.saving.register_keras_serializable("cnnlab")
class InPrediction(keras.layers.Layer):
    """A layer that calls a network with ``training=False``.

    Attributes:
        in_prediction: the network.
    """

    def __init__(self, network, **kwargs):
        """Takes the network, which is used, not copied."""
        super().__init__(**kwargs)
        self.in_prediction = network

    def call(self, inputs):
        """What the network answers."""
        return self.in_prediction(inputs, training=False)

    def compute_output_shape(self, input_shape):
        """That of the network."""
        return self.in_prediction.compute_output_shape(input_shape)

    def get_config(self):
        """With the network, for saving."""
        network = keras.saving.serialize_keras_object(self.in_prediction)
        return {**super().get_config(), "network": network}

    @classmethod
    def from_config(cls, config):
        """The layer that was saved."""
        network = keras.saving.deserialize_keras_object(config.pop("network"))
        return cls(network, **config)


def _looks_at_training(layer):
    """Whether a layer, or one inside it, can tell training from prediction."""
    passes_on = type(layer) is keras.Sequential or type(layer).__name__ == "Functional"
    if not passes_on and "training" in inspect.signature(layer.call).parameters:
        return True
    return any(map(_looks_at_training, private_names.sublayers(layer)))
