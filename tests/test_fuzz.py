"""Whatever comes in place of an argument: the documented answer, or a TypeError or ValueError that names what came.

Drawn are shapes with axes of 0 and 1, dtypes, NaN and infinities, arrays that are read-only, strided, broadcast or of a
subclass, and what is no array. No input is modified, nothing warns, and a NaN comes out only where one may.
"""

import inspect
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import attnlib
from attnlib import Statistics, tree_leaves
from tests.strategies import fewer

RNG = np.random.default_rng(0)
X, GAIN, BIAS = RNG.normal(size=(2, 3, 4)), np.ones(4), np.zeros(4)
QKV = {"query": X[:, :2], "key": X, "value": X}
MASKED = {"mask": np.ones((2, 3), bool), "bias": np.zeros((2, 3)), "scale": 0.5}
NORM = {"x": X, "gain": GAIN, "eps": 1e-5}
BATCH = NORM | {"bias": BIAS, "running": None, "mask": np.ones((2, 3), bool), "per_position": False}
TOKENS, TARGETS = np.array([[0, 1, 2], [2, 1, 0]]), np.array([[0, 1, -1], [2, 1, 0]])
LOGITS = {"logits": X, "targets": TARGETS, "label_smoothing": 0.1, "ignore": -1}
SIZES = {"d_model": 4, "num_heads": 2, "d_ff": 3}
HEADS = (
    {"params": attnlib.init_multi_head(RNG, 4, 2)} | QKV | {"mask": MASKED["mask"], "rotary": True, "first_query": 1}
)
NETWORK = {"params": attnlib.init_feed_forward(RNG, 4, 3), "x": X}
ENCODER, DECODER = attnlib.init_encoder(RNG, 1, **SIZES), attnlib.init_decoder(RNG, 1, **SIZES)
ENCODING = {"params": ENCODER, "x": X, "mask": np.ones((2, 1, 3), bool)}
DECODING = {"params": DECODER, "x": X, "memory": X, "memory_mask": np.ones((2, 1, 3), bool), "mask": None}
MODEL, SPEAKER = attnlib.init_transformer(RNG, 3, 3, **SIZES), attnlib.init_language_model(RNG, 3, **SIZES)
READING = {"params": MODEL, "source": TOKENS, "source_mask": np.ones((2, 1, 3), bool)}
TRANSLATION = READING | {"target": TOKENS, "target_mask": None}
TURN = {"x": X, "positions": np.arange(3), "base": 100.0}
ADAM = {"params": X, "grads": X, "state": attnlib.adam_start(X), "learning_rate": 0.1}
DRAWN = {"rng": RNG}

