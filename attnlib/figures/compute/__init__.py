"""The figures of chapter 1."""

from attnlib.figures.compute.cell_arithmetic import cell_arithmetic
from attnlib.figures.compute.flow import flow
from attnlib.figures.compute.mixing_values import mixing_values
from attnlib.figures.compute.orthogonal import orthogonal
from attnlib.figures.compute.pipeline import pipeline
from attnlib.figures.compute.score_landscapes import score_landscapes
from attnlib.figures.compute.soft_lookup import soft_lookup

__all__ = [
    "cell_arithmetic",
    "flow",
    "mixing_values",
    "orthogonal",
    "pipeline",
    "score_landscapes",
    "soft_lookup",
]
