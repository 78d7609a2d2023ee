"""The figures of chapter 2."""

from attncourse.figures.scaling.jacobian import jacobian
from attncourse.figures.scaling.jacobian_norms import jacobian_norms
from attncourse.figures.scaling.saturation import saturation
from attncourse.figures.scaling.scale_training import scale_training
from attncourse.figures.scaling.temperature import temperature
from attncourse.figures.scaling.variance import variance
from attncourse.figures.scaling.wide_row import wide_row

__all__ = ["jacobian", "jacobian_norms", "saturation", "scale_training", "temperature", "variance", "wide_row"]
