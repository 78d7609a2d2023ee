"""One check an exercise: ``check.softmax(answer)`` says which property fails, or that every one holds."""

from attnlib.course.check.compute import (
    additive_scores,
    attention_weights,
    cosine_attention,
    nadaraya_watson,
    softmax,
    streaming_attention,
)
from attnlib.course.check.heads import (
    factor_scores,
    grouped_query,
    head_contributions,
    merge_heads,
    multi_head,
    removal_costs,
    split_heads,
)
from attnlib.course.check.norms import (
    changed_tokens,
    fold_batch_norm,
    layer_norm,
    masked_statistics,
    rms_norm_pullback,
    running_statistics,
)
from attnlib.course.check.order import (
    first_rise,
    is_equivariant,
    rotate,
    shift_matrix,
    sinusoidal_positions,
    to_halves,
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
    "changed_tokens",
    "cosine_attention",
    "factor_scores",
    "first_rise",
    "fold_batch_norm",
    "grouped_query",
    "head_contributions",
    "is_equivariant",
    "jacobian_norm",
    "layer_norm",
    "masked_statistics",
    "merge_heads",
    "multi_head",
    "nadaraya_watson",
    "removal_costs",
    "rms_norm_pullback",
    "rotate",
    "running_statistics",
    "scaled_scores",
    "score_variance",
    "shift_matrix",
    "sinusoidal_positions",
    "softmax",
    "softmax_pullback",
    "split_heads",
    "streaming_attention",
    "temperature_for",
    "to_halves",
]
