"""Chapter 4's checks accept the notebook's own solutions and name what is wrong with other answers."""

import itertools

import numpy as np
import pytest

import attnlib
from attncourse import check
from attnlib import wave_angles
from tests.exercises import exercise_tests, solutions_of
from tests.notebooks import ROOT

CHAPTER = ROOT / "chapters" / "04_give_order.ipynb"

SOLUTIONS = solutions_of(CHAPTER)


def shuffled(layer, x, order, rtol=1e-9):
    return bool(np.allclose(layer(x[order]), layer(x)[order], rtol=rtol))


def exactly(layer, x):
    order = np.random.default_rng(0).permutation(len(x))
    return bool(np.array_equal(layer(x[order]), layer(x)[order]))


def invariant(layer, x):
    return bool(np.allclose(layer(x[::-1]), layer(x)))


def products_of(d_model, wave=np.cos):
    return wave(wave_angles(np.arange(100), d_model)).sum(axis=-1)


def first_fall(d_model):
    products = np.cos(wave_angles(np.arange(100), d_model)).sum(axis=-1)
    return int((np.diff(products) < 0).argmax()) + 1


def look(r, d_model, sharp=100.0, scale=None):
    """A block for each pair: with a plus, the encoding as a row moves back by r."""
    w_q = np.zeros((d_model, d_model))
    for m, angle in enumerate(wave_angles(r, d_model)):
        cos, sin = np.cos(angle), np.sin(angle)
        w_q[2 * m : 2 * m + 2, 2 * m : 2 * m + 2] = [[cos, sin], [-sin, cos]]
    return sharp * w_q


def look_by_halves(r, d_model):
    order = [*range(0, d_model, 2), *range(1, d_model, 2)]
    return look(r, d_model)[np.ix_(np.argsort(order), np.argsort(order))]


def look_by_least_squares(r, d_model):
    encoding = attnlib.sinusoidal_positions(60 + abs(r), d_model)
    moved = encoding[:60] if r > 0 else encoding[-60:]
    return 100 * np.linalg.pinv(encoding[r:][:60] if r > 0 else encoding[:60]) @ moved


def every_order(layer, x):
    """All there are, where they are few enough."""
    orders = itertools.islice(itertools.permutations(range(len(x))), 720)
    return all(np.allclose(layer(x[list(order)]), layer(x)[list(order)]) for order in orders)


def some_orders(layer, x, compare=np.allclose, combine=all, count=20):
    own = np.random.default_rng(5)
    orders = [own.permutation(len(x)) for _ in range(count)]
    return bool(combine(compare(layer(x[order]), layer(x)[order]) for order in orders))


def a_new_order_each_time(layer, x):
    return shuffled(layer, x, np.random.default_rng().permutation(len(x)))


def swapped(layer, x, i, j):
    order = np.arange(len(x))
    order[[i, j]] = order[[j, i]]
    return shuffled(layer, x, order)


def same_sums(a, b):
    return np.allclose(a.sum(axis=0), b.sum(axis=0))


def same_rows_somewhere(a, b):
    return np.allclose(np.sort(a, axis=0), np.sort(b, axis=0))


