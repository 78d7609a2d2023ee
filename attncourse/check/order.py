"""The checks of chapter 4: does order count, waves as positions, turns, and the two layouts of a turn."""

import numpy as np

from attncourse.check.base import checker
from attncourse.check.compare import TOLERANCE, apart, close
from attncourse.check.require import require, require_close, require_judgement, require_shape
from attnlib.alibi import alibi_bias
from attnlib.attention import attention
from attnlib.masks import causal_mask
from attnlib.positions import sinusoidal_positions as encode
from attnlib.positions import wave_angles
from attnlib.rotary import rotate as turn


@checker
def is_equivariant(answer):
    """``answer(layer, x)`` says whether ``layer`` of shuffled rows is the layer's output, shuffled."""
    rng = np.random.default_rng(41)
    for seq, width in [(5, 4), (7, 3)]:
        x = rng.normal(size=(seq, width))
        for name, layer, truth in _layers(seq, width):
            require_judgement(answer(layer, x), truth, f"{name} (seq = {seq})")


def _layers(seq, width):
    """Layers to be judged: a name, the layer, and whether it is equivariant."""
    places = encode(seq, width + width % 2)[:, :width]
    near, causal, one_pair = alibi_bias(1, seq, seq)[0], causal_mask(seq, seq), np.ones((seq, seq), dtype=bool)
    one_pair[1, 3] = False

    def attend(mask=None, bias=None, places=0):
        return lambda x: attention(x + places, x + places, x + places, mask, bias)[0]

    return [
        ("attention alone", attend(), True),
        ("a layer that adds 1 to every number", lambda x: x + 1, True),
        ("a layer that gives every row the same mean", lambda x: 0 * x + x.mean(axis=0), True),
        ("attention behind a causal mask", attend(mask=causal), False),
        ("attention after adding positions", attend(places=places), False),
        ("a bias by distance (reversing the rows does not reveal it)", attend(bias=near), False),
        ("attention that hides one key from one query", attend(mask=one_pair), False),
    ]


