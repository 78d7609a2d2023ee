"""Vectors as the rows of one matrix, whatever axes stand before them."""

import math

import numpy as np


def as_rows(x):
    """(..., d) → (n, d): one large matrix product is faster than many small ones."""
    return x.reshape(math.prod(x.shape[:-1]), x.shape[-1])


def over_tokens(grad):
    """The gradient of one vector that every token used: (..., d_model) → (d_model,)."""
    rows = as_rows(grad)
    return np.ones(len(rows), rows.dtype) @ rows  # a product takes a fifth of the time that a sum does


def idle_as_zero(rows, grad_rows):
    """The rows, with zeros in place of those whose gradient is zero: padding has no say, but 0 · NaN would be NaN."""
    return rows if np.isfinite(rows).all() else np.where(grad_rows.any(axis=-1, keepdims=True), rows, 0)
