"""Attention in NumPy, small enough to read: every function here appears in a chapter of the course."""

from attnlib.activations import gelu, gelu_vjp, relu, relu_vjp
from attnlib.adam import AdamState, adam_start, adam_step, warmup_schedule
from attnlib.alibi import alibi_bias
from attnlib.attention import attention, attention_vjp, attention_weights
from attnlib.cross_entropy import accuracy, cross_entropy, cross_entropy_vjp
from attnlib.embedding import embedding, embedding_vjp
from attnlib.feed_forward import FeedForwardParams, feed_forward, feed_forward_vjp, init_feed_forward
from attnlib.fit import Fitted, fit
from attnlib.heads import merge_heads, split_heads
from attnlib.linear import linear, linear_vjp
from attnlib.masks import causal_mask, padding_mask
from attnlib.multi_head import MultiHeadParams, init_multi_head, multi_head_attention, multi_head_attention_vjp
from attnlib.params import count_parameters, tree_leaves, tree_map
from attnlib.positions import learned_positions, learned_positions_vjp, sinusoidal_positions, wave_angles
from attnlib.rotary import rotate, rotate_vjp
from attnlib.scores import additive_scores, bilinear_scores, cosine_scores, dot_scores, scaled_dot_scores
from attnlib.softmax import entropy, softmax, softmax_jacobian, softmax_vjp

__all__ = [
    "AdamState",
    "FeedForwardParams",
    "Fitted",
    "MultiHeadParams",
    "accuracy",
    "adam_start",
    "adam_step",
    "additive_scores",
    "alibi_bias",
    "attention",
    "attention_vjp",
    "attention_weights",
    "bilinear_scores",
    "causal_mask",
    "cosine_scores",
    "count_parameters",
    "cross_entropy",
    "cross_entropy_vjp",
    "dot_scores",
    "embedding",
    "embedding_vjp",
    "entropy",
    "feed_forward",
    "feed_forward_vjp",
    "fit",
    "gelu",
    "gelu_vjp",
    "init_feed_forward",
    "init_multi_head",
    "learned_positions",
    "learned_positions_vjp",
    "linear",
    "linear_vjp",
    "merge_heads",
    "multi_head_attention",
    "multi_head_attention_vjp",
    "padding_mask",
    "relu",
    "relu_vjp",
    "rotate",
    "rotate_vjp",
    "scaled_dot_scores",
    "sinusoidal_positions",
    "softmax",
    "softmax_jacobian",
    "softmax_vjp",
    "split_heads",
    "tree_leaves",
    "tree_map",
    "warmup_schedule",
    "wave_angles",
]
