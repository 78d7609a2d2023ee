"""The figures of chapter 5."""

from attncourse.figures.transformer.anatomy import anatomy
from attncourse.figures.transformer.attention_in_blocks import attention_in_blocks
from attncourse.figures.transformer.cached_cost import cached_cost
from attncourse.figures.transformer.cost_curve import cost_curve
from attncourse.figures.transformer.date_training import date_training
from attncourse.figures.transformer.decoding import decoding
from attncourse.figures.transformer.depth_gradients import depth_gradients
from attncourse.figures.transformer.free_running import free_running
from attncourse.figures.transformer.future_leak import future_leak
from attncourse.figures.transformer.journey import journey
from attncourse.figures.transformer.mask_workshop import mask_workshop
from attncourse.figures.transformer.name_training import name_training
from attncourse.figures.transformer.next_character import next_character
from attncourse.figures.transformer.padding_damage import padding_damage
from attncourse.figures.transformer.running_softmax import running_softmax
from attncourse.figures.transformer.shift_by_one import shift_by_one
from attncourse.figures.transformer.warmup_training import warmup_training

__all__ = [
    "anatomy",
    "attention_in_blocks",
    "cached_cost",
    "cost_curve",
    "date_training",
    "decoding",
    "depth_gradients",
    "free_running",
    "future_leak",
    "journey",
    "mask_workshop",
    "name_training",
    "next_character",
    "padding_damage",
    "running_softmax",
    "shift_by_one",
    "warmup_training",
]
