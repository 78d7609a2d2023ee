"""Chapter 4's checks accept the notebook's own solutions and name what is wrong with other answers."""

import numpy as np

import attnlib
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


def waves(seq, d_model, cosine=0, base=10000.0):
    """The encoding, with another exponent for the cosine."""
    i = np.arange(0, d_model, 2)
    p = np.arange(seq)[:, None]
    sine, cosine = p / base ** (i / d_model), p / base ** ((i + cosine) / d_model)
    return np.stack([np.sin(sine), np.cos(cosine)], axis=-1).reshape(seq, d_model)


def waves_in_halves(seq, d_model):
    angles = wave_angles(np.arange(seq), d_model)
    return np.concatenate([np.sin(angles), np.cos(angles)], axis=-1)


def first_fall(d_model):
    products = np.cos(wave_angles(np.arange(100), d_model)).sum(axis=-1)
    return int((np.diff(products) < 0).argmax()) + 1


def turned(k, d_model, sign=1.0):
    cos, sin = np.cos(wave_angles(k, d_model)), sign * np.sin(wave_angles(k, d_model))
    matrix = np.zeros((d_model, d_model))
    for i in range(d_model // 2):
        matrix[2 * i : 2 * i + 2, 2 * i : 2 * i + 2] = [[cos[i], sin[i]], [-sin[i], cos[i]]]
    return matrix


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
    ],
    "sinusoidal_positions": [
        (lambda seq, d: waves(seq, d, cosine=1), r"exponent 2i for both.* norm √\(d_model/2\): yours at \[1\]"),
        (waves_in_halves, r"in turns \(interleaved\): yours at \[1\] is 0 where 1"),
        (lambda seq, d: waves(seq, d, base=100.0), r"pair i turns by p / 10000.* d_model = 6: yours at \[1, 2\]"),
        (lambda seq, d: waves(seq + 1, d)[1:], r"at position 0 every sine is 0"),
        (lambda seq, d: np.repeat(np.arange(seq)[:, None], d, axis=1), r"between −1 and 1: yours goes up to 4"),
        (lambda seq, d: waves(d, seq + seq % 2), r"must have shape"),
        (lambda seq, d: waves(seq**2, d)[np.arange(seq) ** 2], r"must be the same for every p"),
    ],
    "first_rise": [
        (lambda d_model: 1, r"d_model = 4: .* its first rise: yours says 1"),
        (lambda d_model: 12, r"yours says 12"),
        (first_fall, r"yours says 1"),
        (lambda d_model: SOLUTIONS["first_rise"](d_model) - 1, r"d_model = 4: .* yours says"),
    ],
    "shift_matrix": [
        (lambda k, d: turned(k, d).T, r"with k = 1 it takes PE\(p \+ k\) back .* R transposed"),
        (lambda k, d: turned(1, d), r"with k = 3, d_model = 6: yours at"),
        (lambda k, d: turned(abs(k), d), r"with k = -4 it takes PE\(p \+ k\) back"),
        (lambda k, d: np.eye(d), r"must be PE\(p \+ k\): with k = 1, d_model = 2: yours at"),
        (lambda k, d: wave_angles(k, d), r"the matrix must have shape \(2, 2\)"),
    ],
    "rotate": [
        (lambda x: turn(x, halves=True), r"yours pairs feature i with i \+ width/2"),
        (lambda x: turn(x, sign=-1), r"yours turns the other way"),
        (lambda x: turn(x, base=100.0), r"with width = 4: yours at"),
        (lambda x: x, r"with width = 2: yours at \[1, 0\]"),
        (lambda x: x + attnlib.sinusoidal_positions(*x.shape[-2:]), r"the first vector must stay as it is"),
        (lambda x: 2 * turn(x) - x, r"a turn keeps the norm"),
        (by_a_random_turn, r"must score the same wherever the two stand"),
        (turn_in_place, r"changed x in place"),
    ],
    "to_halves": [
        (lambda weight, num_heads: weight, r"num_heads = 1 and head_dim = 4, in the scores of head 0: yours at"),
        (halves_of_all, r"num_heads = 2 and head_dim = 4, in the scores of head 0: yours at"),
        (halves_back, r"num_heads = 3 and head_dim = 6, in the scores of head 0: yours at"),
        (rows_instead, r"only the order of the columns may change"),
        (halves_in_place, r"changed weight in place"),
    ],
}

(
    test_the_notebooks_solution_passes,
    test_an_empty_answer_is_named_as_such,
    test_a_wrong_answer_fails_for_the_right_reason,
) = exercise_tests(SOLUTIONS, WRONG)
