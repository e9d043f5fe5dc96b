"""Models with nothing wrong, for tests/test_diagnosis.py: the course's, and those people bring.

Each entry makes what `diagnose` is given: (model, images, labels, history), or fewer.
"""

import keras
import numpy as np
from keras import layers, ops

from cnnlab import datasets, models, weights
from cnnlab.diagnosis import examples
from cnnlab.transfer import classifier, unfreeze

PICTURES, KINDS = examples.stripes()
PIECES, PIECE_KINDS = examples.photographs(16)


def noise(count, *shape):
    rng = np.random.default_rng(0)
    return rng.uniform(size=(count, *shape)).astype("float32"), rng.integers(0, 5, count)


def digits(count=300):
    split = datasets.load("digits")
    return split.images[:count], split.labels[:count]


def compiled(model, loss=None, rate=1e-3, metrics=("accuracy",)):
    loss = loss or keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(rate), loss, metrics=[*metrics])
    return model


def trained(model, images, labels, epochs=10, rate=1e-3, **given):
    compiled(model, rate=rate, **given)
    history = model.fit(images, labels, epochs=epochs, validation_split=0.2, verbose=0)
    return model, images, labels, history


def stack(*inside, shape=(8, 12, 1)):
    return keras.Sequential([keras.Input(shape), *inside])


def convolution(filters=8, **options):
    return layers.Conv2D(filters, 3, activation="relu", **options)


def two_logits():
    """One logit for two classes, with the accuracy that belongs to it."""
    model = classifier(weights.pretrained("vgg16_slim"), classes=2)
    loss = keras.losses.BinaryCrossentropy(from_logits=True)
    metric = keras.metrics.BinaryAccuracy(threshold=0)
    return compiled(model, loss, metrics=[metric]), PIECES, (PIECE_KINDS > 0).astype(int)


def fine_tuned():
    model = classifier(weights.pretrained("vgg16_slim"), classes=3)
    trained(model, PIECES, PIECE_KINDS, rate=0.01)
    return trained(unfreeze(model, "block5_conv1"), PIECES, PIECE_KINDS, epochs=2, rate=1e-4)[:3]


def augmented():
    augmentation = keras.Sequential([layers.RandomFlip(), layers.RandomRotation(0.1)])
    base = weights.pretrained("vgg16_slim")
    return compiled(classifier(base, 3, augmentation=augmentation)), PIECES, PIECE_KINDS


def two_heads():
    trunk = models.lenet5()
    shared = trunk.get_layer("f6").output
    ends = {
        "digit": layers.Dense(10, name="digit")(shared),
        "loop": layers.Dense(1, name="loop")(shared),
    }
    model = keras.Model(trunk.inputs[0], ends)
    losses = {
        "digit": keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        "loop": keras.losses.BinaryCrossentropy(from_logits=True),
    }
    model.compile(keras.optimizers.Adam(1e-3), losses)
    images, labels = digits()
    both = {"digit": labels, "loop": np.isin(labels, [0, 6, 8, 9]).astype("float32")}
    model.fit(images, both, epochs=3, verbose=0)
    return model, images, both


def residual():
    image = keras.Input((32, 48, 3))
    x = convolution(16, padding="same")(image)
    for _ in range(3):
        y = layers.ReLU()(layers.BatchNormalization()(layers.Conv2D(16, 3, padding="same")(x)))
        y = layers.Conv2D(16, 3, padding="same")(y)
        x = layers.ReLU()(
            layers.Add()([x, layers.BatchNormalization(gamma_initializer="zeros")(y)])
        )
    answer = layers.Dense(5)(layers.GlobalAveragePooling2D()(x))
    return compiled(keras.Model(image, answer)), *noise(32, 32, 48, 3)


def squeezed():
    image = keras.Input((16, 24, 3))
    x = convolution(16)(image)
    gate = layers.Dense(4, activation="relu")(layers.GlobalAveragePooling2D()(x))
    gate = layers.Reshape((1, 1, 16))(layers.Dense(16, activation="sigmoid")(gate))
    answer = layers.Dense(5)(layers.GlobalAveragePooling2D()(layers.Multiply()([x, gate])))
    return compiled(keras.Model(image, answer)), *noise(32, 16, 24, 3)


def transformer():
    image = keras.Input((16, 24, 3))
    x = layers.Reshape((24, 32))(layers.Conv2D(32, 4, strides=4)(image))
    for _ in range(2):
        y = layers.LayerNormalization()(x)
        x = layers.Add()([x, layers.MultiHeadAttention(4, 8)(y, y)])
        y = layers.Dense(64, activation="gelu")(layers.LayerNormalization()(x))
        x = layers.Add()([x, layers.Dense(32)(y)])
    answer = layers.Dense(5)(layers.GlobalAveragePooling1D()(layers.LayerNormalization()(x)))
    return compiled(keras.Model(image, answer)), *noise(32, 16, 24, 3)


