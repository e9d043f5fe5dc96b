"""Models with one mistake each, and their neighbours without it, for tests/test_diagnosis.py.

Each is a text of Python that is run with the names of `cnnlab.diagnosis.examples` and those below;
it makes `model` and, where they matter, `images`, `labels`, `history` and `validation_data`. A
second broken model per finding (the first stands in the docstring of its rule), and a healthy one
that comes near.
"""

import keras
from keras import layers

from cnnlab.diagnosis import examples


def small(*end, shape=(8, 12, 1), before=()):
    """A convolution, a maximum, and what is given."""
    conv = layers.Conv2D(6, (3, 5), activation="relu", name="conv")
    return keras.Sequential([keras.Input(shape), *before, conv, layers.GlobalMaxPooling2D(), *end])


def dense(*stack, shape=(8, 12, 1)):
    """The given layers behind a Flatten."""
    return keras.Sequential([keras.Input(shape), layers.Flatten(name="flat"), *stack])


def sparse(from_logits=True):
    return keras.losses.SparseCategoricalCrossentropy(from_logits=from_logits)


def fitting(model, loss=None, optimizer=None, metrics=("accuracy",)):
    """The model, compiled; by default for logits and class numbers."""
    model.compile(optimizer or keras.optimizers.Adam(0.01), loss or sparse(), metrics=[*metrics])
    return model


def names():
    """What a broken model's text may use."""
    return examples.names() | {
        "small": small,
        "dense": dense,
        "sparse": sparse,
        "fitting": fitting,
        "binary": keras.losses.BinaryCrossentropy,
        "at_0": keras.metrics.BinaryAccuracy(threshold=0),
    }


PAIR = "images, labels = pictures, kinds\n"
ROWS = "images, labels = pictures, keras.utils.to_categorical(kinds)\n"
TWO = "images, labels = pictures, (kinds > 0).astype(int)\n"
SOUND = "model = fitting(small(layers.Dense(3)))\n"
MOBILE = """
base = keras.applications.MobileNet((64, 96, 3), alpha=0.25, include_top=False, weights=None)
for layer in base.layers:
    if isinstance(layer, layers.BatchNormalization):
        layer.moving_mean.assign(layer.moving_mean + 0.01)
base.trainable = False
average = layers.GlobalAveragePooling2D()
model = fitting(keras.Sequential([keras.Input((64, 96, 3)), base, average, layers.Dense(3)]))
labels = photograph_kinds
images = photographs.repeat(2, axis=1).repeat(2, axis=2)
"""
TRUNK = """
trunk = keras.Sequential([keras.Input((8, 12, 1)), layers.Conv2D(8, 3, name="conv"),
    layers.BatchNormalization(name="norm"), layers.ReLU()], name="trunk")
trunk.get_layer("norm").moving_mean.assign(trunk.get_layer("norm").moving_mean + 0.1)
trunk.get_layer("conv").bias.assign(trunk.get_layer("conv").bias + 0.1)
"""
NORMED = """
model = keras.Sequential([
    keras.Input((8, 12, 1)), layers.Conv2D(8, 3),
    layers.BatchNormalization(momentum={}, name="norm"), layers.ReLU(),
    layers.GlobalMaxPooling2D(), layers.Dense(3),
])
images, labels = 2 * pictures + 6, kinds
fitting(model, optimizer=keras.optimizers.Adam(0.05)).fit(images, labels, epochs=10, verbose=0)
"""
DIGITS = """
from cnnlab import datasets
digits = datasets.load("digits")
images, labels = digits.images[:64], digits.labels[:64]
base = weights.pretrained("lenet5")
"""
LEARNED = """
model = fitting(small(layers.Dense({})), {}, keras.optimizers.Adam(0.03))
model.fit(pictures, {}, epochs=15, verbose=0)
"""
LONG = '"accuracy": [0.4, 0.5, 0.6, 0.7, 0.8, 0.9]}'

