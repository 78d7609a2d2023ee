"""Powers: of whatever base, a softmax made of them is the same."""

import importlib
import re

import numpy as np
import pytest

from attnlib import attention_vjp, fast_attention_vjp
from attnlib.power import POWERS, fitting_power, vectorised_power


@pytest.mark.parametrize("power", POWERS.values(), ids=POWERS.keys())
def test_a_power_of_its_base_is_a_power_of_e(power):
    exponents = np.linspace(-20, 20, 41)
    np.testing.assert_allclose(power.of(exponents * power.factor), np.exp(exponents), rtol=1e-13)


def test_the_quickest_is_one_of_them():
    assert vectorised_power() in POWERS.values()


class Introspect:
    """What ``np.lib.introspect`` says, of a function that has these loops for float32 and for float64."""

    def __init__(self, **loops):
        self.loops = {name: {"ff": {"current": ff}, "dd": {"current": dd}} for name, (ff, dd) in loops.items()}

    def opt_func_info(self, func_name):
        return {name: loops for name, loops in self.loops.items() if re.search(func_name, name)}


@pytest.mark.parametrize("introspect", [None, Introspect(), Introspect(exp=("AVX512_SKX", "AVX512_SKX"))])
def test_a_numpy_that_does_not_say_what_it_has_gives_powers_of_e(introspect):
    assert fitting_power(introspect) is POWERS["exp"]


@pytest.mark.parametrize("loop", ["baseline(SSE)", "AVX512_SKX"])
def test_the_loops_that_numpy_has_for_this_processor_decide(loop):
    found = fitting_power(Introspect(exp=("AVX512_SKX", "AVX512_SKX"), exp2=(loop, "AVX512_SKX")))
    assert found is POWERS["exp" if loop.startswith("baseline") else "exp2"]


@pytest.mark.parametrize("power", POWERS.values(), ids=POWERS.keys())
@pytest.mark.parametrize("sigma", [1, 100])
def test_attention_in_blocks_is_the_same_with_either(rng, monkeypatch, power, sigma):
    monkeypatch.setattr(importlib.import_module("attnlib.block_scores"), "vectorised_power", lambda: power)
    query, key, value, grad = rng.normal(size=(4, 30, 6))
    output, pullback = fast_attention_vjp(sigma * query, key, value)
    expected, expected_pullback = attention_vjp(sigma * query, key, value)
    for a, b in zip([output, *pullback(grad)], [expected, *expected_pullback(grad)], strict=True):
        np.testing.assert_allclose(a, b, atol=1e-12 * sigma)
