"""What the rules read: a model and whatever else was given, each thing worked out once."""

from dataclasses import dataclass, field
from functools import cached_property, wraps

import numpy as np

from cnnlab.costs import layer_table
from cnnlab.diagnosis.heads import heads_of
from cnnlab.diagnosis.run import Run, answering, running
from cnnlab.diagnosis.sampling import drawn
from cnnlab.reading import private_names
from cnnlab.reading.model_inputs import shaped
from cnnlab.reading.per_model import known

MOST = 64  # pictures that the model is run on
FEW = 16  # pictures, below which equal answers tell nothing
BYTES = 1e8  # that the outputs of all its layers may take then


@dataclass(frozen=True, eq=False)
class Case:
    """A model, and what else was given.

    Attributes:
        model: the user's, which is never changed.
        images: as the model takes them: an array, a list or a dict; or None.
        labels: an array, a list or a dict by output; or None.
        history: {name of a curve: (epochs,) float array}.
        validation: a pair of images and labels, or None.
        planned: how many epochs `fit` was asked for, or None.
        steps_planned: how many steps an epoch had, or None.
        made: {function: what it made of this case}, filled by `once`.
    """

    model: object
    images: object = field(default=None, repr=False)
    labels: object = field(default=None, repr=False)
    history: dict = field(default_factory=dict, repr=False)
    validation: tuple | None = field(default=None, repr=False)
    planned: int | None = None
    steps_planned: int | None = None
    made: dict = field(default_factory=dict, init=False, repr=False)

    @cached_property
    def facts(self):
        """What is known of the model (`cnnlab.reading.per_model`)."""
        return known(self.model)

    @cached_property
    def graph(self):
        """The model's `Graph`, or None where it cannot be read."""
        try:
            return self.facts.graph
        except (TypeError, ValueError):
            return None

    @property
    def calls(self):
        """The nodes of its layers, () where it cannot be read."""
        return self.graph.calls if self.graph else ()

    @cached_property
    def heads(self):
        """A `Head` per output."""
        return heads_of(self.model, self.graph, self.labels)

    @cached_property
    def layers(self):
        """The layers that have weights of their own, at any depth, in order; each once."""
        found = {}

        def visit(layer):
            inside = private_names.sublayers(layer)
            for inner in inside:
                visit(inner)
            if not inside and layer.weights:
                found[id(layer)] = layer

        visit(self.model)
        return list(found.values())

    @property
    def optimizer(self):
        """The optimiser that the model is compiled with, or None."""
        return self.model.optimizer if getattr(self.model, "compiled", False) else None

    @cached_property
    def rate(self):
        """Its learning rate now, or None."""
        try:
            return float(np.asarray(self.optimizer.learning_rate))
        except (AttributeError, TypeError, ValueError):
            return None

    @cached_property
    def steps(self):
        """How many steps the optimiser has made since it was compiled."""
        return int(np.asarray(getattr(self.optimizer, "iterations", 0)))

    @cached_property
    def pictures(self):
        """The arrays among the images that have places and channels."""
        return [array for array in _arrays(self.images) if array.ndim > 2]

    @cached_property
    def validation_pictures(self):
        """Those of the validation, where they have the shape of the only pictures; or None."""
        other = self.validation[0] if self.validation is not None else None
        if len(self.pictures) != 1 or not isinstance(other, np.ndarray):
            return None
        return other if other.shape[1:] == self.pictures[0].shape[1:] else None

    @cached_property
    def misshapen(self):
        """Why the model cannot take the images, a text; "" where it can, or there are none."""
        if self.images is not None:
            try:
                _ = self.batch
            except ValueError as error:
                return str(error)
        return ""

    @cached_property
    def batch(self):
        """Some of the images, drawn at random, as a checked `Batch`."""
        return shaped(self.model, _taken(self.images, self.rows))

    @cached_property
    def rows(self):
        """Which images the model is run on: of each class its share."""
        count = min(len(array) for array in _arrays(self.images))
        if self._fixed:
            return np.arange(self._fixed).clip(max=count - 1)
        classes = self.heads[0].classes if len(self.heads) == 1 else None
        by_class = classes is not None and classes.shape == (count,)
        return drawn(count, self._at_once, classes if by_class else None)

    @property
    def _fixed(self):
        """The only number of images that the model takes at a time, or None."""
        inputs = getattr(self.model, "inputs", None) or ()
        return next((spec.shape[0] for spec in inputs if spec.shape[0]), None)

    @cached_property
    def _at_once(self):
        alone = len(_arrays(self.images)) == 1 and bool(self.pictures)
        try:
            sizes = layer_table(self.model, self.pictures[0].shape[1:] if alone else None)
            each = int(sizes.activation_bytes.fillna(0).sum())
        except (TypeError, ValueError):
            each = 0
        return int(np.clip(BYTES // max(each, 1), 2, MOST))

    @cached_property
    def finite(self):
        """Whether the images hold numbers only."""
        return all(np.isfinite(a).all() for a in _arrays(self.images) if a.dtype.kind == "f")

    @cached_property
    def run(self):
        """The `Run` of the model on the batch; an empty one where it cannot run."""
        usable = self.images is not None and self.finite and not self.misshapen
        if not usable or not getattr(self.model, "built", False):
            return Run()
        return running(self.model, self.graph, self.heads, self.batch, self.rows)

    def answers_to(self, images, rows):
        """What the model answers to some pictures, as in prediction: an array per output.

        () where it cannot take them.
        """
        if not len(rows) or self._fixed or not getattr(self.model, "built", False):
            return ()
        try:
            # Only one output at a time is kept: four times as many pictures as in the `run`.
            batches = [
                shaped(self.model, _taken(images, part))
                for part in np.array_split(rows, -(-len(rows) // (4 * self._at_once)))
            ]
        except ValueError:
            return ()
        answers = [answering(self.model, batch) for batch in batches]
        return tuple(map(np.concatenate, zip(*answers, strict=True)))

    @cached_property
    def validated(self):
        """(rows, answers): some validation pictures, and an array per output; () without any."""
        count = min((len(a) for a in _arrays(self.validation and self.validation[0])), default=0)
        rows = drawn(count, 4 * self._at_once)
        return rows, self.answers_to(self.validation[0], rows) if count else ()

    def share_right(self, head, answers, rows=None):
        """The share of pictures that an answer names rightly, or None where labels are no classes.

        Args:
            head: a `Head`.
            answers: (B, units).
            rows: of which images; None for those of the batch.
        """
        classes = head.classes
        rows = self.rows if rows is None else rows
        if classes is None or classes.ndim != 1 or np.ndim(answers) != 2:
            return None
        if len(classes) <= max(rows):
            return None
        if head.label_kind == "numbers" and head.labels.size != len(head.labels):
            return None
        return float(np.mean(predicted_classes(head, answers) == classes[rows]))

    @cached_property
    def answers_right(self):
        """Whether the model names most pictures rightly: then nothing can be very wrong."""
        for head, answers in zip(self.heads, self.run.answers, strict=False):
            right = self.share_right(head, answers)
            if right is not None and len(self.rows) >= 8:
                classes = np.maximum(head.classes[self.rows], 0)
                usual = np.bincount(classes).max() / len(classes)
                return right >= 0.8 and right > usual + 0.2
        return False

    @cached_property
    def same_answer(self):
        """Whether a trained model names one class for all, though none is most of the labels.

        Asked as in training too: a batch norm may be constant in prediction only.
        """
        if not self.steps or len(self.heads) != 1 or not self.run.answers:
            return False
        head, both = self.heads[0], (self.run.answers[0], self.run.in_training[0])
        if self.share_right(head, both[0]) is None or len(self.rows) < FEW:
            return False
        classes = np.maximum(head.classes[self.rows], 0)
        usual = np.bincount(classes).max() / len(classes)
        return usual < 0.6 and all(len(np.unique(predicted_classes(head, a))) == 1 for a in both)


def once(function):
    """A function of a `Case` that works once for each, however many rules ask."""

    @wraps(function)
    def told(case):
        if function not in case.made:
            case.made[function] = function(case)
        return case.made[function]

    return told


def predicted_classes(head, answers):
    """(B,) the class that each answer names."""
    if answers.shape[-1] > 1:
        return answers.argmax(axis=-1)
    return (answers[:, 0] > (0.5 if head.activation == "sigmoid" else 0)).astype(int)


def _arrays(images):
    if images is None:
        return []
    if isinstance(images, dict):
        return list(images.values())
    return list(images) if isinstance(images, list | tuple) else [images]


def _taken(images, rows):
    if isinstance(images, dict):
        return {key: array[rows] for key, array in images.items()}
    return [array[rows] for array in images] if isinstance(images, list) else images[rows]
