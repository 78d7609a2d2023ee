"""Powers of e, or of another base if NumPy has them sooner: a softmax is the same whatever the base."""

import math
from collections.abc import Callable
from functools import cache
from typing import NamedTuple

import numpy as np


class Power(NamedTuple):
    """A function that raises a base, and what turns an exponent of e into one of that base."""

    of: Callable[..., np.ndarray]
    factor: float


POWERS = {"exp": Power(np.exp, 1.0), "exp2": Power(np.exp2, math.log2(math.e))}


@cache
def vectorised_power():
    """2^x where NumPy has a loop for it that fits the processor, e^x where it has none or does not say."""
    return fitting_power(getattr(np.lib, "introspect", None))


def fitting_power(introspect):
    """The same by what NumPy says of itself: ``np.lib.introspect``, since NumPy 2.1, or None."""
    loops = introspect.opt_func_info(func_name="^exp2$").get("exp2", {}) if introspect else {}
    fits = "ff" in loops and "baseline" not in loops["ff"]["current"]  # the loop for float32
    return POWERS["exp2" if fits else "exp"]
