"""One check an exercise: ``check.rotate(answer)`` says which property fails, or that every one holds.

Four go through all chapters: ``check.build(softmax=my_softmax)`` judges a part of the date model,
``check.catch(softmax=is_right)`` a property that is to catch planted bugs, ``check.model()`` is the model made of the
parts that are yours, and ``check.progress()`` says what is done. What passes is kept in the folder where the notebook
runs, unless ``keep=False``.
"""

from attncourse.check.build import build as build
from attncourse.check.catch import catch as catch
from attncourse.check.compute import (
    cosine_attention,
    nearest_by_dot,
    next_letter,
    streaming_attention,
)
from attncourse.check.cross import (
    fast_asker,
    memory_gradient,
    removal_effects,
    token_contributions,
)
from attncourse.check.heads import (
    factor_scores,
    grouped_query,
    narrow_heads,
    removal_costs,
)
from attncourse.check.model import model as model
from attncourse.check.norms import (
    changed_tokens,
    fold_batch_norm,
    fold_layer_norm,
    merge_statistics,
    rms_norm_pullback,
)
from attncourse.check.order import (
    first_rise,
    is_equivariant,
    look_back,
    positions_of,
    rotate,
    to_halves,
)
from attncourse.check.progress import progress as progress
from attncourse.check.scaling import (
    jacobian_norm,
    score_variance,
    temperature_for,
    undivided,
)
from attncourse.check.transformer import (
    beam_search,
    cached_attention,
    decoder_mask,
    post_norm_decoder,
)

__all__ = [
    "beam_search",
    "cached_attention",
    "changed_tokens",
    "cosine_attention",
    "decoder_mask",
    "factor_scores",
    "fast_asker",
    "first_rise",
    "fold_batch_norm",
    "fold_layer_norm",
    "grouped_query",
    "is_equivariant",
    "jacobian_norm",
    "look_back",
    "memory_gradient",
    "merge_statistics",
    "narrow_heads",
    "nearest_by_dot",
    "next_letter",
    "positions_of",
    "post_norm_decoder",
    "removal_costs",
    "removal_effects",
    "rms_norm_pullback",
    "rotate",
    "score_variance",
    "streaming_attention",
    "temperature_for",
    "to_halves",
    "token_contributions",
    "undivided",
]
