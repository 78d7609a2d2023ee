"""What Hypothesis draws: shapes, dtypes, masks. The numbers come from a generator whose seed is drawn."""

from typing import Any, NamedTuple

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

dtypes = st.sampled_from([np.float32, np.float64])
generators = st.integers(0, 2**32 - 1).map(np.random.default_rng)
leads = hnp.array_shapes(min_dims=0, max_dims=2, max_side=3)  # the axes before the last two
widths = st.integers(1, 6)
lengths = st.integers(1, 6)
magnitudes = st.sampled_from([1e-3, 1.0, 10.0, 300.0])


def fewer(share):
    """For tests that take longer: one example where others have ``share``."""
    return settings(max_examples=max(1, settings().max_examples // share))


def normal(rng, dtype, *shape, size=1.0):
    """Normal numbers of this magnitude."""
    return np.asarray(size * rng.normal(size=shape)).astype(dtype)


def rounding(dtype, *arrays):
    """How far sums of a few of these numbers may be from one another in two orders."""
    return 64 * float(np.finfo(dtype).eps) * max([1.0, *(float(np.abs(x).max(initial=0)) for x in arrays)])


@st.composite
def stretched(draw, shape):
    """A shape that broadcasts to this one: some of its axes have length 1, some of the first ones are left out."""
    kept = [n if draw(st.booleans()) else 1 for n in shape]
    return tuple(kept[draw(st.integers(0, len(shape))) :])


@st.composite
def masks(draw, shape, one_key=False):
    """A boolean mask that broadcasts to this shape, or None; with ``one_key`` every query may attend to something."""
    if draw(st.booleans()):
        return None
    mask = draw(hnp.arrays(bool, draw(stretched(shape))))
    if one_key and mask.ndim and mask.shape[-1]:
        mask[..., draw(st.integers(0, mask.shape[-1] - 1))] = True
    return np.array(True) if one_key and not mask.ndim else mask


class Call(NamedTuple):
    """The arguments of ``attention``."""

    query: np.ndarray
    key: np.ndarray
    value: np.ndarray
    mask: np.ndarray | None
    bias: np.ndarray | None

    @property
    def scores_shape(self):
        """(..., seq_q, seq_k)"""
        lead = np.broadcast_shapes(self.query.shape[:-2], self.key.shape[:-2])
        return (*lead, self.query.shape[-2], self.key.shape[-2])

    def changed(self, **arguments):
        return self._replace(**arguments)


@st.composite
def calls(draw, shortest=0, one_key=False, biased=True, magnitudes=magnitudes):
    """Arguments of ``attention``: leading axes missing, shared or stretched, no queries or no keys, a mask or none."""
    rng, dtype, lead = draw(generators), draw(dtypes), draw(leads)
    seq_q, seq_k = draw(st.integers(shortest, 5)), draw(st.integers(shortest, 6))
    d_k, d_v, size = draw(widths), draw(widths), draw(magnitudes)
    query = normal(rng, dtype, *draw(stretched(lead)), seq_q, d_k, size=size)
    key, value = (normal(rng, dtype, *draw(stretched(lead)), seq_k, width) for width in (d_k, d_v))
    call = Call(query, key, value, None, None)
    shape = call.scores_shape
    bias = normal(rng, dtype, *draw(stretched(shape))) if biased and draw(st.booleans()) else None
    return call._replace(mask=draw(masks(shape, one_key)), bias=bias)


@st.composite
def strange_numbers(draw, dtype, shape):
    """What may stand where nobody looks: NaN, infinities, numbers near the largest and below the smallest."""
    top = float(np.finfo(dtype).max)
    special = st.sampled_from([np.nan, np.inf, -np.inf, top, -top, top**0.75, 1e-45, 0.0])
    return draw(hnp.arrays(dtype, shape, elements=special.map(lambda x: float(np.asarray(x).astype(dtype)))))


def model_sizes() -> st.SearchStrategy[dict[str, Any]]:
    """d_model, num_heads and d_ff that fit. d_model is even, as the waves of positions want it, and above 2: LayerNorm
    makes two numbers ±1 whatever they were, a step that no difference quotient can climb."""
    return st.tuples(st.integers(1, 3), st.integers(2, 3), st.integers(1, 5)).map(
        lambda sizes: {"d_model": 2 * sizes[0] * sizes[1], "num_heads": sizes[0], "d_ff": sizes[2]}
    )