TWO_ENDS = """
image = keras.Input((8, 12, 1))
x = layers.GlobalMaxPooling2D()(layers.Conv2D(8, 3, activation="relu")(image))
ends = [layers.Dense(3, name="kind")(x), layers.Dense({}, name="grey")(x)]
model = keras.Model(image, ends)
model.compile(keras.optimizers.Adam(0.01), [sparse(), {}])
"""
TRUNK_IN_A_LOOP = """
import tensorflow as tf
trunk = keras.Sequential([keras.Input((8, 12, 1)), layers.Conv2D(8, 3),
    layers.BatchNormalization(name="norm"), layers.ReLU(), layers.GlobalMaxPooling2D()])
model = keras.Sequential([trunk, layers.Dense(3, activation="softmax")])
loss, optimizer = sparse(False), keras.optimizers.Adam(0.01)
for step in range(30):
    with tf.GradientTape() as tape:
        value = loss(labels, model(images, {}))
    slopes = tape.gradient(value, model.trainable_variables)
    optimizer.apply(slopes, model.trainable_variables)
"""
COLOURED = """
colours = np.array([[1.0, 0.2, 0.2], [1.0, 0.7, 0.2], [0.7, 0.7, 0.7]])
others, other_kinds = stripes(80, seed=1)
others = others * colours[other_kinds][:, None, None]
images, labels = (255 * pictures * colours[kinds][:, None, None]).astype("uint8"), kinds
model = fitting(small(layers.Dense(3), shape=(8, 12, 3), before=[layers.Rescaling(1 / 255)]))
model.optimizer.learning_rate = 0.03
model.fit(images, labels, epochs=15, verbose=0)
"""
SHADED = """
labels = keras.utils.to_categorical(kinds > 1)
images = (127 * pictures + 128 * labels[:, 1, None, None, None]).astype("uint8")
end = layers.Dense(2, activation="softmax")
model = small(end, before=[layers.Rescaling(1 / 255)])
fitting(model, "categorical_crossentropy", keras.optimizers.Adam(0.03))
model.fit(images, labels, epochs=15, verbose=0)
"""
LENET = """
from cnnlab import datasets
digits, others = datasets.load("digits"), datasets.load("digits", "test")
images, labels = digits.images[:200], digits.labels[:200]
model = weights.pretrained("lenet5", include_top=True)
"""
MEASURED = """
images, labels = pictures, pictures.mean(axis=(1, 2))
others = stripes(80, seed=1)[0]
validation_data = others, others.mean(axis=(1, 2))
model = small(layers.Dense(1))
model.compile("adam", "mse", metrics=["mae"])
"""
WIDE = """
from cnnlab import datasets
digits = datasets.load("digits")
labels = digits.labels[:200]
before = [layers.AveragePooling2D(4)]
model = fitting(small(layers.Dense(10), shape=(28, 24, 1), before=before))
"""
PLANNED = """
model = fitting(small(layers.Dense(3)))
lower = {}
history = model.fit(images, labels, epochs={}, callbacks=[lower], verbose=0,
    validation_data=stripes(80, seed=1))
"""
STREAM = """
import tensorflow as tf
model = fitting(small(layers.Dense(3)))
stream = tf.data.Dataset.from_tensor_slices((images, labels)).repeat().batch(20)
history = model.fit(stream, steps_per_epoch={}, epochs={}, shuffle=False, verbose=0)
"""
CALLED = """
image = keras.Input((8, 12, 1))
x = layers.{}(image, training={})
x = layers.GlobalMaxPooling2D()(layers.Conv2D(8, 3, activation="relu")(x))
model = fitting(keras.Model(image, layers.Dense(3)(x)))
"""
BROKEN = {
    "metrics given as loss_weights": ROWS + "model = small(layers.Dense(3, activation='softmax'))\n"
    "model.compile('adam', 'categorical_crossentropy', [keras.metrics.CategoricalAccuracy()])",
    "rows without a class": "images, labels = pictures, keras.utils.to_categorical(kinds)\n"
    "labels[::9] = 0\n"
    "model = fitting(small(layers.Dense(3, activation='softmax')), 'categorical_crossentropy')",
    "class 0 never occurs": "images, labels = pictures, kinds + 1\n"
    "model = fitting(small(layers.Dense(4)))",
    "leak between sets: mirrored or in another light": "images = np.concatenate([photographs, "
    "photographs // 2]) / 255\nlabels = np.tile(photograph_kinds, 2)\n"
    "loaded = photographs / 255, photograph_kinds\n"
    "pool = layers.AveragePooling2D(4)\n"
    "model = fitting(small(layers.Dense(3), shape=(32, 48, 3), before=[pool]))\n"
    "history = {'loss': [1.1, 0.9, 0.7], 'val_loss': [1.1, 0.9, 0.8]}",
    "answers that add up to more than 1": ROWS
    + "conv = layers.Conv2D(3, 3, activation='softmax', name='last')\n"
    + "model = fitting(keras.Sequential([keras.Input((8, 12, 1)), conv, layers.Flatten(),\n"
    "    layers.Reshape((-1,))]), sparse(False))\nlabels = kinds",
    "images left empty": "images = np.concatenate([np.full_like(pictures[:5], 0.5), pictures])\n"
    "labels = keras.utils.to_categorical(np.append([2, 0, 1, 1, 2], kinds))\n"
    "model = fitting(small(layers.Dense(3, activation='softmax')), 'categorical_crossentropy')",
    "rows cut at another width": WIDE + "loaded = digits.images[:200, 2:26], digits.labels[:200]\n"
    "images = loaded[0].reshape(200, 28, 24, 1)",
    "joined with itself": PAIR + "image = keras.Input((8, 12, 1))\n"
    "x = layers.Conv2D(8, 3, activation='relu')(image)\n"
    "x = layers.Subtract()([x, x])\n"
    "model = fitting(keras.Model(image, layers.Dense(3)(layers.Flatten()(x))))",
    "maps joined along the picture": PAIR + "image = keras.Input((8, 12, 1))\n"
    "x = layers.Conv2D(8, 3, activation='relu')(image)\n"
    "x = layers.Concatenate(axis=-2)([x, layers.Conv2D(8, 3, padding='same')(x)])\n"
    "model = fitting(keras.Model(image, layers.Dense(3)(layers.GlobalMaxPooling2D()(x))))",
    "images wrapped round 256": "loaded = photographs / 255, photograph_kinds\n"
    "images = (photographs + np.array(100, 'uint8')) / 127.5 - 1\nlabels = photograph_kinds\n"
    "before = [layers.AveragePooling2D(4)]\n"
    "model = fitting(small(layers.Dense(3), shape=(32, 48, 3), before=before))",
    "batch norm over rows": PAIR + "norm = layers.BatchNormalization(axis=2)\n"
    "model = fitting(keras.Sequential([keras.Input((8, 12, 1)), layers.Conv2D(8, 3), norm,\n"
    "    layers.ReLU(), layers.GlobalMaxPooling2D(), layers.Dense(3)]))",
    "strides taken for the kernel": PAIR
    + "convs = [layers.Conv2D(8, 3, 3, activation='relu', padding='same') for _ in range(2)]\n"
    "model = fitting(keras.Sequential([keras.Input((8, 12, 1)), *convs, layers.Flatten(), "
    "layers.Dense(3)]))",
    "pooling in steps of 1": PAIR + "pool = layers.AveragePooling2D(2, 1)\n"
    "model = fitting(keras.Sequential([keras.Input((8, 12, 1)), pool, layers.Conv2D(8, 3), "
    "layers.ReLU(),\n    layers.Flatten(), layers.Dense(3)]))",
    "a channel that tells nothing": PAIR
    + "images = np.concatenate([images, 1 - images, images / 2, 0 * images + 255], axis=-1)\n"
    "images[..., :3] *= 255\n"
    "rescaled = layers.Rescaling(1 / 255)\n"
    "model = fitting(small(layers.Dense(3), shape=(8, 12, 4), before=[rescaled]))",
    "NaN in the images": SOUND + PAIR + "images = pictures / np.where(kinds < 1, 0, 1)[:, None,"
    " None, None]",
    "images of another shape": SOUND + PAIR + "images = np.repeat(pictures, 3, axis=-1)",
    "images and labels differ in number": SOUND + PAIR + "images = pictures[:100]",
    "labels are names": SOUND + "images, labels = pictures, np.array(['a', 'b', 'c'], object)"
    "[kinds]",
    "softmax over one unit": TWO
    + "model = fitting(small(layers.Dense(1), layers.Softmax()), 'binary_crossentropy')",
    "one answer for every place": ROWS
    + "conv = layers.Conv2D(3, (3, 5), activation='softmax', name='last')\n"
    + "model = keras.Sequential([keras.Input((8, 12, 1)), layers.Conv2D(4, 3, activation='relu'),"
    "\n    layers.MaxPooling2D(name='pool'), layers.Dense(3, activation='softmax')])\n"
    + "fitting(model, 'categorical_crossentropy')",
    "one unit with a categorical loss": TWO + "model = fitting(small(layers.Dense(1)))",
    "one-hot labels with a sparse loss": SOUND + ROWS,
    "class numbers with a loss for rows": PAIR
    + "model = fitting(small(layers.Dense(3, activation='sigmoid')), 'binary_crossentropy')",
    "several classes with a softmax": "images = pictures\n"
    "labels = np.stack([kinds == 0, kinds != 1, kinds >= 0], axis=1).astype('float32')\n"
    "model = fitting(small(layers.Dense(3, activation='softmax')), 'binary_crossentropy')",
    "labels out of range": "images, labels = pictures, np.where(kinds > 0, 1, -1)\n"
    "model = fitting(small(layers.Dense(1, activation='sigmoid')), 'binary_crossentropy')",
    "softmax twice": TWO + "end = layers.Dense(1, activation='sigmoid')\n"
    "model = fitting(small(end, layers.Activation('sigmoid')), 'binary_crossentropy')",
    "softmax over the wrong axis": "images, labels = pictures, (pictures[..., 0] > 0.5) * 1\n"
    "conv = layers.Conv2D(2, 3, padding='same', name='conv')\n"
    "model = keras.Sequential([keras.Input((8, 12, 1)), conv, layers.Softmax(axis=1)])\n"
    "fitting(model, sparse(False))",
    "ReLU on the output": TWO
    + "model = fitting(small(layers.Dense(1), layers.ReLU()), binary(from_logits=True), None, "
    "[at_0])",
    "tanh on the output": TWO
    + "end = layers.Dense(1, activation='tanh')\n"
    + "model = fitting(small(end), binary(from_logits=True), None, [at_0])",
    "probabilities with from_logits": TWO
    + "end = layers.Dense(1, activation='sigmoid')\n"
    + "model = fitting(small(end), binary(from_logits=True))",
    "logits without from_logits": TWO
    + "model = fitting(small(layers.Dense(1)), 'binary_crossentropy')",
    "sigmoid for exclusive classes": ROWS
    + "end = layers.Dense(3, activation='sigmoid')\n"
    + "model = fitting(small(end), 'categorical_crossentropy')",
    "softmax with a binary loss": ROWS
    + "model = fitting(small(layers.Dense(3), layers.Softmax()), binary())",
    "dropout or batch norm behind the answer": PAIR
    + "model = fitting(small(layers.Dense(3), layers.Dropout(0.4, name='drop')))",
    "one class only": "model = fitting(small(layers.Dense(3, activation='softmax')), "
    "'categorical_crossentropy')\nloaded = pictures, keras.utils.to_categorical(kinds)\n"
    "images, labels = pictures[kinds == 2], keras.utils.to_categorical(kinds)[kinds == 2]",
    "NaN in the weights": SOUND + PAIR + "conv = model.get_layer('conv')\n"
    "conv.bias.assign(conv.bias + np.array([0, 0, np.inf, 0, 0, 0]))",
    "NaN in the network": PAIR
    + "root = layers.Lambda(lambda x: keras.ops.sqrt(x - 0.5), name='root')\n"
    + "model = fitting(small(layers.Dense(3), before=[root]))",
    "images all alike": SOUND
    + "loaded = pictures, kinds\nimages, labels = 0 * pictures + 0.5, kinds",
    "sorted and not shuffled": "order = np.argsort(kinds)\nimages = pictures[order]\n"
    "labels = keras.utils.to_categorical(kinds[order])\n"
    "model = fitting(small(layers.Dense(3, activation='softmax')), 'categorical_crossentropy',\n"
    "    keras.optimizers.Adam(0.03))\n"
    "history = model.fit(images, labels, epochs=3, shuffle=False, batch_size=10, verbose=0)",
    "stopped while improving": "images, labels = pictures, kinds\n"
    "model = fitting(small(layers.Dense(3)))\n"
    "stops = keras.callbacks.EarlyStopping('val_loss', mode='max', patience=2)\n"
    "history = model.fit(images, labels, epochs=9, callbacks=[stops], verbose=0,\n"
    "    validation_data=stripes(40, seed=1))\n"
    "history.history = {'loss': [1.1, 0.9, 0.7], 'val_loss': [1.2, 1.1, 1.0],\n"
    "    'val_accuracy': [0.4, 0.5, 0.6]}",
    "images cast to whole numbers": "import cnnlab.datasets\n"
    "digits = cnnlab.datasets.load('digits')\nloaded = digits.images[:99], digits.labels[:99]\n"
    "images, labels = np.floor(loaded[0]), loaded[1]\n"
    "model = fitting(small(layers.Dense(10), shape=(28, 28, 1)))",
    "normalisation never adapted": PAIR
    + "images = 255 * pictures\nimage = keras.Input((8, 12, 1))\n"
    "x = layers.Normalization(axis=None, name='norm')(layers.Identity()(image))\n"
    "x = layers.GlobalMaxPooling2D()(layers.Conv2D(6, 3, activation='relu')(x))\n"
    "model = fitting(keras.Model(image, layers.Dense(3)(x)))",
    "answers that cannot reach the labels": "images, labels = pictures, 2 * pictures - 1\n"
    "last = layers.Conv2D(1, 3, padding='same', activation='sigmoid', name='last')\n"
    "model = keras.Sequential([keras.Input((8, 12, 1)), last])\nmodel.compile('adam', 'mae')",
    "augmentation that moves only the picture": "image = keras.Input((8, 12, 1))\n"
    "x = layers.RandomTranslation(0.2, 0.2, name='shift')(image)\n"
    "x = layers.Conv2D(1, 3, padding='same', activation='sigmoid', name='conv')(x)\n"
    "model = keras.Model(image, x)\nmodel.compile('adam', 'binary_crossentropy')\n"
    "images, labels = pictures, (pictures > 0.5).astype(int)",
    "augmentation in another range": "image = keras.Input((32, 48, 3))\n"
    "x = layers.RandomContrast(0.2, value_range=(0, 1), name='contrast')(image)\n"
    "x = layers.Conv2D(4, 5, strides=3, activation='relu')(layers.Rescaling(1 / 255)(x))\n"
    "model = fitting(keras.Model(image, layers.Dense(3)(layers.GlobalMaxPooling2D()(x))))\n"
    "images, labels = photographs, photograph_kinds",
    "nothing trainable": PAIR
    + "model = small(layers.Dense(3))\nfor layer in model.layers:\n    layer.trainable = False\n"
    "fitting(model)",
    "base with its own head": "image = keras.Input((32, 48, 3))\n"
    "x = layers.Conv2D(8, 5, strides=3, activation='relu')(image)\n"
    "x = layers.Conv2D(8, 5, strides=3, activation='relu')(x)\n"
    "x = layers.Dense(20, name='classes')(layers.Flatten(name='flat')(x))\n"
    "base = keras.Model(image, x, name='base')\n"
    "answers = layers.Dense(3)(base(image))\nloss = sparse()\n"
    "model = fitting(keras.Model(image, answers), loss)\n"
    "images, labels = photographs / 255, photograph_kinds",
    "softmax between layers": PAIR
    + "stack = [layers.Dense(16), layers.Softmax(name='squeezed'), layers.Dense(3)]\n"
    + "model = fitting(dense(*stack))",
    "images scaled otherwise than the base wants": MOBILE + "images = images / 255",
    "images scaled twice": PAIR
    + "before = [layers.Rescaling(1 / 255), layers.Rescaling(1 / 255, name='again')]\n"
    + "model = fitting(small(layers.Dense(3), before=before))\nimages = 255 * pictures",
    "images not scaled": SOUND + PAIR + "images = (255 * pictures).astype('uint8')",
    "images prepared for another range": "scale = layers.Rescaling(1 / 255, name='scale')\n"
    "model = fitting(small(layers.Dense(3), before=[scale]))\n"
    "images, labels = (pictures - pictures.mean()) / pictures.std(), kinds",
    "channels first": "image = keras.Input((1, 32, 48))\n"
    "x = layers.Conv2D(8, 3, padding='same')(layers.Rescaling(1 / 255, name='scaled')(image))\n"
    "x = layers.ReLU()(layers.Add()([x, layers.Conv2D(8, 1)(x)]))\n"
    "model = fitting(keras.Model(image, layers.Dense(3)(layers.GlobalMaxPooling2D()(x))))\n"
    "images, labels = photographs.mean(axis=-1)[:, None], photograph_kinds",
    "reshape in place of a transpose": DIGITS
    + "images = np.ascontiguousarray(images[:, 2:26].transpose(1, 2, 3, 0)).reshape(64, 24, 28, 1)"
    + "\nmodel = fitting(small(layers.Dense(10), shape=(24, 28, 1)))",
    "one layer used again": PAIR + "x = image = keras.Input((8, 12, 1))\n"
    "x = layers.Conv2D(6, 3, padding='same', activation='relu')(x)\n"
    "conv = layers.Conv2D(6, 3, padding='same', name='conv')\nfor _ in range(3):\n"
    "    x = layers.MaxPooling2D(padding='same')(layers.ReLU()(layers.BatchNormalization()("
    "conv(x))))\nmodel = fitting(keras.Model(image, layers.Dense(3)(layers.Flatten()(x))))",
    "no way for gradients": PAIR
    + "stop = layers.Lambda(keras.ops.stop_gradient, name='stop')\n"
    + "model = fitting(small(stop, layers.Dense(3)))",
    "no non-linearity between layers": PAIR
    + "model = fitting(dense(layers.Dense(32, name='hidden'), layers.Dropout(0.2), "
    "layers.Dense(3)))",
    "units all alike": PAIR
    + "model = fitting(dense(layers.Dense(16, 'relu', kernel_initializer='zeros',\n"
    "    bias_initializer='ones', name='hidden'), layers.Dense(3)))",
    "changed after compile": PAIR
    + "model = small(layers.Dense(3))\nmodel.get_layer('conv').trainable = False\n"
    "fitting(model).fit(images, labels, verbose=0)\nmodel.get_layer('conv').trainable = True",
    "frozen layers that should learn": PAIR
    + "model = dense(layers.Dense(4, activation='relu', name='hidden'), layers.Dense(3))\n"
    "model.get_layer('hidden').trainable = False\nfitting(model)",
    "base unfrozen under a random head": DIGITS
    + "model = fitting(keras.Model(base.inputs, layers.Dense(10)(layers.Flatten()(base.output))))",
    "batch norm of a frozen base in training mode": PAIR
    + TRUNK
    + "trunk.get_layer('conv').trainable = False\n"
    "model = fitting(keras.Sequential([trunk, layers.Flatten(), layers.Dense(3)]))",
    "weights that do not move": PAIR
    + "model = fitting(small(layers.Dense(3)), optimizer=keras.optimizers.Adam(0.0))",
    "map of one cell too early": PAIR
    + "model = fitting(keras.Sequential([keras.Input((8, 12, 1)),\n"
    "    layers.Conv2D(8, 3, activation='relu'), layers.AveragePooling2D((6, 10), name='pool'),\n"
    "    layers.Conv2D(8, (1, 3), padding='same', activation='relu'),\n"
    "    layers.Flatten(), layers.Dense(3)]))",
    "exploding gradients": PAIR
    + "large = keras.initializers.RandomNormal(stddev=5.0)\n"
    + "model = fitting(keras.Sequential([keras.Input((8, 12, 1)),\n"
    "    *[layers.Conv2D(8, 3, padding='same', activation='relu', kernel_initializer=large)\n"
    "      for _ in range(3)], layers.Flatten(), layers.Dense(3)]))",
    "vanishing gradients": PAIR + "model = fitting(keras.Sequential([keras.Input((8, 12, 1)),\n"
    "    *[layers.Conv2D(8, 3, padding='same', activation='sigmoid') for _ in range(10)],\n"
    "    layers.Flatten(), layers.Dense(3)]))",
    "saturated units": PAIR
    + "start = keras.initializers.Constant(20.0)\n"
    + "model = fitting(dense(layers.Dense(16, 'sigmoid', bias_initializer=start), "
    "layers.Dense(3)))",
    "dead ReLUs": PAIR
    + "start = keras.initializers.RandomUniform(-0.2, -0.1)\n"
    + "model = fitting(dense(layers.Dense(16, kernel_initializer=start), layers.ReLU(), "
    "layers.Dense(3)))",
    "random at test time, such as augmentation": PAIR
    + "class Noise(layers.Layer):\n    def call(self, x):\n"
    "        return x * keras.random.uniform((8, 12, 1))\n"
    + "model = fitting(small(layers.Dense(3), before=[Noise(name='noise')]))",
    "learning rate far too high or too low": PAIR
    + "model = fitting(small(layers.Dense(3)), optimizer=keras.optimizers.SGD(10.0))",
    "one loss outweighs another": PAIR
    + TWO_ENDS.format(1, "'mse'")
    + "labels = [kinds, 255 * pictures.mean(axis=(1, 2))]\n"
    "model.fit(images, labels, epochs=2, verbose=0)",
    "batch norm never in training mode": PAIR + TRUNK_IN_A_LOOP.format("training=False"),
    "classes numbered otherwise in validation": ROWS
    + LEARNED.format("3, activation='softmax'", "'categorical_crossentropy'", "labels")
    + "others, other_kinds = stripes(80, seed=1)\n"
    "validation_data = others, keras.utils.to_categorical(np.array([0, 2, 1])[other_kinds])",
    "rare class not recognised": "keep = np.concatenate([np.flatnonzero(kinds < 1),\n"
    "    np.flatnonzero(kinds > 0)[:10]])\n"
    "images, labels = pictures[keep], (kinds[keep] > 0).astype(int)\n"
    "model = fitting(small(layers.Dense(1, activation='sigmoid')), 'binary_crossentropy')\n"
    "model.fit(images, labels, epochs=4, class_weight={0: 1, 1: 0.1}, verbose=0)",
    "images scaled in two ways": SOUND
    + PAIR
    + "images = np.where(np.arange(240)[:, None, None, None] % 5 == 0, pictures, 255 * pictures)",
    "channels in another order in validation": COLOURED
    + "validation_data = (255 * others[..., ::-1]).astype('uint8'), other_kinds",
    "turned otherwise in validation": LENET
    + "validation_data = np.rot90(others.images, 1, (1, 2)), others.labels",
    "black and white exchanged in validation": SHADED
    + "validation_data = 255 - images[::3], labels[::3]",
    "labels scaled otherwise in validation": MEASURED + "labels = 12 * labels",
    "measured numbers not scaled": MEASURED
    + "labels, validation_data = 2000 + 40 * labels, None\nmodel.fit(images, labels, verbose=0)",
    "loss that rewards wrong answers": ROWS
    + "def agreement(truth, answer):\n    return keras.ops.sum(truth * answer, axis=-1)\n"
    + "model = small(layers.Dense(3, activation='softmax'))\n"
    "model.compile(keras.optimizers.Adam(0.01), agreement)",
    "penalty larger than the loss": PAIR
    + "model = fitting(dense(layers.Dense(32, 'relu', kernel_regularizer="
    "keras.regularizers.L2(5.0)), layers.Dense(3)))",
    "class order": "model = fitting(small(layers.Dense(1)), binary(from_logits=True),\n"
    "    keras.optimizers.Adam(0.03), [at_0])\n"
    "model.fit(pictures, kinds == 0, epochs=15, verbose=0)\n"
    "images, labels = pictures, (kinds > 0).astype(int)",
    "the same picture in two classes": "images = np.concatenate([pictures, pictures[5:6]])\n"
    "labels = keras.utils.to_categorical(np.append(kinds, (kinds[5] + 2) % 3))\n"
    "model = fitting(small(layers.Dense(3, activation='softmax')), 'categorical_crossentropy')",
    "labels shuffled against images": SOUND + "loaded = pictures, kinds\n"
    "images, labels = pictures[::-1], kinds",
    "sorted before the split": "order = np.argsort(kinds)\n"
    "images, labels = pictures[order], keras.utils.to_categorical(kinds[order])\n"
    "model = fitting(small(layers.Dense(3, activation='softmax')), 'categorical_crossentropy')\n"
    "history = {'accuracy': [0.4, 0.9, 1.0], 'val_accuracy': [0.1, 0.0, 0.05]}",
    "leak between sets: the same pictures": "images, labels = photographs[:20], None\n"
    "rescaled = layers.Rescaling(1 / 255)\npool = layers.AveragePooling2D(4)\n"
    "model = small(layers.Dense(3), shape=(32, 48, 3), before=[rescaled, pool])\n"
    "validation_data = photographs[15:], photograph_kinds[15:]",
    "leak between sets: nearly the same": "images, labels = photographs[:16], None\n"
    "rescaled = layers.Rescaling(1 / 255)\npool = layers.AveragePooling2D(4)\n"
    "model = small(layers.Dense(3), shape=(32, 48, 3), before=[rescaled, pool])\n"
    "noise = np.random.default_rng(0).integers(0, 9, (3, 32, 48, 3))\n"
    "copies = np.clip(photographs[:3] + noise, 0, 255).astype('uint8')\n"
    "validation_data = np.concatenate([photographs[16:], copies]), np.zeros(11)",
    "loss below zero": "images = pictures\n"
    "end = layers.Dense(3, activation='softmax')\n"
    "model = fitting(small(end), 'categorical_crossentropy')\n"
    "history = {'loss': [0.9, 0.1, -0.4], 'accuracy': [0.1, 0.1, 0.1]}",
    "loss is NaN": "images, labels = pictures, kinds\n"
    "model = fitting(dense(layers.Dense(16, activation='relu'), layers.Dense(3)),\n"
    "    optimizer=keras.optimizers.Adam(0.09))\nhistory = {'loss': [float('inf'), 2.0, 3.0]}",
    "learning rate too high": "images, labels = pictures, kinds\n"
    "model = fitting(dense(layers.Dense(16, activation='relu'), layers.Dense(3)),\n"
    "    optimizer=keras.optimizers.SGD(1.0))\nhistory = {'loss': [1.2, 1.21, 1.25, 3.3]}",
    "learning rate too low": "images, labels = pictures, kinds\n"
    "model = fitting(dense(layers.Dense(16, activation='relu'), layers.Dense(3)),\n"
    "    optimizer=keras.optimizers.SGD(1e-5))\n"
    "history = {'loss': [1.31, 1.309, 1.308, 1.307, 1.306], 'accuracy': [0.3] * 5}",
    "statistics not settled": NORMED.format(0.999),
    "accuracy of logits": TWO
    + "model = fitting(small(layers.Dense(1)), binary(from_logits=True), None, "
    "[keras.metrics.BinaryAccuracy()])",
    "accuracy of a measured number": "images, labels = pictures, pictures.mean(axis=(1, 2))\n"
    "model = fitting(dense(layers.Dense(8, activation='relu'), layers.Dense(1)), "
    "'mean_absolute_error')",
    "squared error of classes": PAIR
    + "model = fitting(small(layers.Dense(3)), 'mean_squared_error', None, [])",
    "overfitting": "images, labels, validation_data = pictures, kinds, stripes(80, seed=1)\n"
    "model = fitting(dense(layers.Dense(32, activation='relu'), layers.Dense(3)))\n"
    "history = {'loss': [0.9, 0.4, 0.2, 0.1, 0.05, 0.02],\n"
    "           'val_loss': [0.9, 0.6, 0.7, 0.7, 0.9, 1.0]}",
    "too few epochs": "images, labels = pictures, kinds\n"
    "model = fitting(dense(layers.Dense(16, activation='relu'), layers.Dense(3)))\n"
    "history = {'loss': [1.1, 0.9, 0.7, 0.5], 'val_loss': [1.2, 1.0, 0.8, 0.6],\n"
    "           'val_accuracy': [0.3, 0.4, 0.5, 0.6]}",
    "nothing learned": "images, labels = pictures, (kinds > 0).astype(int)\n"
    "model = fitting(dense(layers.Dense(16, activation='relu'), layers.Dense(1)),\n"
    "    binary(from_logits=True), None, [at_0])\n"
    "history = {'loss': [0.70, 0.69, 0.69, 0.70, 0.69], 'binary_accuracy': [0.5] * 5}",
    "one answer for all": TWO
    + "model = dense(layers.Dense(16, activation='relu'), layers.Dense(1, 'sigmoid', name='end'))"
    "\nfitting(model, 'binary_crossentropy').fit(images, labels, verbose=0)\n"
    "model.get_layer('end').bias.assign([-9.0])",
    "imbalance": "rare = np.flatnonzero(kinds == 1)[:3]\n"
    "keep = np.concatenate([np.flatnonzero(kinds == 2), rare])\n"
    "images, labels = pictures[keep], keras.utils.to_categorical(kinds[keep])\n"
    "model = fitting(small(layers.Dense(3, activation='softmax')), 'categorical_crossentropy')",
    "bottleneck before the answer": "model = dense(layers.Dense(64, activation='relu'),\n"
    "    layers.Dense(3, name='narrow'), layers.ReLU(), layers.Dropout(0.2),\n"
    "    layers.Dense(8, activation='softmax'))",
    "filters and kernel size exchanged": "x = image = keras.Input((32, 48, 3))\n"
    "x = layers.Conv2D(8, 3, activation='relu')(x)\n"
    "x = layers.Conv2D(4, 8, activation='relu')(x)\n"
    "model = keras.Model(image, layers.Dense(3)(layers.GlobalMaxPooling2D()(x)))",
    "dropout of nearly all": PAIR
    + "drop = layers.SpatialDropout2D(0.8, name='drop')\n"
    + "model = fitting(small(layers.Dense(3), before=[layers.Conv2D(4, 3, activation='relu'), "
    "drop]))",
    "receptive field smaller than the object": "model = keras.Sequential([\n"
    "    keras.Input((96, 64, 3)), layers.Conv2D(8, 3, activation='relu'), layers.MaxPooling2D(),"
    "\n    layers.Conv2D(8, 3, activation='relu', name='last'), layers.GlobalMaxPooling2D(),\n"
    "    layers.Dense(3)])",
    "receptive field larger than the image": "model = keras.Sequential([keras.Input((12, 16, 1)),\n"
    "    layers.MaxPooling2D(2), layers.MaxPooling2D(2),\n"
    "    *[layers.Conv2D(4, 3, padding='same', activation='relu', name=f'c{n}')\n"
    "      for n in range(8)], layers.Flatten(), layers.Dense(3)])",
    "dense layer that holds 90 % of the parameters": "model = keras.Sequential([\n"
    "    keras.Input((32, 48, 3)), layers.Conv2D(8, 3, padding='same', activation='relu'),\n"
    "    layers.Flatten(name='flat'), layers.Dropout(0.5), layers.Dense(128, activation='relu'),\n"
    "    layers.Dense(2)])",
    "labels are fractions": TWO
    + "labels = labels / 255\nend = layers.Dense(1, activation='sigmoid')\n"
    + "model = fitting(small(end), 'binary_crossentropy')",
    "labels of another shape": ROWS + "labels = labels[:, None]"
    "\nmodel = fitting(small(layers.Dense(3, activation='softmax')), 'categorical_crossentropy')",
    "metric that cannot measure this": PAIR
    + "end = layers.Dense(3, activation='softmax')\n"
    + "model = fitting(small(end), sparse(False), None, ['binary_accuracy'])",
    "sets scaled otherwise": "images, labels = pictures, kinds\n"
    "loaded_validation = stripes(40, seed=1)\n"
    "loaded_validation = np.round(255 * loaded_validation[0]), loaded_validation[1]\n"
    "model = fitting(small(layers.Dense(3)))\n"
    "history = {'loss': [1.1, 0.9, 0.7], 'val_loss': [91.0, 84.0, 99.0]}",
    "sets of different classes": "few = kinds < 2\nimages, labels = pictures[few], kinds[few]\n"
    "validation_data = stripes(40, seed=1)\nmodel = fitting(small(layers.Dense(3)))",
    "augmentation that changes classes": "turn = layers.RandomRotation(0.5, name='turn')\n"
    "up = np.tile(np.linspace(1, 0, 8)[:, None], (240, 1, 12))[..., None]\n"
    "images = np.where((kinds > 0)[:, None, None, None], up, 1 - up) + pictures / 4\n"
    "labels = (kinds > 0).astype(int)\n"
    "model = small(layers.Dense(1), before=[turn])\n"
    "fitting(model, binary(from_logits=True), None, [at_0])",
    "augmentation too strong": PAIR
    + "noise = layers.GaussianNoise(1.0, name='noise')\n"
    + "model = fitting(small(layers.Dense(3), before=[noise]))",
    "stride larger than the kernel": PAIR
    + "pool = layers.MaxPooling2D((2, 1), strides=(3, 2), name='pool')\n"
    + "model = fitting(keras.Sequential([keras.Input((8, 12, 1)), layers.Conv2D(4, 3), "
    "layers.ReLU(), pool,\n    layers.Flatten(), layers.Dense(3)]))",
    "map of one channel": PAIR + "model = fitting(keras.Sequential([keras.Input((8, 12, 1)),\n"
    "    layers.Conv2D(8, 3, activation='relu'), layers.Conv2D(1, 1, name='narrow'), layers.ReLU(),"
    "\n    layers.MaxPooling2D(), layers.Conv2D(8, (1, 3), activation='relu'),\n"
    "    layers.Flatten(), layers.Dense(3)]))",
    "batch as large as the data": "images, labels = pictures, kinds\n"
    "model = fitting(dense(layers.Dense(8, activation='relu'), layers.Dense(3)))\n"
    "history = model.fit(images, labels, batch_size=120, epochs=3, verbose=0)",
    "optimiser that holds back": PAIR
    + "model = fitting(small(layers.Dense(3)), optimizer=keras.optimizers.Adam(epsilon=10.0))",
    "worse than in its training": "model = fitting(small(layers.Dense(3)), None, "
    "keras.optimizers.Adam(0.03))\n"
    "history = model.fit(pictures, kinds, epochs=15, verbose=0)\n"
    "images, labels = 0.15 - 0.1 * pictures, kinds",
    "learning rate that grows": SOUND + PAIR + "history = {'loss': [1.1, 0.9, 1.6, float('nan')],\n"
    "    'learning_rate': [1e-3, 1e-2, 0.1, 1.0]}",
    "learning rate that ran out": PAIR
    + "plan = keras.optimizers.schedules.ExponentialDecay(1e-3, 1, 0.5)\n"
    "model = fitting(small(layers.Dense(3)), optimizer=keras.optimizers.Adam(plan))\n"
    "history = model.fit(images, labels, batch_size=4, epochs=2, verbose=0)",
    "learning rate lowered while improving": PAIR
    + PLANNED.format("keras.callbacks.ReduceLROnPlateau('val_loss', min_delta=9, patience=1)", 6),
    "epochs of few steps": PAIR + STREAM.format(1, 8),
    "random where called": PAIR + CALLED.format("Dropout(0.4)", True),
    "momentum too long": PAIR
    + "model = fitting(small(layers.Dense(3)), None, keras.optimizers.SGD(0.001, momentum=0.999))\n"
    "model.fit(images, labels, verbose=0)",
    "labels smoothed away": TWO
    + "model = fitting(small(layers.Dense(1, activation='sigmoid')), binary(label_smoothing=1))",
    "channels first in one layer": PAIR
    + "pool = layers.MaxPooling2D(data_format='channels_first', name='pool')\n"
    "model = fitting(keras.Sequential([keras.Input((8, 12, 1)), layers.Conv2D(8, 3), layers.ReLU(),"
    "\n    layers.Conv2D(8, 3, activation='relu'), pool, layers.Flatten(), layers.Dense(3)]))",
}

