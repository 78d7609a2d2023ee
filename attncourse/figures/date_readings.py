"""The trained date model, and what it read, computed once for all figures."""

from functools import lru_cache

import numpy as np

from attnlib.dates.model import Reading, load_date_model, read
from attnlib.transformer import TransformerParams


@lru_cache
def date_model() -> TransformerParams:
    """The weights that come with the library, as float64: the same digits on every machine."""
    return load_date_model(dtype=np.float64)


@lru_cache(maxsize=64)
def reading(text: str) -> Reading:
    """The text as the model reads it, with every probability and every map."""
    return read(date_model(), text)
