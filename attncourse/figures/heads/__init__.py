"""The figures of chapter 3."""

from attncourse.figures.heads.head_ablation import head_ablation
from attncourse.figures.heads.head_budget import head_budget
from attncourse.figures.heads.head_columns import head_columns
from attncourse.figures.heads.head_maps import head_maps
from attncourse.figures.heads.heads_accuracy import heads_accuracy
from attncourse.figures.heads.instead_of_heads import instead_of_heads
from attncourse.figures.heads.multi_head_flow import multi_head_flow
from attncourse.figures.heads.one_or_two_heads import one_or_two_heads
from attncourse.figures.heads.one_or_two_heads_training import one_or_two_heads_training
from attncourse.figures.heads.sum_of_heads import sum_of_heads
from attncourse.figures.heads.unequal_weights import unequal_weights

__all__ = [
    "head_ablation",
    "head_budget",
    "head_columns",
    "head_maps",
    "heads_accuracy",
    "instead_of_heads",
    "multi_head_flow",
    "one_or_two_heads",
    "one_or_two_heads_training",
    "sum_of_heads",
    "unequal_weights",
]
