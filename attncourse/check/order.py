"""The checks of chapter 4: does order count, a map that looks back, positions of a padded batch, and turns."""

import numpy as np

from attncourse.check.base import checker
from attncourse.check.compare import apart, close
from attncourse.check.require import require, require_close, require_judgement, require_shape
from attncourse.check.withheld import withhold
from attnlib.alibi import alibi_bias
from attnlib.attention import attention, attention_weights
from attnlib.masks import causal_mask
from attnlib.positions import sinusoidal_positions as encode
from attnlib.positions import wave_angles
from attnlib.rotary import rotate as turn
from attnlib.rotary import rotate_vjp


@checker
def is_equivariant(answer):
    """``answer(layer, x)`` says whether ``layer`` of shuffled rows is the layer's output, shuffled."""
    rng = np.random.default_rng(41)
    for seq, width in [(5, 4), (6, 3)]:
        x = rng.normal(size=(seq, width))
        for name, layer, truth in _layers(seq, width):
            require_judgement(answer(layer, x), truth, f"{name} (seq = {seq})")
        tried: list[tuple[int, ...]] = []
        answer(lambda rows, x=x, tried=tried: tried.append(_order(rows, x)) or rows, x)
        count = len(set(tried) - {tuple(range(seq))})
        require_judgement(
            answer(_attend(bias=_survivor(tried, seq, rng)), x),
            False,
            f"a bias that survives the {count} order{'s' * (count != 1)} that you try (seq = {seq})",
        )
    x = rng.normal(size=(5, 4))
    for _ in range(60):  # whoever tries one random order is right most of the time
        query, key = rng.permutation(5)[:2]
        judged = answer(_attend(mask=_hiding(5, query, key)), x)
        require_judgement(judged, False, f"attention that hides key {key + 1} from query {query + 1} (seq = 5)")


def _attend(mask=None, bias=None, places=0):
    """Self-attention as a layer, with what might tell it the order."""
    return lambda x: attention(x + places, x + places, x + places, mask, bias)[0]


def _hiding(seq, query, key):
    """A mask that hides one key from one query."""
    mask = np.ones((seq, seq), dtype=bool)
    mask[query, key] = False
    return mask


def _order(rows, x):
    """In which order the rows of x stand, as far as they can be found there."""
    return tuple(int(np.abs(x - row).sum(axis=-1).argmin()) for row in rows)


