"""Gradients of any Keras model: what a layer answered, and how a score hangs on it.

``differentiating`` holds the questions; each is compiled once per model and layer
(`cnnlab.reading.tracing`), kept beside the model (`cnnlab.reading.per_model`), and put to a batch
by ``in_parts``. ``evidence`` is what heat maps stand on, ``layer_answers`` what patterns, feature
maps and paintings ask, ``effective_field`` the effective receptive field. Scores are logits,
whatever the model ends in. Called by lessons 03, 07 and 09, by
``feature_maps``, ``patterns``, ``heatmaps``, ``faithfulness``, ``adversarial``, ``painting`` and
``drawings``.
"""

from cnnlab.gradients.differentiating import grams
from cnnlab.gradients.effective_field import effective_receptive_field
from cnnlab.gradients.evidence import (
    Evidence,
    asked,
    chosen_classes,
    class_evidence,
    class_scores,
    evidence_of,
    scores_of,
)
from cnnlab.gradients.in_parts import BATCH_SIZE
from cnnlab.gradients.layer_answers import channel_evidence, layer_outputs, unlikeness

__all__ = [
    "BATCH_SIZE",
    "Evidence",
    "asked",
    "channel_evidence",
    "chosen_classes",
    "class_evidence",
    "class_scores",
    "effective_receptive_field",
    "evidence_of",
    "grams",
    "layer_outputs",
    "scores_of",
    "unlikeness",
]
