"""Whatever comes in place of an argument, a function gives an answer or an error that names the argument."""

import datetime

import numpy as np
import pytest

import attnlib
from attnlib import Statistics, adam_start, tasks, tree_leaves
from attnlib.attention_model import init_attention_model
from attnlib.dates import task as dates
from attnlib.dates.writing import write

RNG = np.random.default_rng(0)
X, GAIN, BIAS = RNG.normal(size=(4, 2, 3)), np.ones(3), np.zeros(3)
WEIGHTS = np.full((2, 5), 0.2)
SIZES = {"batch": 2, "seq": 5, "vocab": 7}
PARAMS = {"params": np.ones(2), "grads": np.ones(2), "state": adam_start(np.ones(2))}
ADAM = {"learning_rate": 0.1, "beta1": 0.9, "beta2": 0.98, "eps": 1e-9}
LOGITS = {"logits": X, "targets": np.array([[0, 1], [2, -1], [0, 0], [1, 1]])}
MASK = np.ones((4, 2), bool)


def first(task):
    """The first batch of a task, which draws nothing before it is asked."""
    return lambda *args, **kwargs: next(task(*args, **kwargs)).tokens


CALLS = {
    "layer_norm": {"x": X, "gain": GAIN, "bias": BIAS, "eps": 1e-5},
    "rms_norm": {"x": X, "gain": GAIN, "eps": 1e-5},
    "batch_norm": {"x": X, "gain": GAIN, "bias": BIAS, "mask": MASK, "eps": 1e-5},
    "batch_statistics": {"x": X, "mask": MASK},
    "update_statistics": {"running": Statistics(BIAS, GAIN), "x": X, "mask": MASK, "momentum": 0.1},
    "start_statistics": {"d_model": 3, "seq": 2, "dtype": np.float32},
    "init_layer_norm": {"d_model": 3, "dtype": np.float32},
    "adam_step": PARAMS | ADAM,
    "warmup_schedule": {"d_model": 4, "warmup_steps": 9, "factor": 1.0},
    "cross_entropy": LOGITS | {"label_smoothing": 0.1, "ignore": -1},
    "accuracy": LOGITS | {"ignore": -1},
    "softmax": {"x": X, "axis": -1},
    "softmax_jacobian": {"weights": WEIGHTS},
    "entropy": {"weights": WEIGHTS, "axis": -1},
    "dot_scores": {"query": X, "key": X},
    "scaled_dot_scores": {"query": X, "key": X, "scale": 0.5},
    "cosine_scores": {"query": X, "key": X},
    "bilinear_scores": {"query": X, "key": X, "weight": np.eye(3)},
    "additive_scores": {"query": X, "key": X, "w_q": np.eye(3), "w_k": np.eye(3), "v": GAIN},
    "sinusoidal_positions": {"seq": 5, "d_model": 4, "base": 100.0},
    "wave_angles": {"positions": np.arange(5), "width": 4, "base": 100.0},
    "learned_positions": {"table": WEIGHTS, "seq": 2},
    "relu": {"x": X},
    "gelu": {"x": X},
    "copy": {"rng": RNG, **SIZES},
    "reverse": {"rng": RNG, **SIZES},
    "sort": {"rng": RNG, **SIZES},
    "previous_and_next": {"rng": RNG, **SIZES},
    "associative_recall": {"rng": RNG, "batch": 2, "pairs": 3, "keys": 4, "values": 5},
    "init_multi_head": {"rng": RNG, "d_model": 6, "num_heads": 2},
    "init_feed_forward": {"rng": RNG, "d_model": 6, "d_ff": 4},
    "init_ssru": {"rng": RNG, "d_model": 6},
    "init_encoder": {"rng": RNG, "num_layers": 1, "d_model": 6, "num_heads": 2, "d_ff": 4},
    "init_decoder": {"rng": RNG, "num_layers": 1, "d_model": 6, "num_heads": 2, "d_ff": 4},
}
FUNCTIONS = {name: first(getattr(tasks, name)) for name in CALLS if hasattr(tasks, name) and name not in dir(attnlib)}
FUNCTIONS |= {name: getattr(attnlib, name) for name in CALLS if name not in FUNCTIONS}
OPTIONAL = {"mask", "seq", "scale"}  # None has a meaning

STRANGE = {
    "None": None,
    "a word": "word",
    "rows of different lengths": [[1.0], [1.0, 2.0]],
    "integers": [[1, 2, 3], [4, 5, 6]],
    "booleans": np.ones((2, 3), bool),
    "True": True,
    "half precision": np.ones((2, 3), np.float16),
    "complex numbers": np.ones((2, 3), complex),
    "one complex number": 1j,
    "objects": np.full((2, 3), None),
    "masked": np.ma.masked_equal(np.ones((2, 3)), 1.0),
    "no axes": np.array(1.0),
    "nothing": np.zeros((0, 3)),
    "no width": np.zeros((3, 0)),
    "a matrix": np.ones((2, 3)).view(np.matrix),
    "NaN": np.nan,
    "a dict": {"a": 1},
}


@pytest.mark.parametrize("strange", STRANGE)
@pytest.mark.parametrize("name", CALLS)
def test_a_strange_argument_gets_a_finite_answer_or_an_error_that_names_it(name, strange):
    for argument in CALLS[name]:
        try:
            output = FUNCTIONS[name](**CALLS[name] | {argument: STRANGE[strange]})
        except (TypeError, ValueError) as error:
            words = str(error)
            assert argument.removesuffix("s") in words or "tuples" in words or "alike" in words, words
            assert "got" in words, words
            continue
        assert strange != "None" or argument in OPTIONAL
        assert strange != "masked"
        if isinstance(output, tuple | np.ndarray):
            for leaf in tree_leaves(output):
                assert type(leaf) in (np.ndarray, np.float64)
                assert np.isfinite(leaf).all()


@pytest.mark.parametrize(
    "draw",
    [
        lambda rng: attnlib.init_transformer(rng, 5, 7, 6, 2, 4, 1, 1),
        lambda rng: init_attention_model(rng, 5, 6, 2),
        lambda rng: init_attention_model(rng, 5, 6, 2, num_layers=2, d_ff=4, max_seq=3),
        lambda rng: dates.sample(rng),
        lambda rng: dates.draw_date(rng),
        lambda rng: write(rng, datetime.date(2021, 6, 7)),
    ],
)
@pytest.mark.parametrize("seed", [0, None, np.random.RandomState(0), np.random], ids=lambda seed: type(seed).__name__)
def test_a_seed_is_no_generator(draw, seed):
    with pytest.raises(
        TypeError, match=r"rng must be a numpy\.random\.Generator, such as np\.random\.default_rng\(0\): got"
    ):
        draw(seed)