CALLS = {
    "accuracy": {name: LOGITS[name] for name in ("logits", "targets", "ignore")},
    "adam_step": ADAM | {"beta1": 0.9, "beta2": 0.98, "eps": 1e-9},
    "additive_scores": {"query": X, "key": X, "w_q": np.eye(4), "w_k": np.eye(4), "v": GAIN},
    "alibi_bias": {"num_heads": 2, "seq_q": 2, "seq_k": 3, "dtype": np.float64, "first_query": 1},
    "attention": QKV | MASKED,
    "attention_weights": {name: (QKV | MASKED)[name] for name in ("query", "key", "mask", "bias", "scale")},
    "batch_norm": BATCH,
    "batch_statistics": {name: BATCH[name] for name in ("x", "mask", "per_position")},
    "bilinear_scores": {"query": X, "key": X, "weight": np.eye(4)},
    "causal_mask": {"seq_q": 2, "seq_k": 3},
    "cosine_scores": {"query": X, "key": X},
    "cross_entropy": LOGITS,
    "decode": {"params": MODEL, "target": TOKENS, "memory": X, "source_mask": READING["source_mask"]},
    "decoder": DECODING,
    "decoder_layer": DECODING | {"params": DECODER.layers[0]},
    "dot_scores": {"query": X, "key": X},
    "embedding": {"table": X[0], "tokens": TOKENS},
    "encode": READING,
    "encoder": ENCODING,
    "encoder_layer": ENCODING | {"params": ENCODER.layers[0]},
    "entropy": {"weights": np.full((2, 4), 0.25), "axis": -1},
    "fast_attention": QKV | {"mask": MASKED["mask"], "causal": True, "scale": 0.5, "threads": 1},
    "feed_forward": NETWORK,
    "gelu": {"x": X},
    "greedy": READING | {"begin": 0, "steps": 2, "end": 1, "cached": True},
    "init_decoder": DRAWN | SIZES | {"num_layers": 1},
    "init_encoder": DRAWN | SIZES | {"num_layers": 1},
    "init_feed_forward": DRAWN | {"d_model": 4, "d_ff": 3, "activation": "gelu", "dtype": np.float32},
    "init_language_model": DRAWN | SIZES | {"vocab": 3},
    "init_layer_norm": {"d_model": 4, "dtype": np.float32},
    "init_multi_head": DRAWN | {"d_model": 4, "num_heads": 2, "num_kv_heads": 1, "dtype": np.float32},
    "init_ssru": DRAWN | {"d_model": 4, "dtype": np.float32},
    "init_transformer": DRAWN | SIZES | {"source_vocab": 3, "target_vocab": 3},
    "language_model": {"params": SPEAKER, "tokens": TOKENS},
    "layer_norm": NORM | {"bias": BIAS},
    "learned_positions": {"table": X[0], "seq": 2},
    "linear": {"x": X, "weight": np.eye(4), "bias": BIAS},
    "log_softmax": {"x": X, "axis": -1},
    "merge_heads": {"x": X},
    "multi_head_attention": HEADS,
    "next_probs": {"logits": X, "temperature": 0.5, "top_k": 2},
    "padding_mask": {"lengths": np.array([3, 1]), "seq_k": 3},
    "relu": {"x": X},
    "rms_norm": NORM,
    "rotate": TURN,
    "sample_tokens": {"params": SPEAKER, "tokens": TOKENS, "steps": 2, "temperature": 1.0, "top_k": 2, "end": 1}
    | DRAWN,
    "scaled_dot_scores": {"query": X, "key": X, "scale": 0.5},
    "sinusoidal_positions": {"seq": 3, "d_model": 4, "base": 100.0, "dtype": np.float32},
    "softmax": {"x": X, "axis": -1},
    "softmax_jacobian": {"weights": np.full((2, 4), 0.25)},
    "split_heads": {"x": X, "num_heads": 2},
    "ssru": {"params": attnlib.init_ssru(RNG, 4), "x": X, "state": X[:, 0]},
    "start_statistics": {"d_model": 4, "seq": 3, "dtype": np.float32},
    "transformer": TRANSLATION,
    "turn_pairs": {"x": X, "cos": np.ones((3, 2)), "sin": np.zeros((3, 2)), "halves": True},
    "update_statistics": {"running": Statistics(BIAS, GAIN), "x": X, "mask": BATCH["mask"], "momentum": 0.1},
    "warmup_schedule": {"d_model": 4, "warmup_steps": 9, "factor": 1.0},
    "wave_angles": {"positions": np.arange(3), "width": 4, "base": 100.0},
}
CALLS |= {name: CALLS[name.removesuffix("_vjp")] for name in attnlib.__all__ if name.endswith("_vjp")}
# These take any structure, a function, or both.
ELSEWHERE = {"adam_start", "count_parameters", "fit", "tree_leaves", "tree_map"}
# What they make of a number, or of a sum too large for the dtype, may be NaN. The others answer with an error, or look
# elsewhere.
PASSES_NAN = set(re.findall(r"\w+", attnlib.__doc__.split("as NumPy does:")[1]))

REFUSALS = TypeError, ValueError, FloatingPointError  # the last by Adam alone; as an error of NumPy's it says less
SAYS_WHAT_CAME = "got |which should count|at step|at least one target"

DTYPES = st.sampled_from(["?", "i1", "u1", "i8", "u8", "f2", "f4", "f8", "g", "c8", "O", "U2", "M8[D]"])
SPECIAL = st.sampled_from([0.0, 1.0, -1.0, 0.5, 3.0, np.nan, np.inf, -np.inf, 1e-40, 1e30, 1e300, -1e300])


@st.composite
def any_arrays(draw, like):
    """An array of another shape, dtype, content or kind than the one it is drawn in place of."""
    shape = draw(st.just(like.shape) | hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=3))
    dtype = draw(st.just(like.dtype) | st.just(np.dtype("f4")) | DTYPES.map(np.dtype))
    filling = np.resize(np.asarray(like), shape) if like.size and draw(st.booleans()) else np.ones(shape)
    with np.errstate(all="ignore"):
        array = filling.astype(dtype) if dtype.kind != "M" else np.zeros(shape, dtype)
        if dtype.kind == "f" and array.size and draw(st.booleans()):
            array.flat[draw(st.integers(0, array.size - 1))] = np.asarray(draw(SPECIAL)).astype(dtype)
    return draw(st.sampled_from(FORMS))(array)


def read_only(array):
    array.flags.writeable = False
    return array


def as_matrix(array):
    return array.view(np.matrix) if array.ndim == 2 else array


class Sub(np.ndarray):
    """A subclass that says so in everything it makes."""


