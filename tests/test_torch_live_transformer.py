"""The comparison of test_golden_transformer.py with the installed PyTorch, on random shapes, masks and options."""

import numpy as np
import pytest

from tests.golden.compare_transformer import compare
from tests.golden.make_transformer import Case, ask_torch, draw
from tests.golden.stored import as_dtype

pytest.importorskip("torch")


# At least six features: of two or three the variance is sometimes next to nothing, and 1/√variance makes
# roundings large, in PyTorch as here.


def lead_of(rng):
    return tuple(rng.integers(1, 5, size=rng.integers(1, 4)).tolist())


def random_layer_norm(rng):
    sizes = {"lead": lead_of(rng), "d_model": int(rng.integers(6, 40)), "mean": [0.0, 3.0][rng.integers(2)]}
    return Case("layer norm", sizes, {"eps": [1e-5, 1e-2][rng.integers(2)]})


def random_rms_norm(rng):
    case = random_layer_norm(rng)
    return Case("rms norm", case.sizes | {"bias": False}, case.options)


def random_batch_norm(rng):
    batch, seq, d_model = (int(n) for n in rng.integers([3, 1, 1], [9, 7, 12]))
    training, per_position = (bool(n) for n in rng.integers(2, size=2))
    masked = bool(rng.integers(2)) and not (training and per_position)  # a position might keep one token only
    sizes = {"lead": (batch, 2), "seq": seq, "d_model": d_model, "per_position": per_position, "masked": masked}
    return Case("batch norm", sizes, {"training": training, "momentum": 0.2, "eps": 1e-3})


def random_options(rng, heads):
    return {"heads": heads, "norm_first": bool(rng.integers(2)), "activation": ["relu", "gelu"][rng.integers(2)]}


def random_encoder_layer(rng):
    heads, width, d_ff, batch, seq = (int(n) for n in rng.integers([1, 6, 1, 1, 1], [5, 9, 20, 6, 9]))
    sizes = {"batch": batch, "seq": seq, "d_model": heads * width, "d_ff": d_ff, "masked": bool(rng.integers(2))}
    return Case("encoder layer", sizes, random_options(rng, heads))


def random_decoder_layer(rng):
    case = random_encoder_layer(rng)
    return Case("decoder layer", case.sizes | {"seq_memory": int(rng.integers(1, 9))}, case.options)


def random_transformer(rng):
    heads, width, d_ff, batch, source, target = (int(n) for n in rng.integers([1, 3, 1, 1, 1, 1], [4, 5, 20, 5, 9, 9]))
    options = random_options(rng, heads)
    sizes = {"batch": batch, "seq_source": source, "seq_target": target, "d_model": 2 * width * heads, "d_ff": d_ff}
    sizes |= {
        "vocabs": tuple(rng.integers(2, 20, size=2).tolist()),
        "layers": tuple(rng.integers(1, 4, size=2).tolist()),
    }
    sizes |= {"tied": bool(rng.integers(2)), "norm_first": options["norm_first"], "masked": bool(rng.integers(2))}
    return Case("transformer", sizes, options)


RANDOM = [random_layer_norm, random_rms_norm, random_batch_norm, random_encoder_layer, random_decoder_layer]
RANDOM += [random_transformer]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("random_case", RANDOM, ids=lambda f: f.__name__.removeprefix("random_"))
def test_outputs_and_gradients_are_those_of_pytorch(random_case, seed, dtype):
    rng = np.random.default_rng(seed)
    case = random_case(rng)
    inputs = as_dtype(draw(rng, case), dtype)
    compare(case, inputs, ask_torch(case, inputs))