ALL_RIGHT = SOUND + PAIR
HEALTHY = {
    "metrics given as loss_weights": ROWS + "model = small(layers.Dense(3, activation='softmax'))\n"
    "model.compile('adam', 'categorical_crossentropy', [2], ['accuracy'])",
    "rows without a class": "images, labels = pictures, keras.utils.to_categorical(kinds)[:, :2]\n"
    "model = fitting(small(layers.Dense(2, activation='sigmoid')), 'binary_crossentropy', None,\n"
    "    ['binary_accuracy'])",
    "class 0 never occurs": SOUND
    + "images, labels = pictures[kinds > 0][:12], kinds[kinds > 0][:12]",
    "learning rate that grows": PAIR
    + PLANNED.format(
        "keras.callbacks.LearningRateScheduler(lambda epoch: 0.03 * min(1, (epoch + 1) / 20))", 25
    ),
    "learning rate that ran out": PAIR
    + PLANNED.format(
        "keras.callbacks.LearningRateScheduler(lambda epoch: 0.03 * 0.8 ** epoch)", 20
    ),
    "learning rate lowered while improving": PAIR
    + PLANNED.format(
        "keras.callbacks.LearningRateScheduler(lambda epoch: 0.03 / 2 ** (epoch // 3))", 15
    ),
    "epochs of few steps": PAIR + STREAM.format(3, 60),
    "random where called": PAIR + CALLED.format("RandomFlip()", True),
    "momentum too long": PAIR
    + "model = fitting(small(layers.Dense(3)), None, keras.optimizers.SGD(0.01, momentum=0.99))",
    "labels smoothed away": ROWS
    + "smooth = keras.losses.CategoricalCrossentropy(label_smoothing=0.2)\n"
    "model = fitting(small(layers.Dense(3, activation='softmax')), smooth)",
    "channels first in one layer": PAIR + "flat = layers.Flatten(data_format='channels_first')\n"
    "model = fitting(keras.Sequential([keras.Input((8, 12, 1)), layers.Conv2D(8, 3), layers.ReLU(),"
    "\n    layers.MaxPooling2D(), flat, layers.Dense(3)]))",
    "leak between sets: mirrored or in another light": SOUND
    + "images = np.concatenate([pictures, pictures[:, :, ::-1]])\nlabels = np.tile(kinds, 2)\n"
    "validation_data = stripes(150, seed=1)",
    "answers that add up to more than 1": PAIR
    + "conv = layers.Conv2D(3, 3, activation='softmax')\n"
    "model = fitting(keras.Sequential([keras.Input((8, 12, 1)), conv, "
    "layers.GlobalAveragePooling2D()]), sparse(False))",
    "images left empty": "nothing = np.zeros_like(pictures[:20])\n"
    "images = np.concatenate([pictures, nothing])\n"
    "labels = np.append(kinds, np.full(20, 3))\nmodel = fitting(small(layers.Dense(4)))",
    "rows cut at another width": WIDE.replace("28, 24", "24, 28")
    + "images, labels = digits.images[:200, 2:26], digits.labels[:200]",
    "joined with itself": PAIR + "image = keras.Input((8, 12, 1))\n"
    "x = layers.Conv2D(8, 3, activation='relu')(image)\n"
    "x = layers.Add()([x, layers.Multiply()([x, x])])\n"
    "model = fitting(keras.Model(image, layers.Dense(3)(layers.Flatten()(x))))",
    "maps joined along the picture": PAIR + "image = keras.Input((8, 12, 1))\n"
    "ways = [layers.Conv2D(4, n, padding='same', activation='relu')(image) for n in (3, 5)]\n"
    "x = layers.Flatten()(layers.Concatenate(axis=3)(ways))\n"
    "model = fitting(keras.Model(image, layers.Dense(3)(x)))",
    "images wrapped round 256": "rng = np.random.default_rng(0)\n"
    "images = (240 - 220 * (rng.random((60, 16, 24, 1)) < 0.4) + rng.integers(-3, 4, "
    "(60, 16, 24, 1))).astype('uint8')\nlabels = rng.integers(0, 3, 60)\n"
    "before = [layers.Rescaling(1 / 255)]\n"
    "model = fitting(small(layers.Dense(3), shape=(16, 24, 1), before=before))",
    "batch norm over rows": PAIR
    + "ends = [layers.BatchNormalization(axis=3), layers.ReLU(), layers.Flatten(),\n"
    "    layers.Dense(8, use_bias=False), layers.BatchNormalization(axis=1), layers.ReLU()]\n"
    "model = fitting(keras.Sequential([keras.Input((8, 12, 1)), layers.Conv2D(8, 3), *ends,\n"
    "    layers.Dense(3)]))",
    "strides taken for the kernel": PAIR
    + "convs = [layers.Conv2D(8, 3, 3, activation='relu'), layers.Conv2D(8, 2, 2, "
    "activation='relu')]\n"
    "model = fitting(keras.Sequential([keras.Input((8, 12, 1)), *convs, layers.Flatten(), "
    "layers.Dense(3)]))",
    "pooling in steps of 1": PAIR
    + "pools = [layers.MaxPooling2D(3, strides=1, padding='same'), layers.MaxPooling2D(3, 2)]\n"
    "model = fitting(keras.Sequential([keras.Input((8, 12, 1)), layers.Conv2D(8, 3), "
    "layers.ReLU(),\n    *pools, layers.Flatten(), layers.Dense(3)]))",
    "a channel that tells nothing": PAIR
    + "near = (pictures.mean(axis=(1, 2), keepdims=True) > 0.5) + 0 * pictures\n"
    "images = np.concatenate([images, 1 - images, images / 2, near], axis=-1)\n"
    "model = fitting(small(layers.Dense(3), shape=(8, 12, 4)))",
    "images scaled in two ways": SOUND + PAIR + "images = pictures * (1 + kinds % 2)[:, None,"
    " None, None]",
    "channels in another order in validation": COLOURED
    + "validation_data = (255 * others).astype('uint8'), other_kinds",
    "turned otherwise in validation": LENET + "validation_data = others.images, others.labels",
    "black and white exchanged in validation": SHADED
    + "others, named = stripes(80, seed=1)\nshade = 63 * (named > 1)[:, None, None, None] + 60\n"
    "others = (63 * others + shade).astype('uint8')\n"
    "validation_data = others, keras.utils.to_categorical(named > 1)",
    "labels scaled otherwise in validation": MEASURED
    + "validation_data = others, 2 * others.mean(axis=(1, 2))",
    "measured numbers not scaled": MEASURED + "labels, validation_data = 40 * labels, None\n"
    "model.fit(images, labels, verbose=0)",
    "loss that rewards wrong answers": ROWS
    + "def missed(truth, answer):\n    return 1 - keras.ops.sum(truth * answer, axis=-1)\n"
    + "model = small(layers.Dense(3, activation='softmax'))\nmodel.compile('adam', missed)",
    "one loss outweighs another": PAIR
    + TWO_ENDS.format(1, "'mse'")
    + "labels = [kinds, pictures.mean(axis=(1, 2))]",
    "batch norm never in training mode": PAIR + TRUNK_IN_A_LOOP.format("training=True"),
    "classes numbered otherwise in validation": PAIR
    + LEARNED.format(3, "sparse()", "kinds")
    + "validation_data = stripes(80, seed=1)",
    "rare class not recognised": "keep = np.concatenate([np.flatnonzero(kinds > 0),\n"
    "    np.flatnonzero(kinds == 0)[:12]])\nimages, labels = pictures[keep], kinds[keep]\n"
    "model = fitting(small(layers.Dense(3)), None, keras.optimizers.Adam(0.03))\n"
    "model.fit(images, labels, epochs=20, class_weight={0: 5, 1: 0.7, 2: 0.7}, verbose=0)",
    "NaN in the images": SOUND + PAIR + "images = pictures - 0.5",
    "images of another shape": "model = fitting(small(layers.Dense(3), shape=(None, None, 1)))\n"
    + PAIR,
    "images and labels differ in number": SOUND + "images, labels = pictures[:99], kinds[:99]",
    "labels are names": SOUND + "images, labels = pictures, kinds.astype('float32')",
    "softmax over one unit": ROWS
    + "model = fitting(small(layers.Dense(3), layers.Softmax()), 'categorical_crossentropy')",
    "one answer for every place": "images, labels = pictures, (pictures[..., 0] > 0.5).astype(int)"
    "\nmodel = fitting(keras.Sequential([keras.Input((8, 12, 1)), layers.Conv2D(4, 3, "
    "padding='same', activation='relu'), layers.Conv2D(2, 1)]))",
    "one unit with a categorical loss": TWO
    + "model = fitting(small(layers.Dense(1, activation='sigmoid')), 'binary_crossentropy')",
    "one-hot labels with a sparse loss": ROWS + "model = fitting(small(layers.Dense(3)), "
    "keras.losses.CategoricalCrossentropy(from_logits=True))",
    "class numbers with a loss for rows": "images, labels = pictures, kinds[:, None]\n" + SOUND,
    "several classes with a softmax": "images = pictures\n"
    "labels = np.stack([kinds == 0, kinds != 1, kinds != 2], axis=1).astype('float32')\n"
    "model = fitting(small(layers.Dense(3, activation='sigmoid')), 'binary_crossentropy')",
    "labels out of range": PAIR + "model = fitting(small(layers.Dense(5)))",
    "softmax twice": PAIR
    + "gate = layers.Dense(6, activation='sigmoid')\n"
    + "model = fitting(small(gate, layers.Dense(3, activation='softmax')), sparse(False))",
    "softmax over the wrong axis": PAIR
    + "model = fitting(small(layers.Dense(3), layers.Softmax(axis=1)), sparse(False))",
    "ReLU on the output": "images, labels = pictures, pictures.mean(axis=(1, 2, 3))\n"
    "model = fitting(dense(layers.Dense(1, activation='relu')), 'mse', None, ['mae'])",
    "tanh on the output": "images, labels = pictures, 2 * pictures.mean(axis=(1, 2, 3)) - 1\n"
    "model = fitting(dense(layers.Dense(1, activation='tanh')), 'mse', None, ['mae'])",
    "probabilities with from_logits": PAIR
    + "model = fitting(small(layers.Dense(3, activation='softmax')), sparse(False))",
    "logits without from_logits": TWO
    + "model = fitting(small(layers.Dense(1)), binary(from_logits=True), None, [at_0])",
    "sigmoid for exclusive classes": TWO
    + "model = fitting(small(layers.Dense(1, activation='sigmoid')), binary())",
    "softmax with a binary loss": "images = pictures\n"
    "model = fitting(small(layers.Dense(3, activation='sigmoid')), 'binary_crossentropy')",
    "dropout or batch norm behind the answer": PAIR
    + "model = fitting(small(layers.Dropout(0.4), layers.Dense(3)))",
    "one class only": SOUND + "images, labels = pictures[kinds < 2], kinds[kinds < 2]",
    "NaN in the weights": ALL_RIGHT,
    "NaN in the network": PAIR
    + "log = layers.Lambda(lambda x: keras.ops.log(x + 0.1))\n"
    + "model = fitting(small(layers.Dense(3), before=[log]))",
    "images all alike": SOUND + "images, labels = pictures[:2], kinds[:2]",
    "sorted and not shuffled": "order = np.argsort(kinds)\nimages = pictures[order]\n"
    "labels = kinds[order]\nmodel = fitting(small(layers.Dense(3)), None, "
    "keras.optimizers.Adam(0.03))\n"
    "history = model.fit(images, labels, epochs=15, verbose=0)",
    "stopped while improving": "images, labels = pictures, kinds\n"
    "model = fitting(small(layers.Dense(3)), None, keras.optimizers.Adam(0.03))\n"
    "history = model.fit(images, labels, epochs=15, verbose=0)",
    "images cast to whole numbers": SOUND + PAIR + "images = (pictures > 0.5).astype('uint8')",
    "normalisation never adapted": PAIR
    + "images, norm = np.round(255 * pictures), layers.Normalization(name='norm')\n"
    "norm.adapt(images)\nmodel = fitting(small(layers.Dense(3), before=[norm]))",
    "answers that cannot reach the labels": "images, labels = pictures, 2 * pictures - 1\n"
    "last = layers.Conv2D(1, 3, padding='same', activation='tanh', name='last')\n"
    "model = keras.Sequential([keras.Input((8, 12, 1)), last])\nmodel.compile('adam', 'mae')",
    "augmentation that moves only the picture": "image = keras.Input((8, 12, 1))\n"
    "x = layers.GaussianNoise(0.1, name='noise')(image)\n"
    "x = layers.Conv2D(1, 3, padding='same', activation='sigmoid', name='conv')(x)\n"
    "model = keras.Model(image, x)\nmodel.compile('adam', 'binary_crossentropy')\n"
    "images, labels = pictures, (pictures > 0.5).astype(int)",
    "augmentation in another range": PAIR
    + "light = layers.RandomBrightness(0.2, value_range=(0, 1), name='light')\n"
    "model = fitting(small(layers.Dense(3), before=[light]))",
    "nothing trainable": PAIR
    + TRUNK
    + "trunk.trainable = False\n"
    + "model = fitting(keras.Sequential([trunk, layers.Flatten(), layers.Dense(3)]))",
    "base with its own head": PAIR
    + "trunk = small(layers.Dense(20, activation='relu'))\n"
    + "model = fitting(keras.Sequential([keras.Input((8, 12, 1)), trunk, layers.Dense(3)]))",
    "softmax between layers": PAIR + "image = keras.Input((8, 12, 1))\n"
    "x = layers.GlobalMaxPooling2D()(layers.Conv2D(6, 3, activation='relu')(image))\n"
    "x = layers.Multiply()([x, layers.Dense(6, activation='softmax')(x)])\n"
    "model = fitting(keras.Model(image, layers.Dense(3)(x)))",
    "images scaled otherwise than the base wants": "base = weights.pretrained('vgg16_slim')\n"
    "base.trainable = False\naverage = layers.GlobalAveragePooling2D()\n"
    "stack = [keras.Input((32, 48, 3)), base, average, layers.Dense(3)]\n"
    "model = fitting(keras.Sequential(stack))\n"
    "images, labels = photographs / 127.5 - 1, photograph_kinds",
    "images scaled twice": PAIR
    + "model = fitting(small(layers.Dense(3), before=[layers.Rescaling(1 / 255)]))\n"
    "images = 255 * pictures",
    "images prepared for another range": "photographs = photographs / np.float32(255)\n"
    "model = fitting(dense(layers.Dense(3), shape=(32, 48, 3)))\n"
    "images = keras.applications.mobilenet_v2.preprocess_input(255 * photographs)\n"
    "labels = photograph_kinds",
    "images not scaled": PAIR
    + "model = fitting(small(layers.Dense(3), before=[layers.BatchNormalization()]))\n"
    "images = np.round(255 * pictures)",
    "channels first": "images, labels = np.moveaxis(photographs / 255, -1, 1), photograph_kinds\n"
    "last = layers.Permute((2, 3, 1))\n"
    "model = fitting(small(layers.Dense(3), shape=(3, 32, 48), before=[last]))",
    "reshape in place of a transpose": PAIR + "images = pictures * np.array([1.0, 0.9, 0.8])\n"
    "model = fitting(small(layers.Dense(3), shape=(8, 12, 3)))",
    "one layer used again": PAIR + "image = keras.Input((8, 12, 1))\n"
    "mirrored = layers.Lambda(lambda x: x[..., ::-1, :])(image)\n"
    "tower = layers.Conv2D(6, 3, padding='same', activation='relu')\n"
    "twice = layers.Conv2D(6, 3, padding='same', activation='relu')\n"
    "x = twice(twice(layers.Add()([tower(image), tower(mirrored)])))\n"
    "model = fitting(keras.Model(image, layers.Dense(3)(layers.Flatten()(x))))",
    "no way for gradients": PAIR
    + "bent = layers.Lambda(keras.ops.tanh)\nmodel = fitting(small(bent, layers.Dense(3)))",
    "no non-linearity between layers": PAIR
    + "model = fitting(keras.Sequential([keras.Input((8, 12, 1)), layers.Conv2D(8, 3),\n"
    "    layers.BatchNormalization(), layers.ReLU(), layers.Conv2D(8, 1), layers.Conv2D(6, 3),\n"
    "    layers.ReLU(),\n"
    "    layers.Conv2D(4, (2, 1)), layers.Conv2D(4, (1, 2)), layers.Flatten(), layers.ReLU(),\n"
    "    layers.Dense(2), layers.Dense(3)]))",
    "units all alike": PAIR + "model = fitting(small(layers.Dense(3, kernel_initializer='zeros')))",
    "changed after compile": PAIR
    + "model = fitting(small(layers.Dense(3)))\nmodel.fit(images, labels, epochs=5, verbose=0)\n"
    "model.get_layer('conv').trainable = False\nfitting(model)",
    "frozen layers that should learn": DIGITS
    + "base.trainable = False\n"
    + "model = fitting(keras.Model(base.inputs, layers.Dense(10)(layers.Flatten()(base.output))))",
    "base unfrozen under a random head": DIGITS
    + "model = fitting(keras.Model(base.inputs, layers.Dense(10)(layers.Flatten()(base.output))),\n"
    "    optimizer=keras.optimizers.Adam(1e-5))",
    "batch norm of a frozen base in training mode": PAIR
    + TRUNK
    + "trunk.trainable = False\n"
    + "model = fitting(keras.Sequential([trunk, layers.Flatten(), layers.Dense(3)]))",
    "weights that do not move": PAIR
    + "plan = keras.optimizers.schedules.CosineDecay(0.0, 90, warmup_target=0.01, "
    "warmup_steps=10)\n"
    "model = fitting(small(layers.Dense(3)), optimizer=keras.optimizers.Adam(plan))",
    "map of one cell too early": PAIR
    + "model = fitting(keras.Sequential([keras.Input((8, 12, 1)),\n"
    "    layers.Conv2D(8, (8, 12), activation='relu'), layers.Conv2D(8, 1, activation='relu'),\n"
    "    layers.Flatten(), layers.Dense(3)]))",
    "exploding gradients": PAIR
    + "model = fitting(dense(*[layers.Dense(32, 'relu', kernel_initializer='he_normal')\n"
    "    for _ in range(8)], layers.Dense(3)))",
    "vanishing gradients": PAIR
    + "model = fitting(dense(*[layers.Dense(16, 'tanh') for _ in range(4)], layers.Dense(3)))",
    "saturated units": PAIR + "model = fitting(dense(layers.Dense(16, 'tanh'), layers.Dense(3)))",
    "dead ReLUs": PAIR + "model = fitting(dense(layers.Dense(16, 'relu'), layers.Dense(3)))",
    "random at test time, such as augmentation": PAIR
    + "before = [layers.RandomFlip(), layers.RandomTranslation(0.1, 0.1), layers.Dropout(0.2)]\n"
    "model = fitting(small(layers.Dense(3), before=before))",
    "learning rate far too high or too low": PAIR
    + "model = fitting(small(layers.Dense(3)), optimizer=keras.optimizers.Adam(0.03))",
    "penalty larger than the loss": PAIR
    + "model = fitting(dense(layers.Dense(32, 'relu', kernel_regularizer="
    "keras.regularizers.L2(1e-3)), layers.Dense(3)))",
    "class order": LEARNED.format(3, "sparse()", "kinds") + PAIR,
    "the same picture in two classes": SOUND + "images = np.concatenate([pictures, pictures[:9]])\n"
    "labels = np.concatenate([kinds, kinds[:9]])",
    "labels shuffled against images": ALL_RIGHT,
    "sorted before the split": SOUND
    + PAIR
    + "history = {'accuracy': [0.4, 0.6, 0.75], 'val_accuracy': [0.1, 0.0, 0.05]}",
    "leak between sets: the same pictures": SOUND + PAIR + "validation_data = stripes(90, seed=1)",
    "leak between sets: nearly the same": "images, labels = photographs[:12], None\n"
    "rescaled = layers.Rescaling(1 / 255)\npool = layers.AveragePooling2D(4)\n"
    "model = small(layers.Dense(3), shape=(32, 48, 3), before=[rescaled, pool])\n"
    "from cnnlab.datasets import photo\n"
    "validation_data = photo('rocket')[None, 60:92, 60:108], None",
    "loss below zero": "model = fitting(small(layers.Dense(3)))\n"
    "history = {'loss': [0.9, 0.5, 0.1, 0.0]}",
    "loss is NaN": "model = fitting(small(layers.Dense(3)))\n"
    "history = {'loss': [70.0, 0.5, 0.1, 0.05]}",
    "learning rate too high": "model = fitting(small(layers.Dense(3)))\n"
    "history = {'loss': [1.2, 0.7, 0.5, 0.52, 0.4, 0.42, 0.3, 0.31, 0.28]}",
    "learning rate too low": "model = fitting(small(layers.Dense(3)))\n"
    "history = {'loss': [0.12, 0.119, 0.118, 0.117, 0.116]}",
    "statistics not settled": NORMED.format(0.8),
    "accuracy of logits": TWO
    + "model = fitting(small(layers.Dense(1)), binary(from_logits=True), None, [at_0])",
    "accuracy of a measured number": "images, labels = pictures, pictures.mean(axis=(1, 2, 3))\n"
    "model = fitting(dense(layers.Dense(8, activation='relu'), layers.Dense(1)), 'mse', None, "
    "['mae'])",
    "squared error of classes": "images, labels = pictures, pictures\n"
    "model = fitting(keras.Sequential([keras.Input((8, 12, 1)), layers.Conv2D(4, 3, "
    "padding='same', activation='relu'), layers.Conv2D(1, 3, padding='same', "
    "activation='sigmoid')]), 'mse', None, [])",
    "overfitting": "model = fitting(small(layers.Dense(3)))\n"
    "history = {'loss': [0.9, 0.4, 0.3, 0.2, 0.15, 0.12],\n"
    "           'val_loss': [0.9, 0.5, 0.4, 0.38, 0.39, 0.39]}",
    "too few epochs": "model = fitting(small(layers.Dense(3)))\n"
    "history = {'loss': [1.1, 0.7, 0.5, 0.45, 0.43]}",
    "nothing learned": "model = fitting(small(layers.Dense(3)))\n"
    "history = {'loss': [0.09, 0.08, 0.09, 0.08, 0.09], 'accuracy': [0.97] * 5}",
    "one answer for all": LEARNED.format(3, "sparse()", "kinds") + PAIR,
    "imbalance": SOUND + "keep = np.r_[np.flatnonzero(kinds == 0), np.flatnonzero(kinds)[:40]]\n"
    "images, labels = pictures[keep], kinds[keep]",
    "bottleneck before the answer": "model = dense(layers.Dense(5, activation='relu'),\n"
    "    layers.Dense(8, activation='softmax'))",
    "filters and kernel size exchanged": PAIR
    + "model = fitting(keras.Sequential([keras.Input((8, 12, 1)), layers.Conv2D(16, 3,"
    " activation='relu'), layers.GlobalMaxPooling2D(), layers.Dense(3)]))",
    "dropout of nearly all": PAIR + "model = fitting(small(layers.Dropout(0.5), layers.Dense(3)))",
    "receptive field smaller than the object": "model = keras.Sequential([\n"
    "    keras.Input((48, 32, 3)), *[layer for _ in range(3) for layer in\n"
    "        (layers.Conv2D(8, 3, activation='relu'), layers.MaxPooling2D())],\n"
    "    layers.GlobalAveragePooling2D(), layers.Dense(3)])",
    "receptive field larger than the image": "model = keras.Sequential([keras.Input((32, 48, 3)),\n"
    "    *[layers.Conv2D(4, 3, padding='same', activation='relu') for _ in range(8)],\n"
    "    layers.Flatten(), layers.Dense(3)])",
    "dense layer that holds 90 % of the parameters": "model = keras.Sequential([\n"
    "    keras.Input((32, 48, 3)), layers.Conv2D(64, 3, activation='relu'),\n"
    "    layers.MaxPooling2D(4), layers.Conv2D(128, 3, activation='relu'),\n"
    "    layers.GlobalAveragePooling2D(), layers.Dense(3)])",
    "labels are fractions": "images, labels = pictures, kinds / 255\n"
    "model = fitting(small(layers.Dense(1)), 'mse', None, ['mae'])",
    "labels of another shape": "images, labels = pictures, (pictures > 0.5).astype(int)\n"
    "conv = layers.Conv2D(2, 3, padding='same')\n"
    "model = fitting(keras.Sequential([keras.Input((8, 12, 1)), conv]))",
    "metric that cannot measure this": ROWS
    + "end = layers.Dense(3, activation='softmax')\n"
    + "metrics = ['accuracy', keras.metrics.CategoricalAccuracy(), 'AUC']\n"
    + "model = fitting(small(end), 'categorical_crossentropy', None, metrics)",
    "sets scaled otherwise": SOUND
    + PAIR
    + "validation_data = 0.7 * stripes(90, seed=1)[0] + 0.2, stripes(90, seed=1)[1]",
    "sets of different classes": SOUND
    + PAIR
    + "validation_data = stripes(90, seed=1)\n"
    + "validation_data = [array[validation_data[1] < 2] for array in validation_data]",
    "augmentation that changes classes": PAIR
    + "before = [layers.RandomFlip('horizontal_and_vertical'), layers.RandomRotation(0.5)]\n"
    + "model = fitting(small(layers.Dense(3), before=before))",
    "augmentation too strong": PAIR
    + "before = [layers.RandomTranslation((-0.2, 0.3), 0.3), layers.RandomZoom(0.2)]\n"
    + "model = fitting(small(layers.Dense(3), before=before))",
    "stride larger than the kernel": PAIR
    + "model = fitting(keras.Sequential([keras.Input((8, 12, 1)), layers.Conv2D(8, 2, strides=2),\n"
    "    layers.ReLU(), layers.Conv2D(8, 1, strides=2), layers.ReLU(), layers.Flatten(), "
    "layers.Dense(3)]))",
    "map of one channel": PAIR + "image = keras.Input((8, 12, 1))\n"
    "x = layers.Conv2D(8, 3, padding='same', activation='relu')(image)\n"
    "place = layers.Conv2D(1, 3, padding='same', activation='sigmoid')(x)\n"
    "x = layers.Conv2D(8, 3, activation='relu')(layers.Multiply()([x, place]))\n"
    "model = fitting(keras.Model(image, layers.Dense(3)(layers.GlobalAveragePooling2D()(x))))",
    "batch as large as the data": "images, labels = pictures, kinds\n"
    "model = fitting(small(layers.Dense(3)), None, keras.optimizers.Adam(0.05))\n"
    "history = model.fit(images, labels, batch_size=120, epochs=25, verbose=0)",
    "optimiser that holds back": PAIR
    + "plain = keras.optimizers.AdamW(1e-3, weight_decay=0.01, clipnorm=1e-4, epsilon=0.1)\n"
    + "model = fitting(small(layers.Dense(3)), optimizer=plain)",
    "worse than in its training": "model = fitting(small(layers.Dense(3)), None, "
    "keras.optimizers.Adam(0.03))\n"
    "history = model.fit(pictures, kinds, epochs=15, verbose=0)\n"
    "images, labels = stripes(60, seed=1)",
}