def u_net():
    image = keras.Input((16, 24, 3))
    fine = convolution(padding="same")(image)
    coarse = convolution(16, padding="same")(layers.MaxPooling2D()(fine))
    x = layers.Concatenate()([fine, layers.Conv2DTranspose(8, 2, strides=2)(coarse)])
    mask = layers.Conv2D(1, 1, activation="sigmoid")(convolution(padding="same")(x))
    images, _ = noise(20, 16, 24, 3)
    masks = (images.mean(axis=-1, keepdims=True) > 0.5).astype("float32")
    return compiled(keras.Model(image, mask), "binary_crossentropy"), images, masks


def autoencoder():
    up = layers.Conv2DTranspose(8, 3, strides=2, padding="same", activation="relu")
    end = layers.Conv2D(1, 3, padding="same", activation="sigmoid")
    model = stack(convolution(padding="same"), layers.MaxPooling2D(), up, end)
    return compiled(model, "mse", metrics=[]), PICTURES, PICTURES


def estimate():
    model = stack(convolution(), layers.GlobalAveragePooling2D(), layers.Dense(1))
    return compiled(model, "mse", metrics=["mae"]), PICTURES, PICTURES.mean(axis=(1, 2, 3))


def segmentation():
    model = compiled(stack(convolution(padding="same"), layers.Conv2D(3, 1)))
    return model, PICTURES, (PICTURES[..., 0] * 2.99).astype(int)


def several_labels():
    model = stack(convolution(), layers.GlobalAveragePooling2D(), layers.Dense(4, "sigmoid"))
    labels = np.random.default_rng(0).integers(0, 2, (len(PICTURES), 4)).astype("float32")
    return compiled(model, "binary_crossentropy", metrics=["binary_accuracy"]), PICTURES, labels


class Own(keras.Model):
    """A subclassed model, which does not tell its layers."""

    def __init__(self):
        super().__init__()
        self.conv, self.pool = convolution(), layers.GlobalMaxPooling2D()
        self.answer = layers.Dense(3)

    def call(self, x):
        return self.answer(self.pool(self.conv(x)))


def documentation():
    """The convnet of the Keras documentation."""
    images, labels = digits(900)
    parts = [convolution(32), layers.MaxPooling2D(), convolution(64), layers.MaxPooling2D()]
    end = [layers.Flatten(), layers.Dropout(0.5), layers.Dense(10, activation="softmax")]
    rows = keras.utils.to_categorical(labels)
    model = stack(*parts, *end, shape=(28, 28, 1))
    return trained(model, images, rows, loss="categorical_crossentropy", epochs=8)


def normed():
    def part():
        norm = layers.BatchNormalization(momentum=0.9)  # 0.99 would need thousands of steps
        return layers.Conv2D(16, 3, use_bias=False), norm, layers.ReLU()

    parts = [*part(), layers.MaxPooling2D(), *part(), layers.GlobalAveragePooling2D()]
    return trained(stack(*parts, layers.Dense(10), shape=(28, 28, 1)), *digits(1200), rate=1e-3)


def cifar():
    parts = [
        layer
        for filters in (16, 32, 64)
        for layer in (
            convolution(filters, padding="same"),
            convolution(filters, padding="same"),
            layers.MaxPooling2D(),
            layers.Dropout(0.25),
        )
    ]
    end = [layers.Flatten(), layers.Dense(64, "relu"), layers.Dropout(0.5), layers.Dense(5)]
    return compiled(stack(*parts, *end, shape=(32, 32, 3))), *noise(40, 32, 32, 3)


def tokens():
    rows, rng = [layers.Embedding(50, 8), layers.LSTM(8), layers.Dense(1, "sigmoid")], 0
    model = compiled(keras.Sequential([keras.Input((20,)), *rows]), "binary_crossentropy")
    rng = np.random.default_rng(rng)
    return model, rng.integers(0, 50, (40, 20)), rng.integers(0, 2, 40)


def signals():
    parts = [layers.Conv1D(8, 5, activation="relu"), layers.MaxPooling1D()]
    end = [layers.Conv1D(8, 3, activation="relu"), layers.GlobalAveragePooling1D()]
    model = compiled(stack(*parts, *end, layers.Dense(5), shape=(40, 2)))
    return model, *noise(40, 40, 2)


def half():
    wide = [layers.Conv2D(8, 3, activation="relu", dtype="mixed_float16"), layers.Flatten()]
    return compiled(stack(*wide, layers.Dense(3, dtype="float32"))), PICTURES, KINDS


def of_operations():
    image = keras.Input((8, 12, 1))
    x = ops.mean(ops.relu(layers.Conv2D(8, 3)(image)), axis=(1, 2))
    return compiled(keras.Model(image, ops.multiply(layers.Dense(3)(x), 2.0))), PICTURES, KINDS


