"""The figures of chapter 6."""

from attncourse.figures.norms.deep_stack import deep_stack
from attncourse.figures.norms.drift import drift
from attncourse.figures.norms.leak_by_batch import leak_by_batch
from attncourse.figures.norms.leaky_norm import leaky_norm
from attncourse.figures.norms.long_sequence import long_sequence
from attncourse.figures.norms.norm_by_depth import norm_by_depth
from attncourse.figures.norms.norm_grid import norm_grid
from attncourse.figures.norms.norm_training import norm_training
from attncourse.figures.norms.ripple import ripple
from attncourse.figures.norms.shared_mean import shared_mean
from attncourse.figures.norms.train_inference import train_inference

__all__ = [
    "deep_stack",
    "drift",
    "leak_by_batch",
    "leaky_norm",
    "long_sequence",
    "norm_by_depth",
    "norm_grid",
    "norm_training",
    "ripple",
    "shared_mean",
    "train_inference",
]