FORMS = [
    lambda array: array,
    read_only,
    as_matrix,
    lambda array: array.view(Sub),
    lambda array: np.ma.masked_array(array, mask=np.zeros(array.shape, bool)),
    lambda array: np.repeat(array[::-1], 2, axis=0)[::-2] if array.ndim else array,
    lambda array: np.asfortranarray(array),
    lambda array: np.broadcast_to(array[:1], array.shape) if array.ndim and len(array) else array,
    lambda array: array.tolist(),
    lambda array: array.astype(array.dtype.newbyteorder(), copy=False) if array.dtype.kind in "iuf" else array,
]
NOT_ARRAYS = st.sampled_from(
    [
        *(None, True, False, 0, 1, -1, 7, 10**30, 0.5, -0.5, 1e300, np.nan, np.inf, 1j, "", "relu", "float32", b"x"),
        *([], [[]], [[1.0], [1.0, 2.0]], (), {}, {1}, range(3), slice(None), object, float, len, ...),
        *(np.float32(0.5), np.float64(np.nan), np.int8(2), np.bool_(True), np.array(2), np.array([1]), RNG),
    ]
)


def strange(value):
    """What may come in place of this argument."""
    return NOT_ARRAYS | any_arrays(np.asarray(value)) if isinstance(value, np.ndarray) else NOT_ARRAYS


def contents(value):
    """What an array or a structure of arrays holds, to compare with later; nothing of what cannot be modified."""
    leaves = tree_leaves(value) if isinstance(value, tuple | np.ndarray) else []
    return [(leaf.dtype, leaf.shape, repr(leaf.tolist())) for leaf in leaves]


def test_every_public_function_is_called():
    functions = {name for name in attnlib.__all__ if inspect.isfunction(getattr(attnlib, name))}
    assert functions == set(CALLS) | ELSEWHERE
    for name, arguments in CALLS.items():
        assert set(arguments) <= set(inspect.signature(getattr(attnlib, name)).parameters), name


def check_answer(name, output, finite):
    """Plain arrays of the library's dtypes, of which none holds NaN unless it may."""
    for leaf in tree_leaves(output) if isinstance(output, tuple | np.ndarray) else []:
        assert type(leaf) in (np.ndarray, np.float32, np.float64), type(leaf)
        assert leaf.dtype in (np.float32, np.float64, np.int64, np.bool_), leaf.dtype
        assert leaf.dtype.isnative
        if leaf.dtype.kind == "f" and not (name.removesuffix("_vjp") in PASSES_NAN and not finite):
            assert not np.isnan(leaf).any(), "a silent NaN"


def moderate(value):
    """Whether all its numbers are finite, and none so large that sums or squares of them are not."""
    return not re.search(r"nan|inf|e\+", repr(value.tolist() if isinstance(value, np.ndarray) else value))


@pytest.mark.parametrize("name", CALLS)
def test_a_strange_argument_gets_the_documented_answer_or_an_error_that_names_it(name):
    function, usual = getattr(attnlib, name), CALLS[name]

    @given(st.data())
    def check(data):
        changed = data.draw(st.lists(st.sampled_from(sorted(usual)), min_size=1, max_size=2, unique=True))
        arguments = usual | {argument: data.draw(strange(usual[argument]), label=argument) for argument in changed}
        before = {argument: contents(value) for argument, value in arguments.items()}
        try:
            answer = function(**arguments)
        except REFUSALS as error:
            words = str(error)
            assert re.search(SAYS_WHAT_CAME, words), words
        else:
            finite = all(map(moderate, arguments.values()))
            if name.endswith("_vjp"):
                answer, pullback = answer
                check_answer(name, pullback(np.ones(np.shape(answer))), finite)
            check_answer(name, answer, finite)
        for argument, value in arguments.items():
            assert contents(value) == before[argument], f"{argument} was modified"

    check()


@pytest.mark.parametrize("name", [name for name, arguments in CALLS.items() if "rng" not in arguments])
def test_read_only_strided_and_subclassed_arrays_get_the_same_answer(name):
    function, usual = getattr(attnlib, name), CALLS[name]
    arrays = [argument for argument, value in usual.items() if isinstance(value, np.ndarray)]

    @fewer(4)
    @given(st.data())
    def check(data):
        forms = [*FORMS[:4], *FORMS[5:7]]
        turned = {argument: data.draw(st.sampled_from(forms))(usual[argument].copy()) for argument in arrays}
        expected, found = function(**usual), function(**usual | turned)
        if name.endswith("_vjp"):
            expected, found = expected[0], found[0]
        for leaf, want in zip(tree_leaves(found), tree_leaves(expected), strict=True):
            assert type(leaf) is type(want)
            np.testing.assert_allclose(leaf, want, rtol=1e-12, atol=1e-14)

    if arrays:
        check()
