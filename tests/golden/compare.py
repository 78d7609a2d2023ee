"""Compare attnlib with PyTorch's answers, be they stored or fresh."""

import numpy as np
from numpy.testing import assert_allclose

import attnlib

# Roundings, relative to the largest entry of an array (or 1). Over 600 random cases the largest difference was 17
# in float32 and 12 in float64; the rest is room for other processors and matrix libraries.
ROUNDINGS = 64


def assert_close(result, expected, name, roundings=ROUNDINGS):
    assert result.dtype == expected.dtype, f"{name}: {result.dtype} instead of {expected.dtype}"
    assert result.shape == expected.shape, f"{name}: {result.shape} instead of {expected.shape}"
    tolerance = roundings * np.finfo(expected.dtype).eps * np.abs(expected).max(initial=1.0)
    assert_allclose(result, expected, rtol=0, atol=tolerance, err_msg=name)


def compare_attention(inputs, expected, scale=None):
    inputs = dict(inputs)
    grad_output = inputs.pop("grad_output")
    output, attn_weights = attnlib.attention(**inputs, scale=scale)
    assert_close(output, expected["output"], "output")
    assert_close(attn_weights, expected["attn_weights"], "attn_weights")
    output, pullback = attnlib.attention_vjp(**inputs, scale=scale)
    assert_close(output, expected["output"], "output of attention_vjp")
    names = ["grad_query", "grad_key", "grad_value", "grad_bias"][: 4 if "bias" in inputs else 3]
    for name, grad in zip(names, pullback(grad_output), strict=True):
        assert_close(grad, expected[name], name)


def compare_softmax(inputs, expected):
    weights, pullback = attnlib.softmax_vjp(inputs["x"])
    assert_close(attnlib.softmax(inputs["x"]), expected["weights"], "softmax")
    assert_close(pullback(inputs["grad_output"]), expected["grad_x"], "softmax_vjp")
    assert_close(attnlib.softmax_jacobian(weights), expected["jacobian"], "softmax_jacobian")
    assert_close(attnlib.entropy(weights), expected["entropy"], "entropy")


def compare_scores(inputs, expected):
    query, key, wide_query = inputs["query"], inputs["key"], inputs["wide_query"]
    additive = attnlib.additive_scores(wide_query, key, inputs["w_q"], inputs["w_k"], inputs["v"])
    assert_close(attnlib.dot_scores(query, key), expected["dot"], "dot")
    assert_close(attnlib.cosine_scores(query, key), expected["cosine"], "cosine")
    assert_close(attnlib.bilinear_scores(wide_query, key, inputs["weight"]), expected["bilinear"], "bilinear")
    assert_close(additive, expected["additive"], "additive")