@checker
def sinusoidal_positions(answer):
    """``answer(seq, d_model)`` is the paper's encoding, interleaved."""
    for seq, d_model in [(5, 2), (9, 6), (40, 16)]:
        found = require_shape(answer(seq, d_model), (seq, d_model), f"the encoding of {seq} positions")
        require(
            np.abs(found).max() <= 1 + TOLERANCE,
            f"a sine or cosine lies between −1 and 1: yours goes up to {apart(np.abs(found).max(), 1)[0]}",
        )
        # The three layouts a reader may have in mind are told apart at position 0, where every angle is 0.
        require_close(
            found[0],
            np.tile([0.0, 1.0], d_model // 2),
            "at position 0 every sine is 0 and every cosine 1, in turns (interleaved)",
        )
        require_close(
            np.linalg.norm(found, axis=-1),
            (d_model / 2) ** 0.5,
            "sine and cosine of a pair must share one angle (exponent 2i for both, not 2i + 1 for the cosine), and "
            "then every row has norm √(d_model/2)",
        )
        steps = (found[:-1] * found[1:]).sum(axis=-1)
        require_close(steps, steps[0], "PE(p) · PE(p + 1) must be the same for every p as for p = 0")
        require_close(
            found, encode(seq, d_model), f"pair i turns by p / 10000^(2i/d_model), here with d_model = {d_model}"
        )


@checker
def first_rise(answer):
    """``answer(d_model)`` is the first k at which PE(p) · PE(p + k) is larger than at k − 1."""
    for d_model in (4, 32, 64, 128, 512):
        products = np.cos(wave_angles(np.arange(100), d_model)).sum(axis=-1)
        wanted = int((np.diff(products) > 0).argmax()) + 1
        found = require_shape(answer(d_model), (), "the distance")
        before, after = apart(*products[wanted - 1 : wanted + 1])
        require(
            found == wanted,
            f"d_model = {d_model}: the product is {before} at distance {wanted - 1} and {after} at {wanted}, "
            f"its first rise: yours says {found:g}",
        )


@checker
def shift_matrix(answer):
    """``answer(k, d_model)`` is the matrix R with R PE(p) = PE(p + k) for every p."""
    for k, d_model in [(1, 2), (3, 6), (10, 8), (-4, 6)]:
        found = require_shape(answer(k, d_model), (d_model, d_model), "the matrix")
        encoding = encode(40, d_model)
        before, after = (encoding[:-k], encoding[k:]) if k > 0 else (encoding[-k:], encoding[:k])
        require(
            not close(after @ found.T, before),
            f"yours turns the other way: with k = {k} it takes PE(p + k) back to PE(p); it is R transposed",
        )
        require_close(before @ found.T, after, f"R PE(p) must be PE(p + k): with k = {k}, d_model = {d_model}")


@checker
def rotate(answer):
    """``answer(x)`` turns each pair of features, (2i, 2i + 1), by its position times the pair's frequency."""
    rng = np.random.default_rng(44)
    for lead, seq, width in [((), 5, 2), ((3,), 6, 4), ((2, 3), 7, 8)]:
        x = rng.normal(size=(*lead, seq, width))
        found = require_shape(answer(x), x.shape, "the turned array")
        require_close(
            found[..., 0, :], x[..., 0, :], "position 0 turns by the angle 0, so the first vector must stay as it is"
        )
        require_close(np.linalg.norm(found, axis=-1), np.linalg.norm(x, axis=-1), "a turn keeps the norm")
        query, key = (np.broadcast_to(v, x.shape).copy() for v in rng.normal(size=(2, width)))
        query, key = (require_shape(answer(v), x.shape, "the turned array") for v in (query, key))
        along = np.diagonal(query @ key.mT, offset=-2, axis1=-2, axis2=-1)  # the query two places behind the key
        require_close(
            along, along.flat[0], "a query two places behind its key must score the same wherever the two stand"
        )
        require_close(
            found,
            turn(x),
            f"pair i turns by position / 10000^(2i/width), here with width = {width}",
            mistakes={
                "pairs are neighbours here, features 2i and 2i + 1: yours pairs feature i with i + width/2": (
                    _turn_halves(x)
                ),
                "the first feature of a pair becomes first · cos − second · sin: yours turns the other way": (
                    turn(x, -np.arange(seq))
                ),
            },
        )


@checker
def to_halves(answer):
    """``answer(weight, num_heads)`` reorders columns made for neighbouring pairs so that they fit halves."""
    rng = np.random.default_rng(45)
    for d_model, num_heads, head_dim, seq in [(6, 1, 4, 5), (10, 2, 4, 6), (7, 3, 6, 5)]:
        w_q, w_k = rng.normal(size=(2, d_model, num_heads * head_dim))
        x = rng.normal(size=(seq, d_model))
        new_q, new_k = (require_shape(answer(w, num_heads), w.shape, "the new weight matrix") for w in (w_q, w_k))
        require(
            close(np.sort(new_q, axis=-1), np.sort(w_q, axis=-1)),
            "only the order of the columns may change: yours changed numbers or moved rows",
        )

        def heads(w, x=x, seq=seq, num_heads=num_heads, head_dim=head_dim):
            return (x @ w).reshape(seq, num_heads, head_dim).swapaxes(0, 1)

        for head in range(num_heads):
            wanted = turn(heads(w_q))[head] @ turn(heads(w_k))[head].T
            found = _turn_halves(heads(new_q))[head] @ _turn_halves(heads(new_k))[head].T
            require_close(
                found,
                wanted,
                f"turned in halves, the new weights must give the old scores: with num_heads = {num_heads} and "
                f"head_dim = {head_dim}, in the scores of head {head}",
            )


def _turn_halves(x):
    """Rotary positions where feature i is paired with i + width/2."""
    angles = wave_angles(np.arange(x.shape[-2]), x.shape[-1])
    first, second = np.split(x, 2, axis=-1)
    cos, sin = np.cos(angles), np.sin(angles)
    return np.concatenate([first * cos - second * sin, first * sin + second * cos], axis=-1)
