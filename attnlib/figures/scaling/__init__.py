"""The figures of chapter 2."""

from attnlib.figures.scaling.jacobian import jacobian
from attnlib.figures.scaling.jacobian_norms import jacobian_norms
from attnlib.figures.scaling.saturation import saturation
from attnlib.figures.scaling.scale_training import scale_training
from attnlib.figures.scaling.temperature import temperature
from attnlib.figures.scaling.variance import variance

__all__ = ["jacobian", "jacobian_norms", "saturation", "scale_training", "temperature", "variance"]
