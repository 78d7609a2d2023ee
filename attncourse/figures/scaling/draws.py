"""Random queries and keys of any width, the three scales, and the size of the softmax's derivative."""

from functools import lru_cache

import numpy as np

from attnlib import softmax_jacobian

WIDTHS = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024)  # d_k
SCALES = ("none", "√d_k", "d_k")  # what the scores are divided by
SEQ = 16  # queries and keys in one draw


def scale_factor(scale: str, d_k: int) -> float | None:
    """What ``attention`` takes as its ``scale``; None is the library's own 1/√d_k."""
    return {"none": 1.0, "√d_k": None, "d_k": 1 / d_k}[scale]


def random_queries_and_keys(d_k: int, correlation: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """Standard normal components, the same at every call; query i and key i are correlated, all others independent.

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


def jacobian_norm(attn_weights: np.ndarray) -> np.ndarray:
    """‖diag(p) − p pᵀ‖, the Frobenius norm, for each row p of weights.

    The rows of the matrix sum to zero, so an entry of the diagonal is minus the sum of the others in its row.
    Taken so, it keeps its digits where p is close to 1 and p − p² would lose them.

    Args:
        attn_weights: (..., n)

    Returns:
        (...) from 0, one weight of 1, to 1/2, two weights of 1/2.
    """
    jacobian = softmax_jacobian(attn_weights)
    others = jacobian * (1 - np.eye(attn_weights.shape[-1]))
    diagonal = others.sum(axis=-1)
    return np.sqrt((others**2).sum(axis=(-2, -1)) + (diagonal**2).sum(axis=-1))