def _survivor(orders, seq, rng):
    """A random bias that some orders leave as it is: (seq, seq), the same on all pairs that they lead to each other."""
    bias, orders = rng.normal(size=(seq, seq)), [np.ix_(order, order) for order in set(orders) if len(order) == seq]
    for _ in range(1 + 2000 // (1 + len(orders))):  # a mean over more and more products of the orders
        for order in orders:
            bias = (bias + bias[order]) / 2
    off = ~np.eye(seq, dtype=bool)
    flat = np.ptp(bias[off]) < 1e-6 and np.ptp(np.diag(bias)) < 1e-6
    # If nothing but a bias blind to order is left, the orders are enough; any other bias must then be noticed.
    return rng.normal(size=(seq, seq)) if flat else 3 * bias / np.abs(bias).max()


def _layers(seq, width):
    """Layers to be judged: a name, the layer, and whether it is equivariant."""
    places = encode(seq, width + width % 2)[:, :width]
    near, causal = alibi_bias(1, seq, seq)[0], causal_mask(seq, seq)
    offsets = np.arange(seq)[:, None] - np.arange(seq)
    hidden = [(0, 1), (1, 3), (seq - 2, seq - 1)]
    return [
        ("attention alone", _attend(), True),
        ("a layer that adds 1 to every number", lambda x: x + 1, True),
        ("a layer that gives every row the same mean", lambda x: 0 * x + x.mean(axis=0), True),
        ("attention under a causal mask", _attend(mask=causal), False),
        ("attention after adding positions", _attend(places=places), False),
        ("a bias by distance (reversing the rows does not reveal it)", _attend(bias=near), False),
        (
            "a bias by distance round a circle (np.roll does not reveal it)",
            _attend(bias=np.cos(2 * np.pi * offsets / seq)),
            False,
        ),
        (
            "a layer that sorts its rows (their sums do not reveal it)",
            lambda x: x[np.argsort(x[:, 0])],
            False,
        ),
        *(
            (f"attention that hides key {key + 1} from query {query + 1}", _attend(_hiding(seq, query, key)), False)
            for query, key in hidden
        ),
    ]


@checker
def look_back(answer):
    """``answer(r, d_model)`` is the map of queries by which each position attends to the one r before it."""
    for r, d_model in [(1, 16), (3, 32), (-2, 64), (5, 16), (1, 64)]:
        keys = encode(60, d_model)
        w_q = require_shape(answer(r, d_model), (d_model, d_model), "w_q")
        attn_weights = attention_weights(keys @ w_q, keys)
        there = np.arange(max(r, 0), 60 + min(r, 0))
        wanted, most = attn_weights[there, there - r], attn_weights[there].argmax(axis=-1)
        case = f"with r = {r} and d_model = {d_model}"
        inside = (there + r >= 0) & (there + r < 60)
        require(
            not (most == there + r)[inside].all(),
            f"yours looks the other way: {case}, position pos attends to pos + r. Encodings are rows here, so the "
            "matrix that moves them stands on the right: transpose it",
        )
        right = most == there - r
        first = int(right.argmin())
        require(
            right.all(),
            f"{case}, position {there[first]} must attend to position {there[first] - r}: yours gives most of its "
            f"weight to position {most[first]}",
        )
        weakest = int(wanted.argmin())
        require(
            wanted[weakest] >= 0.9,
            f"{case}, the right position has the largest weight everywhere, but only {wanted[weakest]:.3f} at position "
            f"{there[weakest]} where 0.9 is due: larger scores make a softmax sharper",
        )


@checker
def positions_of(answer):
    """``answer(is_token)`` counts the real tokens of each text from 0, and gives padding 0."""
    rng = np.random.default_rng(46)
    sides = np.array([[0, 0, 1, 1, 1], [1, 1, 1, 0, 0], [1, 1, 1, 1, 1]], dtype=bool)
    for is_token in (sides, rng.random((4, 9)) < 0.6, np.zeros((2, 3), dtype=bool)):
        count = np.cumsum(is_token, axis=-1)
        found = require_shape(answer(is_token), is_token.shape, "the positions")
        require(found.dtype.kind in "iu", f"positions are integers: yours are of dtype {found.dtype}")
        require_close(
            found,
            np.where(is_token, count - 1, 0),
            "the first real token of a text is at position 0, the next at 1, and padding gets 0",
            mistakes={
                "positions count from 0: yours start at 1": np.where(is_token, count, 0),
                "padding gets 0: yours has −1 where padding stands on the left": count - 1,
                "padding gets 0: yours counts on where padding stands after the tokens": np.maximum(count - 1, 0),
                "every text is counted by itself, along the last axis: yours counts down the batch": np.where(
                    is_token, np.cumsum(is_token, axis=0) - 1, 0
                ),
                "only real tokens count: yours counts the padding, too": np.where(
                    is_token, np.arange(is_token.shape[-1]), 0
                ),
            },
        )


@checker
def first_rise(answer):
    """``answer(d_model)`` is the first r at which PE(pos) · PE(pos + r) is larger than at r − 1."""
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
def rotate(answer):
    """``answer(x)`` turns each pair of features, (2m, 2m + 1), by its position times the pair's frequency."""
    answer = withhold(answer, turn, rotate_vjp)
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
        along = np.diagonal(query @ key.mT, offset=-2, axis1=-2, axis2=-1)  # the query two places after the key
        require_close(
            along, along.flat[0], "a query two places after its key must score the same wherever the two stand"
        )
        require_close(
            found,
            turn(x),
            f"pair m turns by position / 10000^(2m/width), here with width = {width}",
            mistakes={
                "pairs are neighbours here, features 2m and 2m + 1: yours pairs feature m with m + width/2": (
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
                f"head_dim = {head_dim}, in the scores of head {head + 1}",
            )


def _turn_halves(x):
    """Rotary positions where feature m is paired with m + width/2."""
    angles = wave_angles(np.arange(x.shape[-2]), x.shape[-1])
    first, second = np.split(x, 2, axis=-1)
    cos, sin = np.cos(angles), np.sin(angles)
    return np.concatenate([first * cos - second * sin, first * sin + second * cos], axis=-1)
