"""Random queries and keys of any width, the same at every call."""

from functools import lru_cache

import numpy as np

from attncourse.figures.scaling.scales import WIDTHS

SEQ = 16  # queries and keys in one draw


def random_queries_and_keys(d_k: int, correlation: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """Standard normal components; query i and key i are correlated, all others independent.

    Args:
        d_k: width, 1 to 1024. A smaller width is the beginning of a larger one, so that a slider moves smoothly.
        correlation: ρ of component c of query i with component c of key i, from 0 to 1.

    Returns:
        ``(query, key)``, both (64, 16, d_k): 64 draws of 16 queries and 16 keys.
    """
    query, noise = _components()[..., :d_k]
    return query, correlation * query + np.sqrt(1 - correlation**2) * noise


@lru_cache(maxsize=1)
def _components() -> np.ndarray:
    return np.random.default_rng(0).normal(size=(2, 64, SEQ, WIDTHS[-1]))
