"""Pictures that fool a network: changed by no more than is allowed, and only a little.

All attacks share one convention, that of `cnnlab.heatmaps` where it applies::

    attack(model, images, labels, epsilon, *, targeted=False, value_range=None, where=None)

- `images`: what ``model(images)`` accepts, prepared as in training; one image without batch axis
  gives one image. What comes back is prepared in the same way.
- `labels`: the true class of each image, which is to be left; with `targeted` the class that is to
  be reached. An int, one int per image, or ("output", index).
- `epsilon`: how far an image may go, in the units of the images: 4 where they are 0-255,
  4 / 255 where they are 0-1, 8 / 255 where they are -1 to 1.
- `value_range`: smallest and largest value of a pixel, each a number or one per channel. None takes
  0 to 255 where the model is seen to divide its images, else 0 to 1 or -1 to 1, as the images are.
- `where`: the places of a model that answers at places, as for heat maps.

What an attack returns lies in that range and within epsilon of the images, exactly. The score that
is climbed is the margin: the logit of a class less the log of the sum of exp of all others, the
gradient of cross-entropy but for its length.
"""

from dataclasses import dataclass
from numbers import Real

import numpy as np

from cnnlab.gradients import asked, evidence_of
from cnnlab.progress import bar
from cnnlab.reading.answers import Chosen
from cnnlab.reading.looking import View, looking_at
from cnnlab.reading.value_range import limits
from cnnlab.sizes import whole_number

NORMS = (2, np.inf)


def fast_gradient_sign(
    model, images, labels, epsilon, *, targeted=False, value_range=None, where=None
):
    """The fast gradient sign method: every pixel moves by epsilon to where the loss grows.

    ``images + epsilon * sign(d loss / d images)``, cut to the range; with `targeted` minus.

    Args:
        model: a Keras model that ends in one value per class.
        images: (B,H,W,C) as the model takes them, or one image.
        labels: the true class of each image; with `targeted` the class to reach.
        epsilon: the largest change of a value, > 0, in the units of the images.
        targeted: whether `labels` is to be reached.
        value_range: of a pixel, see above.
        where: of a model that answers at places, see above.

    Returns:
        float32 of the shape of `images`.

    Raises:
        ValueError: images, labels, epsilon or range do not suit the model.

    Example:
        >>> import keras
        >>> from keras import layers
        >>> keras.utils.set_random_seed(0)
        >>> model = keras.Sequential([keras.Input((5, 7, 3)), layers.Flatten(), layers.Dense(2)])
        >>> images = np.full((1, 5, 7, 3), 0.5, "float32")
        >>> fooled = fast_gradient_sign(model, images, labels=1, epsilon=0.1)
        >>> np.unique(np.abs(fooled - images).round(3))
        array([0.1], dtype=float32)

    Source: Goodfellow, Shlens & Szegedy (2015), arXiv:1412.6572, section 4.
    """
    climb = _climb(model, images, labels, epsilon, np.inf, targeted, value_range, where)
    _, slopes = climb.evidence(climb.originals)
    return climb.finished(climb.moved(climb.originals, slopes, epsilon))


def projected_gradient(
    model, images, labels, epsilon, *, targeted=False, value_range=None, where=None,
    norm=np.inf, steps=10, rate=None, seed=None,
):  # fmt: skip
    """Projected gradient descent: many small steps, each led back into the ball of the norm.

    Of all steps the picture is kept that deceives most, image by image; after an interrupt too.

    Args, Returns, Raises: as `fast_gradient_sign`, and
        norm: np.inf bounds the change of every value by epsilon, 2 the length of the whole change.
        steps: how many; for np.inf along the gradient's signs, for 2 along the gradient itself.
        rate: length of a step; None takes 2.5 * epsilon / steps.
        seed: None begins at the image, an integer at a random place in the ball.

    Example:
        >>> import keras
        >>> from keras import layers
        >>> keras.utils.set_random_seed(0)
        >>> model = keras.Sequential([keras.Input((5, 7, 3)), layers.Flatten(), layers.Dense(2)])
        >>> image = np.full((5, 7, 3), 0.5, "float32")
        >>> fooled = projected_gradient(model, image, 1, epsilon=0.3, norm=2, steps=4)
        >>> fooled.shape, float(np.linalg.norm(fooled - image)) <= 0.3
        ((5, 7, 3), True)

    Source: Kurakin, Goodfellow & Bengio (2017), arXiv:1607.02533; Madry et al. (2018),
        arXiv:1706.06083, equation 2. Difference: the best step is kept, not the last.
    """
    climb = _climb(model, images, labels, epsilon, norm, targeted, value_range, where)
    steps = whole_number("steps", steps, "steps of the attack")
    rate = 2.5 * epsilon / steps if rate is None else rate
    pictures = climb.originals if seed is None else climb.elsewhere(seed)
    best, most = pictures, np.full(len(pictures), -np.inf)
    try:
        for step in bar(range(steps + 1), unit="step"):
            deceit, slopes = climb.evidence(pictures)
            better = deceit > most
            best = np.where(_as_wide(better, best), pictures, best)
            most = np.where(better, deceit, most)
            if step < steps:
                pictures = climb.moved(pictures, slopes, rate)
    except KeyboardInterrupt:
        print(f"stopped before step {step + 1} of {steps}: these are the best pictures so far")
    return climb.finished(best)


