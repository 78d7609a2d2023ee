"""One check an exercise: ``check.softmax(answer)`` says which property fails, or that every one holds."""

from attnlib.course.check.compute import (
    additive_scores,
    attention_weights,
    cosine_attention,
    nadaraya_watson,
    softmax,
    streaming_attention,
)
from attnlib.course.check.scaling import (
    jacobian_norm,
    scaled_scores,
    score_variance,
    softmax_pullback,
    temperature_for,
)

__all__ = [
    "additive_scores",
    "attention_weights",
    "cosine_attention",
    "jacobian_norm",
    "nadaraya_watson",
    "scaled_scores",
    "score_variance",
    "softmax",
    "softmax_pullback",
    "streaming_attention",
    "temperature_for",
]
