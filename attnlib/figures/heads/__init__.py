"""The figures of chapter 3."""

from attnlib.figures.heads.head_ablation import head_ablation
from attnlib.figures.heads.head_maps import head_maps
from attnlib.figures.heads.heads_accuracy import heads_accuracy
from attnlib.figures.heads.one_or_two_heads import one_or_two_heads

__all__ = ["head_ablation", "head_maps", "heads_accuracy", "one_or_two_heads"]
