"""Gradients of any Keras model: what a layer answered, and how a score hangs on it.

``questions`` differentiates; each question is compiled once per model and layer
(`cnnlab.reading.tracing`), kept beside the model (`cnnlab.reading.per_model`), and put to a batch
in parts by ``asking``. ``evidence`` is what heat maps stand on, ``maps`` what patterns, feature
maps and paintings ask, ``effective_field`` the effective receptive field. Scores are logits,
whatever the model ends in. Called by lessons 03, 07 and 09 and by all modules that look inside.
"""

from cnnlab.gradients.asking import BATCH_SIZE
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
from cnnlab.gradients.maps import channel_evidence, layer_outputs, unlikeness
from cnnlab.gradients.questions import grams

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
