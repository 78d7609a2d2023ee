"""The checks of chapter 4: does order count, waves as positions, turns, and the two layouts of a turn."""

import numpy as np

from attncourse.check.base import checker, require, require_judgement, require_shape
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
            before = x.copy()
            found = answer(layer, x)
            require(np.array_equal(x, before), "the argument must stay as it was: yours changed x in place")
            require_judgement(found, truth, f"{name} (seq = {seq})")


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
        ("a layer that gives every row the same mean", lambda x: np.broadcast_to(x.mean(axis=0), x.shape), True),
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
            np.abs(found).max() <= 1 + 1e-12,
            f"a sine or cosine lies between −1 and 1: yours goes up to {np.abs(found).max():.3g}",
        )
        # The three layouts a reader may have in mind are told apart at position 0, where every angle is 0.
        start = np.tile([0.0, 1.0], d_model // 2)
        require(
            np.allclose(found[0], start),
            f"at position 0 every sine is 0 and every cosine 1, in turns (interleaved): yours starts {found[0, :4]}",
        )
        norms = np.linalg.norm(found, axis=-1)
        worst = norms[np.abs(norms - (d_model / 2) ** 0.5).argmax()]
        require(
            np.isclose(worst, (d_model / 2) ** 0.5),
            f"sine and cosine of a pair must share one angle (exponent 2i for both, not 2i + 1 for the cosine), and "
            f"then every row has norm √(d_model/2) = {(d_model / 2) ** 0.5:.3f}: one of yours has {worst:.3f}",
        )
        steps = (found[:-1] * found[1:]).sum(axis=-1)
        require(
            np.allclose(steps, steps[0]),
            f"PE(p) · PE(p + 1) must be the same for every p: yours goes from {steps.min():.3f} to {steps.max():.3f}",
        )
        wanted = encode(seq, d_model)
        p, j = np.unravel_index(np.abs(found - wanted).argmax(), wanted.shape)
        require(
            np.allclose(found, wanted),
            f"pair i turns by p / 10000^(2i/d_model): with d_model = {d_model}, feature {j} at position {p} "
            f"must be {wanted[p, j]:.4f}, yours is {found[p, j]:.4f}",
        )


@checker
def first_rise(answer):
    """``answer(d_model)`` is the first k at which PE(p) · PE(p + k) is larger than at k − 1."""
    for d_model in (4, 32, 64, 128, 512):
        products = np.cos(wave_angles(np.arange(100), d_model)).sum(axis=-1)
        wanted = int((np.diff(products) > 0).argmax()) + 1
        found = require_shape(answer(d_model), (), "the distance")
        require(
            found == wanted,
            f"d_model = {d_model}: the product is {products[wanted - 1]:.4f} at distance {wanted - 1} and "
            f"{products[wanted]:.4f} at {wanted}, its first rise: yours says {found}",
        )


@checker
def shift_matrix(answer):
    """``answer(k, d_model)`` is the matrix R with R PE(p) = PE(p + k) for every p."""
    for k, d_model in [(1, 2), (3, 6), (10, 8), (-4, 6)]:
        found = require_shape(answer(k, d_model), (d_model, d_model), "the matrix")
        encoding = encode(40, d_model)
        before, after = (encoding[:-k], encoding[k:]) if k > 0 else (encoding[-k:], encoding[:k])
        moved = before @ found.T
        require(
            not np.allclose(after @ found.T, before),
            f"yours turns the other way: with k = {k} it takes PE(p + k) back to PE(p); it is R transposed",
        )
        error = np.abs(moved - after).max()
        require(error < 1e-9, f"R PE(p) must be PE(p + k): with k = {k}, d_model = {d_model} it is off by {error:.3g}")


@checker
def rotate(answer):
    """``answer(x)`` turns each pair of features, (2i, 2i + 1), by its position times the pair's frequency."""
    rng = np.random.default_rng(44)
    for lead, seq, width in [((), 5, 2), ((3,), 6, 4), ((2, 3), 7, 8)]:
        x = rng.normal(size=(*lead, seq, width))
        before = x.copy()
        found = require_shape(answer(x), x.shape, "the turned array")
        require(np.array_equal(x, before), "the argument must stay as it was: yours changed x in place")
        require(
            np.allclose(found[..., 0, :], x[..., 0, :]),
            "position 0 turns by the angle 0, so the first vector must stay as it is: yours moved",
        )
        norms, wanted_norms = np.linalg.norm(found, axis=-1), np.linalg.norm(x, axis=-1)
        worst = np.abs(norms / wanted_norms - 1).argmax()
        require(
            np.allclose(norms, wanted_norms),
            f"a turn keeps the norm: one of yours goes from {wanted_norms.flat[worst]:.3f} to {norms.flat[worst]:.3f}",
        )
        query, key = rng.normal(size=(2, width))
        turned_query, turned_key = (answer(np.broadcast_to(v, x.shape).copy()) for v in (query, key))
        scores = np.asarray(turned_query) @ np.swapaxes(turned_key, -1, -2)
        along = np.diagonal(scores, offset=-2, axis1=-2, axis2=-1)  # the query two places behind the key
        require(
            np.allclose(along, along.flat[0]),
            "a query two places behind its key must score the same wherever the two stand: "
            f"yours goes from {along.min():.3f} to {along.max():.3f}",
        )
        wanted = turn(x)
        halves = _turn_halves(x)
        require(
            width == 2 or not np.allclose(found, halves) or np.allclose(found, wanted),
            "pairs are neighbours here, features 2i and 2i + 1: yours pairs feature i with i + width/2",
        )
        backwards = turn(x, -np.arange(seq))
        require(
            not np.allclose(found, backwards),
            "the first feature of a pair becomes first · cos − second · sin: yours turns the other way",
        )
        error = np.abs(found - wanted).max()
        require(
            np.allclose(found, wanted),
            f"pair i turns by position / 10000^(2i/width): with width = {width} yours is off by {error:.3g}",
        )


@checker
def to_halves(answer):
    """``answer(weight, num_heads)`` reorders columns made for neighbouring pairs so that they fit halves."""
    rng = np.random.default_rng(45)
    for d_model, num_heads, head_dim, seq in [(6, 1, 4, 5), (10, 2, 4, 6), (7, 3, 6, 5)]:
        w_q, w_k = rng.normal(size=(2, d_model, num_heads * head_dim))
        x = rng.normal(size=(seq, d_model))
        before = w_q.copy()
        new_q, new_k = (require_shape(answer(w, num_heads), w.shape, "the new weight matrix") for w in (w_q, w_k))
        require(np.array_equal(w_q, before), "the argument must stay as it was: yours changed the weights in place")
        require(
            np.allclose(np.sort(new_q, axis=-1), np.sort(w_q, axis=-1)),
            "only the order of the columns may change: yours changed numbers or moved rows",
        )

        def heads(w, x=x, seq=seq, num_heads=num_heads, head_dim=head_dim):
            return (x @ w).reshape(seq, num_heads, head_dim).swapaxes(0, 1)

        for head in range(num_heads):
            wanted = turn(heads(w_q))[head] @ turn(heads(w_k))[head].T
            found = _turn_halves(heads(new_q))[head] @ _turn_halves(heads(new_k))[head].T
            error = np.abs(found - wanted).max()
            require(
                np.allclose(found, wanted),
                f"turned in halves, the new weights must give the old scores: with num_heads = {num_heads} and "
                f"head_dim = {head_dim} the scores of head {head} are off by {error:.3g}",
            )


def _turn_halves(x):
    """Rotary positions where feature i is paired with i + width/2."""
    angles = wave_angles(np.arange(x.shape[-2]), x.shape[-1])
    first, second = np.split(x, 2, axis=-1)
    cos, sin = np.cos(angles), np.sin(angles)
    return np.concatenate([first * cos - second * sin, first * sin + second * cos], axis=-1)
