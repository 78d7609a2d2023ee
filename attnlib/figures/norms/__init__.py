"""The figures of chapter 6."""

from attnlib.figures.norms.drift import drift
from attnlib.figures.norms.long_sequence import long_sequence
from attnlib.figures.norms.norm_grid import norm_grid
from attnlib.figures.norms.norm_training import norm_training
from attnlib.figures.norms.ripple import ripple
from attnlib.figures.norms.shared_mean import shared_mean
from attnlib.figures.norms.train_inference import train_inference

__all__ = [
    "drift",
    "long_sequence",
    "norm_grid",
    "norm_training",
    "ripple",
    "shared_mean",
    "train_inference",
]
