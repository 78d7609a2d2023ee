"""The figures of chapter 5."""

from attnlib.figures.transformer.anatomy import anatomy
from attnlib.figures.transformer.cached_cost import cached_cost
from attnlib.figures.transformer.cost_curve import cost_curve
from attnlib.figures.transformer.decoding import decoding
from attnlib.figures.transformer.depth_gradients import depth_gradients
from attnlib.figures.transformer.free_running import free_running
from attnlib.figures.transformer.future_leak import future_leak
from attnlib.figures.transformer.mask_workshop import mask_workshop
from attnlib.figures.transformer.padding_damage import padding_damage
from attnlib.figures.transformer.warmup_training import warmup_training

__all__ = [
    "anatomy",
    "cached_cost",
    "cost_curve",
    "decoding",
    "depth_gradients",
    "free_running",
    "future_leak",
    "mask_workshop",
    "padding_damage",
    "warmup_training",
]