def leaky():
    bent = [layers.Conv2D(8, 3), layers.LeakyReLU(), layers.Conv2D(8, 3), layers.PReLU()]
    return compiled(stack(*bent, layers.Flatten(), layers.Dense(3))), PICTURES, KINDS


def two_of_one():
    model = stack(convolution(), layers.Flatten(), layers.Dense(2, activation="softmax"))
    rows = keras.utils.to_categorical(KINDS > 0)
    return compiled(model, "categorical_crossentropy"), PICTURES, rows


COURSE = {
    "mlp": lambda: (models.mlp(),),
    "mlp, fresh": lambda: (compiled(models.mlp()), *digits()),
    "mlp, trained": lambda: trained(models.mlp(), *digits(900)),
    "mnist_cnn": lambda: (models.mnist_cnn(), digits()[0]),
    "mnist_cnn, fresh": lambda: (compiled(models.mnist_cnn()), *digits()),
    "mnist_cnn, trained": lambda: trained(models.mnist_cnn(), *digits(1400)),
    "lenet5": lambda: (models.lenet5(), digits()[0]),
    "lenet5, fresh": lambda: (compiled(models.lenet5()), *digits()),
    "lenet5, trained": lambda: trained(models.lenet5(), *digits(1400)),
    "lenet5, pretrained": lambda: (weights.pretrained("lenet5", include_top=True), *digits()),
    "mnist_cnn, pretrained": lambda: (
        compiled(weights.pretrained("mnist_cnn", include_top=True)),
        *digits(),
    ),
    "lenet5, ReLU": lambda: trained(
        models.lenet5(activation="relu", pooling="max"), *digits(900), rate=3e-3
    ),
    "alexnet": lambda: (
        compiled(models.alexnet((67, 99, 3), classes=5)),
        *noise(16, 67, 99, 3),
    ),
    "vgg16": lambda: (
        compiled(models.vgg16(width=0.125, input_shape=(64, 96, 3), classes=5)),
        *noise(20, 64, 96, 3),
    ),
    "vgg13": lambda: (models.vgg13(include_top=False, input_shape=(64, 96, 3)),),
    "vgg16_slim": lambda: (compiled(models.vgg16_slim(classes=5)), *noise(16, 64, 96, 3)),
    "vgg16_slim, pretrained": lambda: (
        weights.pretrained("vgg16_slim"),
        weights.preprocess("vgg16_slim", PIECES),
    ),
    "residual_stack": lambda: (compiled(models.residual_stack(3)), *digits()),
    "classifier": lambda: (
        compiled(classifier(weights.pretrained("vgg16_slim"), 3)),
        PIECES,
        PIECE_KINDS,
    ),
    "classifier, trained": lambda: trained(
        classifier(weights.pretrained("vgg16_slim"), 3), PIECES, PIECE_KINDS, rate=0.02
    ),
    "classifier of two": two_logits,
    "fine-tuned": fine_tuned,
    "augmented": augmented,
    "two heads": two_heads,
}
BROUGHT = {
    function.__name__: function
    for function in (
        residual,
        squeezed,
        transformer,
        u_net,
        autoencoder,
        estimate,
        segmentation,
        several_labels,
        documentation,
        normed,
        cifar,
        tokens,
        signals,
        half,
        of_operations,
        leaky,
        two_of_one,
    )
} | {
    "subclassed": lambda: trained(Own(), PICTURES, KINDS, rate=0.02),
    "not built": lambda: (keras.Sequential([convolution(), layers.Dense(3)]), PICTURES, KINDS),
}
FAMILIES = {  # of Keras Applications: a size on which no map is of one cell, and the largest pixel
    "MobileNet": ((64, 96, 3), 1),
    "MobileNetV2": ((64, 96, 3), 1),
    "MobileNetV3Small": ((64, 96, 3), 255),
    "EfficientNetB0": ((64, 96, 3), 255),
    "EfficientNetV2B0": ((64, 96, 3), 255),
    "ResNet50": ((64, 96, 3), 1),
    "ResNet50V2": ((64, 96, 3), 1),
    "DenseNet121": ((64, 96, 3), 1),
    "VGG16": ((64, 96, 3), 1),
    "VGG19": ((64, 96, 3), 1),
    "Xception": ((96, 128, 3), 1),
    "InceptionV3": ((96, 128, 3), 1),
    "InceptionResNetV2": ((96, 128, 3), 1),
    "NASNetMobile": ((224, 224, 3), 1),
    "ConvNeXtTiny": ((64, 96, 3), 255),
}


def nested(family):
    """A network of Keras Applications, untrained, as the base of a new head."""
    shape, largest = FAMILIES[family]
    base = getattr(keras.applications, family)(weights=None, include_top=False, input_shape=shape)
    image = keras.Input(shape)
    answer = layers.Dense(5)(layers.GlobalAveragePooling2D()(base(image)))
    images, labels = noise(8, *shape)
    images = images * 255 if largest == 255 else images * 2 - 1
    return compiled(keras.Model(image, answer)), images, labels
