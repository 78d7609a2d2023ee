"""Attention in NumPy, small enough to read: the code behind every chapter of the course.

NaN and infinity are an error wherever a softmax or a mask could hide them. These functions pass them on to what is
computed from them, as NumPy does: additive_scores, bilinear_scores, cosine_scores, dot_scores, scaled_dot_scores,
embedding, linear, relu, gelu, feed_forward, layer_norm, rms_norm, learned_positions, rotate, turn_pairs, split_heads,
merge_heads, ssru, softmax_jacobian.
"""

from attnlib.activations import gelu, gelu_vjp, relu, relu_vjp
from attnlib.adam import AdamState, adam_start, adam_step, warmup_schedule
from attnlib.alibi import alibi_bias
from attnlib.attention import attention, attention_vjp, attention_weights
from attnlib.batch_norm import (
    Statistics,
    batch_norm,
    batch_norm_vjp,
    batch_statistics,
    start_statistics,
    update_statistics,
)
from attnlib.cross_entropy import accuracy, cross_entropy, cross_entropy_vjp
from attnlib.decoder import (
    DecoderLayerParams,
    DecoderParams,
    decoder,
    decoder_layer,
    decoder_layer_vjp,
    decoder_vjp,
    init_decoder,
)
from attnlib.embedding import embedding, embedding_vjp
from attnlib.encoder import (
    EncoderLayerParams,
    EncoderParams,
    encoder,
    encoder_layer,
    encoder_layer_vjp,
    encoder_vjp,
    init_encoder,
)
from attnlib.fast_attention import fast_attention, fast_attention_vjp
from attnlib.feed_forward import FeedForwardParams, feed_forward, feed_forward_vjp, init_feed_forward
from attnlib.fit import Fitted, fit
from attnlib.greedy import Decoded, greedy
from attnlib.heads import merge_heads, split_heads
from attnlib.language_model import LanguageModelParams, init_language_model, language_model, language_model_vjp
from attnlib.layer_norm import LayerNormParams, init_layer_norm, layer_norm, layer_norm_vjp
from attnlib.linear import linear, linear_vjp
from attnlib.log_softmax import log_softmax, log_softmax_vjp
from attnlib.masks import causal_mask, padding_mask
from attnlib.multi_head import MultiHeadParams, init_multi_head, multi_head_attention, multi_head_attention_vjp
from attnlib.params import count_parameters, tree_leaves, tree_map
from attnlib.positions import learned_positions, learned_positions_vjp, sinusoidal_positions, wave_angles
from attnlib.rms_norm import rms_norm, rms_norm_vjp
from attnlib.rotary import rotate, rotate_vjp, turn_pairs, turn_pairs_vjp
from attnlib.sampling import next_probs, sample_tokens
from attnlib.scores import additive_scores, bilinear_scores, cosine_scores, dot_scores, scaled_dot_scores
from attnlib.softmax import entropy, softmax, softmax_jacobian, softmax_vjp
from attnlib.ssru import SSRUParams, init_ssru, ssru, ssru_vjp
from attnlib.transformer import (
    AttentionMaps,
    TransformerParams,
    decode,
    encode,
    init_transformer,
    transformer,
    transformer_vjp,
)

__all__ = [
    "AdamState",
    "AttentionMaps",
    "Decoded",
    "DecoderLayerParams",
    "DecoderParams",
    "EncoderLayerParams",
    "EncoderParams",
    "FeedForwardParams",
    "Fitted",
    "LanguageModelParams",
    "LayerNormParams",
    "MultiHeadParams",
    "SSRUParams",
    "Statistics",
    "TransformerParams",
    "accuracy",
    "adam_start",
    "adam_step",
    "additive_scores",
    "alibi_bias",
    "attention",
    "attention_vjp",
    "attention_weights",
    "batch_norm",
    "batch_norm_vjp",
    "batch_statistics",
    "bilinear_scores",
    "causal_mask",
    "cosine_scores",
    "count_parameters",
    "cross_entropy",
    "cross_entropy_vjp",
    "decode",
    "decoder",
    "decoder_layer",
    "decoder_layer_vjp",
    "decoder_vjp",
    "dot_scores",
    "embedding",
    "embedding_vjp",
    "encode",
    "encoder",
    "encoder_layer",
    "encoder_layer_vjp",
    "encoder_vjp",
    "entropy",
    "fast_attention",
    "fast_attention_vjp",
    "feed_forward",
    "feed_forward_vjp",
    "fit",
    "gelu",
    "gelu_vjp",
    "greedy",
    "init_decoder",
    "init_encoder",
    "init_feed_forward",
    "init_language_model",
    "init_layer_norm",
    "init_multi_head",
    "init_ssru",
    "init_transformer",
    "language_model",
    "language_model_vjp",
    "layer_norm",
    "layer_norm_vjp",
    "learned_positions",
    "learned_positions_vjp",
    "linear",
    "linear_vjp",
    "log_softmax",
    "log_softmax_vjp",
    "merge_heads",
    "multi_head_attention",
    "multi_head_attention_vjp",
    "next_probs",
    "padding_mask",
    "relu",
    "relu_vjp",
    "rms_norm",
    "rms_norm_vjp",
    "rotate",
    "rotate_vjp",
    "sample_tokens",
    "scaled_dot_scores",
    "sinusoidal_positions",
    "softmax",
    "softmax_jacobian",
    "softmax_vjp",
    "split_heads",
    "ssru",
    "ssru_vjp",
    "start_statistics",
    "transformer",
    "transformer_vjp",
    "tree_leaves",
    "tree_map",
    "turn_pairs",
    "turn_pairs_vjp",
    "update_statistics",
    "warmup_schedule",
    "wave_angles",
]