def project(pictures, originals, epsilon, norm=np.inf, value_range=(0, 1)):
    """The pictures led back to where they may be: within epsilon of the originals, and in range.

    Args:
        pictures: (B,H,W,C), of whatever values.
        originals: the same shape, float, in range.
        epsilon: the radius of the ball, > 0.
        norm: np.inf or 2.
        value_range: smallest and largest value of a pixel.

    Returns:
        float32 of the same shape. Each stays within epsilon of its original to the last digit.

    Raises:
        ValueError: epsilon is not above 0, or an unknown norm.

    Example:
        >>> originals = np.array([0.5, 0.95]).reshape(1, 1, 2, 1)
        >>> project(originals + 0.3, originals, epsilon=0.1).ravel().round(3)
        array([0.6, 1. ], dtype=float32)
    """
    _check(epsilon, norm)
    originals = np.asarray(originals, np.float64)
    change = np.asarray(pictures, np.float64) - originals
    if norm == 2:
        lengths = _as_wide(_lengths(change), change)
        inside = epsilon * (1 - 1e-12)  # float64 rounds, too
        change = change * inside / np.maximum(lengths, inside)
    change = np.clip(change, -epsilon, epsilon)
    low, high = (np.asarray(side, np.float32) for side in value_range)
    moved = np.clip(originals + change, low, high).astype(np.float32)
    # float32 rounds, at times away from the original: such values go to the next one inside
    outside = np.abs(moved - originals) > np.abs(change)
    return np.where(outside, np.nextafter(moved, originals.astype(np.float32)), moved)


@dataclass(frozen=True)
class _Climb:
    """What an attack asks of the model, and where its pictures may go.

    Attributes:
        view: the checked batch and the input that is changed.
        originals: (B,H,W,C) float32, that input.
        chosen: the classes that are left or reached.
        sign: 1 where they are to be reached, else -1.
        epsilon: the radius of the ball.
        norm: of the ball.
        value_range: two arrays, the smallest and the largest value of a pixel.
    """

    view: View
    originals: np.ndarray
    chosen: Chosen
    sign: int
    epsilon: float
    norm: float
    value_range: tuple

    def evidence(self, pictures):
        """(B,) how far each picture deceives, and the gradient of that."""
        batch = self.view.batch.having(self.view.picture, pictures)
        seen = evidence_of(batch, self.chosen, self.view.layer, against_all=True)
        if not np.isfinite(seen.gradients).all():
            raise ValueError(
                "`model` must have finite gradients: got NaN or infinity. "
                "Look for NaN in its weights, or overflow in float16 (bfloat16 has none)."
            )
        return self.sign * seen.scores, self.sign * seen.gradients

    def moved(self, pictures, slopes, rate):
        """The pictures after a step uphill, led back."""
        if self.norm == 2:
            lengths = _as_wide(_lengths(slopes), slopes)
            slopes = np.divide(slopes, lengths, out=np.zeros_like(slopes), where=lengths > 0)
        else:
            slopes = np.sign(slopes)
        return self.led_back(pictures + rate * slopes)

    def elsewhere(self, seed):
        """Pictures at random places in the ball."""
        change = np.random.default_rng(seed).uniform(-1, 1, self.originals.shape) * self.epsilon
        return self.led_back(self.originals + change)

    def led_back(self, pictures):
        """The pictures within epsilon and in range."""
        return project(pictures, self.originals, self.epsilon, self.norm, self.value_range)

    def finished(self, pictures):
        """As the images came, with or without a batch axis."""
        return pictures[0] if self.view.batch.single else pictures


def _climb(model, images, labels, epsilon, norm, targeted, value_range, where):
    _check(epsilon, norm)
    if labels is None:  # for heat maps that is the top class; to leave it is not to be wrong
        raise ValueError(
            "`labels` must be a class, or one per image: got None. Pass the true classes, or "
            "model.predict(images).argmax(axis=-1) for what the model says."
        )
    view = looking_at(model, images, pixels=True)
    originals = view.floats()
    chosen = asked(view.batch, labels, None, where)
    value_range = limits(view.batch.known, originals, value_range)
    return _Climb(view, originals, chosen, 1 if targeted else -1, epsilon, norm, value_range)


def _check(epsilon, norm):
    if not isinstance(epsilon, Real) or not 0 < epsilon < np.inf:
        raise ValueError(
            f"`epsilon` must be a number above 0: got {epsilon!r}. Give it in the units of the "
            "images, such as 4 where they are 0-255."
        )
    if norm not in NORMS:
        raise ValueError(
            f"`norm` must be np.inf or 2: got {norm!r}. np.inf bounds the change of every value, "
            "2 the length of all changes together."
        )


def _lengths(arrays):
    """(B,) the length of each as a vector; of float16 gradients the squares leave float32."""
    return np.linalg.norm(arrays.reshape(len(arrays), -1).astype(np.float64), axis=1)


def _as_wide(values, arrays):
    """(B, 1, ...) for arrays (B, ...)."""
    return values.reshape(-1, *[1] * (arrays.ndim - 1))
