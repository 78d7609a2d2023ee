"""The figures of chapter 1."""

from attncourse.figures.compute.attends_to import attends_to
from attncourse.figures.compute.cell_arithmetic import cell_arithmetic
from attncourse.figures.compute.flow import flow
from attncourse.figures.compute.mixing_values import mixing_values
from attncourse.figures.compute.orthogonal import orthogonal
from attncourse.figures.compute.pipeline import pipeline
from attncourse.figures.compute.projections import projections
from attncourse.figures.compute.score_landscapes import score_landscapes
from attncourse.figures.compute.soft_lookup import soft_lookup

__all__ = [
    "attends_to",
    "cell_arithmetic",
    "flow",
    "mixing_values",
    "orthogonal",
    "pipeline",
    "projections",
    "score_landscapes",
    "soft_lookup",
]