def turn(x, sign=1, halves=False, base=10000.0):
    angles = sign * wave_angles(np.arange(x.shape[-2]), x.shape[-1], base)
    cos, sin = np.cos(angles), np.sin(angles)
    out = np.empty_like(x)
    one, two = (
        (slice(0, x.shape[-1] // 2), slice(x.shape[-1] // 2, None))
        if halves
        else (slice(0, None, 2), slice(1, None, 2))
    )
    out[..., one], out[..., two] = x[..., one] * cos - x[..., two] * sin, x[..., one] * sin + x[..., two] * cos
    return out


def turn_in_place(x):
    x[...] = turn(x)
    return x


def by_a_random_turn(x):
    """Keeps norms, keeps position 0, but the angles do not grow evenly."""
    angles = np.arange(x.shape[-2])[:, None] ** 2 * wave_angles(1, x.shape[-1])
    cos, sin, out = np.cos(angles), np.sin(angles), np.empty_like(x)
    out[..., 0::2], out[..., 1::2] = x[..., 0::2] * cos - x[..., 1::2] * sin, x[..., 0::2] * sin + x[..., 1::2] * cos
    return out


def halves_of_all(weight, num_heads):
    return np.concatenate([weight[:, 0::2], weight[:, 1::2]], axis=1)


def odds_first(weight, num_heads):
    pairs = weight.reshape(len(weight), num_heads, -1, 2)[..., ::-1]
    return pairs.swapaxes(-1, -2).reshape(weight.shape)


def halves_back(weight, num_heads):
    rows, width = weight.shape
    return weight.reshape(rows, num_heads, 2, width // num_heads // 2).swapaxes(-1, -2).reshape(rows, width)


def rows_instead(weight, num_heads):
    return np.concatenate([weight[0::2], weight[1::2]])


def halves_in_place(weight, num_heads):
    weight[:] = halves_of_all(weight, num_heads)
    return weight


WRONG = {
    "is_equivariant": [
        (lambda layer, x: True, r"causal mask \(seq = 5\): the answer is False, yours says True"),
        (lambda layer, x: False, r"attention alone \(seq = 5\): the answer is True, yours says False"),
        (exactly, r"attention alone \(seq = .\): the answer is True, yours says False"),
        (invariant, r"attention alone .* the answer is True, yours says False"),
        (lambda layer, x: shuffled(layer, x, np.arange(len(x))), r"causal mask .* yours says True"),
        (
            lambda layer, x: shuffled(layer, x, np.arange(len(x))[::-1]),
            r"reversing the rows does not reveal it\).* yours says True",
        ),
        (lambda layer, x: 0.0, r"must be True or False: yours is of type float"),
        (lambda layer, x: shuffled(layer, x, np.roll(np.arange(len(x)), 1)), r"np.roll does not reveal it.* True"),
        (lambda layer, x: swapped(layer, x, 0, 1), r"hides key . from query .* yours says True"),
        (lambda layer, x: swapped(layer, x, -2, -1), r"hides key . from query .* yours says True"),
        (lambda layer, x: swapped(layer, x, 0, -1), r"hides key . from query .* yours says True"),
        (lambda layer, x: swapped(layer, x, 1, 2), r"hides key . from query .* yours says True"),
        (lambda layer, x: some_orders(layer, x, compare=same_sums), r"sums do not reveal it.* yours says True"),
        (lambda layer, x: some_orders(layer, x, compare=same_rows_somewhere), r"sorts its rows .* yours says True"),
        (lambda layer, x: some_orders(layer, x, combine=any), r"yours says True"),
        (lambda layer, x: some_orders(layer, x, count=1), r"survives the 1 order that you try .* yours says True"),
        (a_new_order_each_time, r"the answer is False, yours says True"),  # whichever layer chance reveals
        (
            lambda layer, x: some_orders(layer, x, compare=lambda a, b: np.allclose(a, b, atol=0.01)),
            r"a bias by distance.* yours says True",
        ),
    ],
    "first_rise": [
        (lambda d_model: 1, r"d_model = 4: .* its first rise: yours says 1"),
        (lambda d_model: 12, r"yours says 12"),
        (first_fall, r"yours says 1"),
        (lambda d_model: SOLUTIONS["first_rise"](d_model) - 1, r"d_model = 4: .* yours says"),
        (lambda d_model: int(products_of(d_model).argmin()), r"its first rise: yours says"),
        (lambda d_model: int(products_of(d_model)[1:].argmax()) + 1, r"its first rise: yours says"),
        (lambda d_model: int((np.diff(products_of(d_model)[::-1]) > 0).argmax()) + 1, r"its first rise: yours says"),
        (
            lambda d_model: int((np.diff(np.sin(wave_angles(np.arange(100), d_model)).sum(-1)) > 0).argmax()) + 1,
            r"yours",
        ),
        (lambda d_model: products_of(d_model), r"the distance must have shape \(\)"),
        (lambda d_model: float(products_of(d_model)[SOLUTIONS["first_rise"](d_model)]), r"its first rise: yours says"),
    ],
    "look_back": [
        (lambda r, d: look(-r, d), r"looks the other way: with r = 1 and d_model = 16.* transpose it"),
        (lambda r, d: look(r, d).T, r"looks the other way"),
        (lambda r, d: look(r, d, sharp=1.0), r"largest weight everywhere, but only 0\.\d+ .* makes? a softmax sharper"),
        (lambda r, d: look(r, d, sharp=-100.0), r"position 1 must attend to position 0: yours gives most"),
        (lambda r, d: 100 * np.eye(d), r"position 1 must attend to position 0: yours .* to position 1"),
        (lambda r, d: look(1, d), r"with r = 3 and d_model = 32, position 3 must attend to position 0"),
        (lambda r, d: look(abs(r), d), r"looks the other way: with r = -2"),
        (lambda r, d: look(r, 16), r"w_q must have shape \(32, 32\)"),
        (look_by_halves, r"with r = 1 and d_model = 16, position \d+ must attend"),
        (lambda r, d: wave_angles(r, d), r"w_q must have shape \(16, 16\)"),
        (lambda r, d: look(r, d, sharp=np.inf), r"must be finite"),
        (lambda r, d: np.roll(100 * np.eye(d), r, axis=0), r"position \d+ must attend to position"),
    ],
    "positions_of": [
        (lambda t: np.cumsum(t, axis=-1), r"count from 0: yours start at 1|yours at"),
        (lambda t: np.where(t, np.cumsum(t, axis=-1), 0), r"count from 0: yours start at 1"),
        (lambda t: np.cumsum(t, axis=-1) - 1, r"yours has −1 where padding stands on the left"),
        (lambda t: np.maximum(np.cumsum(t, axis=-1) - 1, 0), r"yours counts on where padding stands after"),
        (lambda t: np.where(t, np.cumsum(t, axis=0) - 1, 0), r"yours counts down the batch"),
        (lambda t: np.where(t, np.arange(t.shape[-1]), 0), r"yours counts the padding, too"),
        (lambda t: np.where(t, np.cumsum(t, axis=-1) - 1.0, 0), r"positions are integers: yours are of dtype float64"),
        (lambda t: np.where(t, np.cumsum(t) - 1 if t.ndim == 1 else np.cumsum(t).reshape(t.shape) - 1, 0), r"yours at"),
        (lambda t: t.argmax(axis=-1), r"must have shape \(3, 5\)"),
        (
            lambda t: np.where(t, np.arange(t.shape[-1]) - t.argmax(axis=-1)[:, None], 0),
            r"the next at 1, and padding gets 0: yours at",
        ),
        (lambda t: np.zeros(t.shape, dtype=int), r"yours at \[0, 3\] is 0 where 1 is due"),
    ],
    "rotate": [
        (lambda x: turn(x, halves=True), r"yours pairs feature m with m \+ width/2"),
        (lambda x: turn(x, sign=-1), r"yours turns the other way"),
        (lambda x: turn(x, base=100.0), r"with width = 4: yours at"),
        (lambda x: x, r"with width = 2: yours at \[1, 0\]"),
        (lambda x: x + attnlib.sinusoidal_positions(*x.shape[-2:]), r"the first vector must stay as it is"),
        (lambda x: 2 * turn(x) - x, r"a turn keeps the norm"),
        (by_a_random_turn, r"must score the same wherever the two stand"),
        (turn_in_place, r"changed x in place"),
        (lambda x: attnlib.rotate(x), r"what rotate does is the exercise: yours calls it"),
        (lambda x: attnlib.rotate_vjp(x)[0], r"what rotate_vjp does is the exercise: yours calls it"),
        (lambda x: turn(x)[..., ::-1, :], r"the first vector must stay as it is"),
        (lambda x: np.concatenate([x[..., :1, :], turn(x)[..., :-1, :]], axis=-2), r"keeps the norm|same wherever"),
        (lambda x: turn(x)[..., ::2], r"must have shape"),
        (lambda x: turn(np.broadcast_to(x.reshape(-1, *x.shape[-2:])[0], x.shape)), r"stay as it is|yours at"),
    ],
    "to_halves": [
        (lambda weight, num_heads: weight, r"num_heads = 1 and head_dim = 4, in the scores of head 1: yours at"),
        (halves_of_all, r"num_heads = 2 and head_dim = 4, in the scores of head 1: yours at"),
        (halves_back, r"num_heads = 3 and head_dim = 6, in the scores of head 1: yours at"),
        (odds_first, r"in the scores of head 1: yours at"),
        (lambda weight, num_heads: weight[:, ::-1], r"in the scores of head 1: yours at"),
        (lambda weight, num_heads: np.roll(weight, 1, axis=1), r"in the scores of head 1: yours at"),
        (lambda weight, num_heads: 2 * SOLUTIONS["to_halves"](weight, num_heads), r"only the order of the columns"),
        (lambda weight, num_heads: SOLUTIONS["to_halves"](weight.T, num_heads), r"must have shape|raised"),
        (rows_instead, r"only the order of the columns may change"),
        (halves_in_place, r"changed weight in place"),
    ],
}

(
    test_the_notebooks_solution_passes,
    test_an_empty_answer_is_named_as_such,
    test_a_wrong_answer_fails_for_the_right_reason,
) = exercise_tests(SOLUTIONS, WRONG)


@pytest.mark.parametrize(
    ("exercise", "answer"),
    [
        ("is_equivariant", every_order),
        ("is_equivariant", lambda layer, x: np.bool_(some_orders(layer, x, count=60))),
        ("look_back", lambda r, d: look(r, d, sharp=1000.0).tolist()),
        ("look_back", lambda r, d: look(r, d).astype(np.float32)),
        ("look_back", look_by_least_squares),
        ("positions_of", lambda t: np.where(t, np.cumsum(t, axis=-1) - 1, 0).tolist()),
        ("positions_of", lambda t: np.clip(np.cumsum(t, axis=-1) - 1, 0, None) * t),
        ("first_rise", lambda d: np.int64(SOLUTIONS["first_rise"](d))),
    ],
)
def test_a_right_answer_in_another_form_is_accepted(exercise, answer):
    assert repr(getattr(check, exercise)(answer)).startswith("✓")
