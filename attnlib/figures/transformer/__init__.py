"""The figures of chapter 5."""

from attnlib.figures.transformer.anatomy import anatomy
from attnlib.figures.transformer.decoding import decoding
from attnlib.figures.transformer.future_leak import future_leak
from attnlib.figures.transformer.mask_workshop import mask_workshop
from attnlib.figures.transformer.padding_damage import padding_damage

__all__ = [
    "anatomy",
    "decoding",
    "future_leak",
    "mask_workshop",
    "padding_damage",
]
