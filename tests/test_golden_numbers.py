"""Numbers are compared with tolerances: noise passes, a changed number does not."""

from typing import NamedTuple

import numpy as np
import pytest

from tests.golden.numbers import differences, load, parts, save
from tests.nudge import nudged


class Shown(NamedTuple):
    weights: np.ndarray
    name: str


class Numbers(NamedTuple):
    shown: Shown
    even: bool
    pair: tuple[int, float]
    other: list[np.ndarray]


def numbers(**changed):
    return Numbers(
        Shown(np.array([[0.25, 0.75, 0.0], [np.nan, np.inf, -3e-9]]), "soft"), True, (3, 0.5), [np.arange(4)]
    )._replace(**changed)


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def test_fields_have_the_names_that_a_reader_would_use():
    assert list(parts(numbers())) == ["shown.weights", "shown.name", "even", "pair[0]", "pair[1]", "other[0]"]


def test_what_is_kept_is_read_again(tmp_path):
    save(tmp_path / "numbers.npz", parts(numbers()))
    assert differences(parts(numbers()), load(tmp_path / "numbers.npz")) == []


def test_keeping_the_same_numbers_again_gives_the_same_bytes(tmp_path):
    for name in ("once", "again"):
        save(tmp_path / f"{name}.npz", parts(numbers()))
    assert (tmp_path / "once.npz").read_bytes() == (tmp_path / "again.npz").read_bytes()


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"even": False}, "even is False, it was True"),
        ({"pair": (4, 0.5)}, "pair[0] is 4, it was 3"),
        ({"pair": (3, 0.50005)}, "pair[1] is 0.50005, it was 0.5 (1 of 1 entries differ)"),
        ({"pair": (3,)}, "pair[1] is None, it was float64 of shape ()"),
        ({"pair": (3, np.float32(0.5))}, "pair[1] is float32 of shape (), it was float64 of shape ()"),
        ({"other": [np.array([0, 1, 2, 4])]}, "other[0] is [0, 1, 2, 4], it was [0, 1, 2, 3]"),
        ({"other": [np.arange(4), 1]}, "other[1] is 1, it was None"),
    ],
)
def test_a_difference_is_named(changed, words):
    assert differences(parts(numbers(**changed)), parts(numbers())) == [words]


@pytest.mark.parametrize(
    ("entry", "value", "words"),
    [
        ((0, 1), 0.75 * (1 + 1e-4), "[0, 1] is 0.750075, it was 0.75"),
        ((1, 0), 0.0, "[1, 0] is 0, it was nan"),
        ((1, 1), -np.inf, "[1, 1] is -inf, it was inf"),
        ((0, 0), np.nan, "[0, 0] is nan, it was 0.25"),
        ((1, 2), -3e-9 * (1 + 1e-4), "[1, 2] is -3.0003e-09, it was -3e-09"),
    ],
)
def test_an_entry_that_differs_is_named_with_both_numbers(entry, value, words):
    weights = numbers().shown.weights.copy()
    weights[entry] = value
    (found,) = differences(parts(numbers(shown=Shown(weights, "soft"))), parts(numbers()))
    assert found == f"shown.weights{words} (1 of 6 entries differ)"


@pytest.mark.parametrize(("dtype", "noise"), [(np.float32, 1e-6), (np.float64, 1e-12)])
def test_rounding_is_no_difference(dtype, noise, rng):
    then = rng.normal(size=(40, 50)).astype(dtype)
    then[then > 1] = 0
    now = then * (1 + noise * rng.choice([-1, 1], then.shape)) + 1e-16 * rng.choice([-1, 1], then.shape)
    assert differences({"x": now.astype(dtype)}, {"x": then}) == []


def test_zeros_that_rounding_has_touched_are_equal():
    assert differences({"x": np.array([0, 0, 1e-17])}, {"x": np.array([0, -4e-16, 0])}) == []


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_nudge_moves_every_float_and_nothing_else(dtype, rng):
    then = Numbers(Shown(np.array([0, 2.0], dtype), "soft"), True, (3, 0.5), [np.arange(4)])
    now = nudged(then, rng)
    assert now.shown.weights.dtype == dtype
    assert (now.shown.weights != then.shown.weights).all()
    assert now.pair[0] == 3
    assert now.pair[1] != 0.5
    assert (now.even, now.shown.name) == (True, "soft")
    assert (now.other[0] == np.arange(4)).all()
    assert nudged(then, rng, keep=["pair"]).pair == then.pair
