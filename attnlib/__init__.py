"""Attention in NumPy, small enough to read: every function here appears in a chapter of the course."""

from attnlib.attention import attention, attention_vjp, attention_weights
from attnlib.masks import causal_mask, padding_mask
from attnlib.scores import additive_scores, bilinear_scores, cosine_scores, dot_scores, scaled_dot_scores
from attnlib.softmax import entropy, softmax, softmax_jacobian, softmax_vjp

__all__ = [
    "additive_scores",
    "attention",
    "attention_vjp",
    "attention_weights",
    "bilinear_scores",
    "causal_mask",
    "cosine_scores",
    "dot_scores",
    "entropy",
    "padding_mask",
    "scaled_dot_scores",
    "softmax",
    "softmax_jacobian",
    "softmax_vjp",
]
