"""Every public ``_vjp`` over drawn shapes, against central differences; those of linear maps exactly."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

import attnlib
from attnlib import Statistics, padding_mask, tree_map
from attnlib.testing import check_vjp
from tests.strategies import calls, fewer, generators, leads, lengths, model_sizes, normal, stretched, widths

F = np.float64
eps = st.sampled_from([0.01, 0.5])
activations = st.sampled_from(["relu", "gelu"])


def shaken(rng, params):
    """Parameters of which none is zero or one."""
    return tree_map(lambda x: x + 0.2 * rng.normal(size=x.shape), params)


DRAWS: dict[str, Callable] = {}


def drawn(*names):
    """Say which vjps are called with what a function draws: the arguments to differentiate by, and the others."""

    def keep(function):
        for name in names:
            DRAWS[name] = st.composite(function)(name)
        return function

    return keep


@drawn("relu_vjp", "gelu_vjp")
def bends(draw, name):
    return {"x": normal(draw(generators), F, *draw(leads), size=3)}, {}


@drawn("softmax_vjp", "log_softmax_vjp")
def scores(draw, name):
    x = normal(draw(generators), F, *draw(leads), draw(lengths))
    if name == "softmax_vjp":  # the logarithm of a weight of 0 has no difference quotient
        x[draw(st.just(np.zeros(x.shape, bool)) | st.just(x > 0.8))] = -np.inf
    return {"x": x}, {"axis": draw(st.integers(-x.ndim, x.ndim - 1))}


@drawn("cross_entropy_vjp")
def losses(draw, name):
    rng, lead, vocab = draw(generators), draw(leads), draw(st.integers(2, 6))
    targets = rng.integers(vocab, size=lead)
    targets.flat[1:] = np.where(rng.random(targets.size - 1) < 0.3, -1, targets.flat[1:])
    return {"logits": normal(rng, F, *lead, vocab)}, {"targets": targets, "label_smoothing": draw(st.floats(0, 1))}


@drawn("layer_norm_vjp", "rms_norm_vjp")
def norms(draw, name):
    rng, width = draw(generators), draw(widths)
    vectors = ["gain"] if name == "rms_norm_vjp" else ["gain", "bias"]
    by = {"x": normal(rng, F, *draw(leads), width)} | {vector: normal(rng, F, width) for vector in vectors}
    return by, {"eps": draw(eps)}


@drawn("batch_norm_vjp")
def batches(draw, name):
    rng, shape = draw(generators), (draw(lengths), draw(lengths), draw(widths))
    by = {"x": normal(rng, F, *shape), "gain": normal(rng, F, shape[-1]), "bias": normal(rng, F, shape[-1])}
    running = draw(st.sampled_from([None, shape[1:], shape[2:]]))
    return by, {
        "running": running and Statistics(rng.normal(size=running), rng.random(running) + 0.1),
        "mask": draw(st.none() | st.just(rng.random(shape[:-1]) < 0.7)),
        "per_position": draw(st.booleans()),
        "eps": draw(eps),
    }


@drawn("linear_vjp")
def maps(draw, name):
    rng, d_in, d_out = draw(generators), draw(widths), draw(widths)
    bias = draw(st.just({}) | st.just({"bias": normal(rng, F, d_out)}))
    return {"x": normal(rng, F, *draw(leads), d_in), "weight": normal(rng, F, d_in, d_out)} | bias, {}


@drawn("embedding_vjp")
def tokens(draw, name):
    rng, vocab = draw(generators), draw(widths)
    return {"table": normal(rng, F, vocab, draw(widths))}, {"tokens": rng.integers(vocab, size=draw(leads))}


@drawn("learned_positions_vjp")
def places(draw, name):
    longest = draw(lengths)
    return {"table": normal(draw(generators), F, longest, draw(widths))}, {"seq": draw(st.integers(0, longest))}


@drawn("rotate_vjp")
def turns(draw, name):
    rng, seq = draw(generators), draw(lengths)
    positions = draw(st.none() | st.just(rng.integers(-9, 9, size=seq)))
    x = normal(rng, F, *draw(leads), seq, 2 * draw(st.integers(1, 3)))
    return {"x": x}, {"positions": positions, "base": draw(st.sampled_from([10.0, 1e4]))}


@drawn("turn_pairs_vjp")
def pairs(draw, name):
    rng, seq, half = draw(generators), draw(lengths), draw(st.integers(1, 3))
    others = {"cos": normal(rng, F, seq, half), "sin": normal(rng, F, seq, half), "halves": draw(st.booleans())}
    return {"x": normal(rng, F, *draw(leads), seq, 2 * half)}, others


@drawn("ssru_vjp")
def cells(draw, name):
    rng, lead, width = draw(generators), draw(leads), draw(widths)
    by = {"params": shaken(rng, attnlib.init_ssru(rng, width)), "x": normal(rng, F, *lead, draw(lengths), width)}
    return by | draw(st.just({}) | st.just({"state": normal(rng, F, *lead, width)})), {}


@drawn("fast_attention_vjp")
def attending_in_blocks(draw, name):
    call = draw(calls(magnitudes=st.just(1.0)))._asdict()
    by = {name: call[name].astype(F) for name in ("query", "key", "value")}
    return by, {"mask": call["mask"], "causal": draw(st.booleans()), "threads": draw(st.integers(1, 2))}


@drawn("attention_vjp")
def attending(draw, name):
    call = draw(calls(magnitudes=st.just(1.0)))._asdict()
    by = {name: call[name].astype(F) for name in ("query", "key", "value", "bias") if call[name] is not None}
    return by, {"mask": call["mask"], "scale": draw(st.sampled_from([None, 0.3]))}


@drawn("multi_head_attention_vjp")
def heads(draw, name):
    rng, lead, shared, share, half = draw(generators), draw(leads), *(draw(st.integers(1, 2)) for _ in range(3))
    d_model, seq_q, seq_k = 2 * half * shared * share, draw(lengths), draw(lengths)
    params = attnlib.init_multi_head(rng, d_model, shared * share, shared)
    query = normal(rng, F, *draw(stretched(lead)), seq_q, d_model)
    key, value = (normal(rng, F, *draw(stretched(lead)), seq_k, d_model) for _ in range(2))
    others = {"mask": draw(st.none() | st.just(rng.random((seq_q, seq_k)) < 0.7)), "rotary": draw(st.booleans())}
    return {"params": params, "query": query, "key": key, "value": value}, others | {
        "first_query": draw(st.integers(0, 3))
    }


@drawn("feed_forward_vjp")
def networks(draw, name):
    rng, d_model = draw(generators), draw(widths)
    params = shaken(rng, attnlib.init_feed_forward(rng, d_model, draw(widths), draw(activations)))
    return {"params": params, "x": normal(rng, F, *draw(leads), d_model)}, {}


@drawn("encoder_vjp", "encoder_layer_vjp", "decoder_vjp", "decoder_layer_vjp")
def stacks(draw, name):
    rng, lead, sizes, seq = draw(generators), draw(leads), draw(model_sizes()), draw(lengths)
    kind, _, layer = name.removesuffix("_vjp").partition("_")
    init = getattr(attnlib, f"init_{kind}")
    params = shaken(rng, init(rng, draw(st.integers(1, 2)), **sizes, norm_first=draw(st.booleans()), activation="gelu"))
    by = {"params": params.layers[0] if layer else params, "x": normal(rng, F, *lead, seq, sizes["d_model"])}
    if kind == "encoder":
        return by, {"mask": draw(st.none() | st.just(rng.random((seq, seq)) < 0.7))}
    return by | {"memory": normal(rng, F, *lead, draw(lengths), sizes["d_model"])}, {}


@drawn("transformer_vjp", "language_model_vjp")
def whole(draw, name):
    rng, lead, sizes = draw(generators), draw(leads), draw(model_sizes())
    if name == "language_model_vjp":
        params = shaken(rng, attnlib.init_language_model(rng, 5, **sizes, activation="gelu"))
        return {"params": params}, {"tokens": rng.integers(5, size=(*lead, draw(lengths)))}
    options = {"tied": draw(st.booleans()), "norm_first": draw(st.booleans()), "activation": "gelu"}
    params = shaken(rng, attnlib.init_transformer(rng, 5, 7, **sizes, **options))
    source, target = rng.integers(5, size=(*lead, draw(lengths))), rng.integers(7, size=(*lead, draw(lengths)))
    mask = draw(st.none() | st.just(padding_mask(rng.integers(1, source.shape[-1] + 1, size=lead), source.shape[-1])))
    return {"params": params}, {"source": source, "target": target, "source_mask": mask}


VJPS = [name for name in attnlib.__all__ if name.endswith("_vjp")]


def test_every_public_vjp_is_drawn():
    assert set(DRAWS) == set(VJPS)


@pytest.mark.parametrize("name", VJPS)
def test_gradients_are_those_of_central_differences_at_any_shape(name):
    function, vjp = getattr(attnlib, name.removesuffix("_vjp")), getattr(attnlib, name)

    @fewer(5)
    @given(DRAWS[name], generators)
    def check(arguments, rng):
        by, others = arguments

        def output(*values):
            found = function(**dict(zip(by, values, strict=True)), **others)
            return found[0] if isinstance(found, tuple) else found

        def with_pullback(*values):
            return vjp(**dict(zip(by, values, strict=True)), **others)

        check_vjp(output, with_pullback, tuple(by.values()), rng, rtol=2e-6)

    check()


LINEAR = {
    "linear_vjp": "x",
    "embedding_vjp": "table",
    "learned_positions_vjp": "table",
    "rotate_vjp": "x",
    "turn_pairs_vjp": "x",
}


@pytest.mark.parametrize("name", LINEAR)
def test_the_pullback_of_a_linear_map_is_its_transpose(name):
    """⟨grad, f(x)⟩ = ⟨pullback(grad), x⟩, without any difference quotient."""

    @fewer(2)
    @given(DRAWS[name], generators)
    def check(arguments, rng):
        by, others = arguments
        by.pop("bias", None)
        output, pullback = getattr(attnlib, name)(**by, **others)
        grad_output = rng.normal(size=output.shape)
        grads = pullback(grad_output)
        grad = grads[0] if isinstance(grads, tuple) else grads
        assert_allclose(np.sum(grad * by[LINEAR[name]]), np.sum(grad_output * output), rtol=1e-10, atol=1e-10)

    check()
