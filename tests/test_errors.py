"""Bad input gets an error that restates the call: the names and shapes, what was expected and what came."""

import inspect

import numpy as np
import pytest

import attnlib
from attnlib import (
    additive_scores,
    attention,
    attention_vjp,
    attention_weights,
    bilinear_scores,
    cosine_scores,
    dot_scores,
    entropy,
    scaled_dot_scores,
    softmax,
    softmax_jacobian,
    softmax_vjp,
)


def array(*shape, dtype=np.float64):
    return np.ones(shape, dtype)


QUERY, KEY, VALUE = array(2, 3), array(5, 3), array(5, 7)
BATCH = array(4, 2, 3), array(4, 5, 3), array(4, 5, 7)

both_attentions = pytest.mark.parametrize("attend", [attention, attention_vjp], ids=lambda f: f.__name__)
both_dot_scores = pytest.mark.parametrize("score", [dot_scores, scaled_dot_scores, cosine_scores, attention_weights])


@both_attentions
@pytest.mark.parametrize(
    ("qkv", "words"),
    [
        ((array(3), KEY, VALUE), r"query must have shape \(\.\.\., seq, width\), two axes or more: got query \(3,\)"),
        ((QUERY, array(), VALUE), r"key must have shape .* got key \(\)"),
        ((QUERY, KEY, array(5)), r"value must have shape .* got value \(5,\)"),
        ((QUERY, array(5, 4), VALUE), r"query and key must share d_k: got query \(2, 3\), key \(5, 4\)"),
        ((array(2, 4), KEY, VALUE), r"query and key must share d_k: got query \(2, 4\), key \(5, 3\)"),
        ((QUERY, KEY, array(6, 7)), r"share seq_k, one value a key: got key \(5, 3\), value \(6, 7\)"),
        ((array(2, 0), array(5, 0), VALUE), r"query must hold vectors of length 1 or more: got query \(2, 0\)"),
        ((array(4, 2, 0), array(4, 5, 0), VALUE), r"of length 1 or more: got query \(4, 2, 0\)"),
        ((QUERY, KEY, array(5, 0)), r"value must hold vectors of length 1 or more: got value \(5, 0\)"),
        ((array(2, 2, 3), array(4, 5, 3), VALUE), r"leading axes of query, key and value must broadcast: got query"),
        ((QUERY, BATCH[1], array(6, 5, 7)), r"must broadcast: got query \(2, 3\), key \(4, 5, 3\), value \(6, 5, 7\)"),
    ],
)
def test_shapes_that_do_not_fit_are_restated(attend, qkv, words):
    with pytest.raises(ValueError, match=words):
        attend(*qkv)


@both_dot_scores
def test_queries_and_keys_that_do_not_fit_are_restated(score):
    with pytest.raises(ValueError, match=r"query and key must share d_k: got query \(3, 4\), key \(3, 5\)"):
        score(array(3, 4), array(3, 5))
    with pytest.raises(ValueError, match=r"query must have shape .* got query \(3,\)"):
        score(array(3), array(3, 3))
    with pytest.raises(ValueError, match=r"leading axes of query and key must broadcast: got query \(2, 2, 3\)"):
        score(array(2, 2, 3), array(4, 5, 3))


@both_attentions
@pytest.mark.parametrize(
    "mask",
    [np.ones((2, 5)), np.ones((2, 5), int), np.where(np.eye(2, 5), 0.0, -np.inf), [[1, 0, 1, 1, 1]]],
    ids=["ones", "integers", "additive", "list"],
)
def test_a_mask_that_is_not_boolean_is_refused(attend, mask):
    with pytest.raises(TypeError, match=r"mask must be boolean, True = may attend: got (int|float)64 .*bias"):
        attend(QUERY, KEY, VALUE, mask)


@both_attentions
@pytest.mark.parametrize("shape", [(5, 2), (2, 4), (3, 5), (4, 2, 5)])
def test_a_mask_or_bias_that_does_not_broadcast_is_restated(attend, shape):
    got = rf"got \w+ \({str(shape)[1:-1]}\) for scores \(2, 5\)"
    with pytest.raises(ValueError, match=rf"mask must broadcast to \(\.\.\., seq_q, seq_k\): {got}"):
        attend(QUERY, KEY, VALUE, np.ones(shape, bool))
    with pytest.raises(ValueError, match=rf"bias must broadcast to \(\.\.\., seq_q, seq_k\): {got}"):
        attend(QUERY, KEY, VALUE, bias=np.zeros(shape))


@both_attentions
def test_a_padding_mask_without_an_axis_of_heads_is_refused(attend):
    heads = array(4, 6, 2, 3), array(4, 6, 5, 3), array(4, 6, 5, 7)
    mask = attnlib.padding_mask([5, 4, 3, 2], 5)
    attend(*heads, mask[:, None])
    with pytest.raises(ValueError, match=r"got mask \(4, 1, 5\) for scores \(4, 6, 2, 5\)"):
        attend(*heads, mask)


@both_attentions
@pytest.mark.parametrize("scale", [np.nan, np.inf, -np.inf, np.array([0.5, 0.5])], ids=str)
def test_a_scale_that_is_not_one_finite_number_is_refused(attend, scale):
    with pytest.raises(ValueError, match=r"scale must be one finite number or None \(1/√d_k\): got"):
        attend(QUERY, KEY, VALUE, scale=scale)


@both_attentions
@pytest.mark.parametrize("dtype", [np.float16, np.int64, np.bool_, np.complex128, np.longdouble, object])
@pytest.mark.parametrize("which", ["query", "key", "value", "bias"])
def test_any_other_dtype_is_refused_with_the_way_to_convert_it(attend, dtype, which):
    if np.dtype(dtype) == np.float64:
        pytest.skip("long double is float64 here")
    arguments = {"query": QUERY, "key": KEY, "value": VALUE, "bias": array(2, 5)}
    arguments[which] = arguments[which].astype(dtype)
    words = rf"{which} must be float32 or float64: got {np.dtype(dtype)} \(.*convert it.*np\.asarray\({which}, dtype"
    with pytest.raises(TypeError, match=words):
        attend(**arguments)


@both_attentions
@pytest.mark.parametrize("which", ["query", "key", "value", "bias"])
def test_float32_and_float64_do_not_mix(attend, which):
    arguments = {"query": QUERY, "key": KEY, "value": VALUE, "bias": array(2, 5)}
    arguments[which] = arguments[which].astype(np.float32)
    with pytest.raises(TypeError, match=rf"must share one dtype: got .*{which} float32"):
        attend(**arguments)


@pytest.mark.parametrize("fun", [softmax, softmax_vjp, softmax_jacobian, entropy], ids=lambda f: f.__name__)
@pytest.mark.parametrize("dtype", [np.float16, np.int32])
def test_softmax_and_its_kin_refuse_other_dtypes(fun, dtype):
    with pytest.raises(TypeError, match=rf"(x|weights) must be float32 or float64: got {np.dtype(dtype)} \(2, 3\)"):
        fun(array(2, 3, dtype=dtype))


@pytest.mark.parametrize("fun", [softmax, softmax_vjp], ids=lambda f: f.__name__)
@pytest.mark.parametrize(("bad", "name"), [(np.nan, "NaN"), (np.inf, r"\+inf")])
def test_no_weights_are_made_of_nan_or_plus_infinity(fun, bad, name):
    x = array(2, 3)
    x[1, 2] = bad
    with pytest.raises(ValueError, match=rf"scores below \+inf and no NaN: got {name} in x \(2, 3\)"):
        fun(x)


@both_attentions
@pytest.mark.parametrize("which", [0, 1], ids=["query", "key"])
@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_nan_or_infinity_that_is_not_masked_is_never_silent(attend, which, bad):
    arguments = [QUERY.copy(), KEY.copy(), VALUE]
    arguments[which][1, 1] = bad
    with pytest.raises(ValueError, match=r"softmax needs scores below \+inf and no NaN: got .* in x \(2, 5\)"):
        attend(*arguments)


@both_attentions
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_value_that_counts_must_be_finite(attend, bad):
    value = VALUE.copy()
    value[1, 1] = bad
    with pytest.raises(ValueError, match=r"value must be finite where a query may attend to it: .* value \(5, 7\)"):
        attend(QUERY, KEY, value)


@both_attentions
def test_a_bias_of_nan_or_plus_infinity_is_never_silent(attend):
    for bad in [np.nan, np.inf]:
        bias = np.array([0, bad, 0, 0, 0])
        with pytest.raises(ValueError, match="softmax needs scores below"):
            attend(QUERY, KEY, VALUE, bias=bias)
        attend(QUERY, KEY, VALUE, mask=np.isfinite(bias), bias=bias)


@both_attentions
def test_scores_that_overflow_are_never_silent(attend):
    huge = np.float32(1e30)
    with pytest.raises(ValueError, match=r"softmax needs scores below \+inf"):
        attend(huge * QUERY.astype(np.float32), huge * KEY.astype(np.float32), VALUE.astype(np.float32))


@pytest.mark.parametrize("shape", [(3,), (3, 4), (5, 4), (1, 4, 3)])
def test_a_bilinear_weight_that_does_not_fit_is_restated(shape):
    with pytest.raises(ValueError, match=r"weight must have shape \(d_q, d_k\): got query \(2, 4\), key \(5, 3\), w"):
        bilinear_scores(array(2, 4), KEY, array(*shape))


@pytest.mark.parametrize(
    "shapes",
    [
        [(3, 6), (3, 6), (6,)],
        [(4, 6), (4, 6), (6,)],
        [(4, 6), (3, 5), (6,)],
        [(4, 6), (3, 6), (5,)],
        [(4, 6), (3, 6), (6, 1)],
    ],
)
def test_additive_parameters_that_do_not_fit_are_restated(shapes):
    words = r"\(d_q, d_hidden\), \(d_k, d_hidden\) and \(d_hidden,\): got query \(2, 4\), key \(5, 3\), w_q"
    with pytest.raises(ValueError, match=words):
        additive_scores(array(2, 4), KEY, *(array(*shape) for shape in shapes))


@pytest.mark.parametrize("score", [bilinear_scores, additive_scores], ids=lambda f: f.__name__)
def test_learned_scores_want_sequences_too(score):
    parameters = [array(3, 3)] if score is bilinear_scores else [array(3, 6), array(3, 6), array(6)]
    with pytest.raises(ValueError, match=r"key must have shape .* got key \(3,\)"):
        score(QUERY, array(3), *parameters)
    with pytest.raises(ValueError, match="leading axes of query and key must broadcast"):
        score(array(2, 2, 3), array(4, 5, 3), *parameters)


def test_entropy_wants_weights_not_scores():
    words = "weights must be finite and zero or more: got "
    for measure in (entropy, softmax_jacobian):
        with pytest.raises(ValueError, match=rf"{words}-1\.0 to 2\.0 in weights \(3,\)"):
            measure(np.array([2.0, -1.0, 0.0]))
        with pytest.raises(ValueError, match=f"{words}nan to nan"):
            measure(np.array([0.5, np.nan]))
        with pytest.raises(ValueError, match=rf"{words}0\.5 to inf"):
            measure(np.array([0.5, np.inf]))


def test_a_jacobian_needs_an_axis():
    with pytest.raises(ValueError, match=r"weights must have shape \(\.\.\., n\), one axis or more: got weights \(\)"):
        softmax_jacobian(np.array(1.0))


def test_lists_of_floats_are_welcome_and_lists_of_integers_are_not():
    np.testing.assert_allclose(softmax([0.0, 0.0]), [0.5, 0.5])
    with pytest.raises(TypeError, match=r"x must be float32 or float64: got int64 \(2,\)"):
        softmax([0, 0])


@pytest.mark.parametrize("call", [softmax, softmax_vjp, entropy], ids=lambda f: f.__name__)
@pytest.mark.parametrize("axis", [2, -3, 100])
def test_an_axis_that_is_not_there_is_restated(call, axis):
    with pytest.raises(ValueError, match=rf"axis must be one of the axes .* got axis={axis}, (x|weights) \(2, 3\)"):
        call(array(2, 3), axis)


PROMISED = {
    "softmax": "x",
    "softmax_vjp": "x",
    "entropy": "weights",
    "softmax_jacobian": "weights",
    "causal_mask": "seq_q, seq_k",
    "padding_mask": "lengths, seq_k",
    "dot_scores": "query, key",
    "scaled_dot_scores": "query, key, scale=None",
    "cosine_scores": "query, key",
    "bilinear_scores": "query, key, weight",
    "additive_scores": "query, key, w_q, w_k, v",
    "attention_weights": "query, key, mask=None, bias=None, scale=None",
    "attention": "query, key, value, mask=None, bias=None, scale=None",
    "attention_vjp": "query, key, value, mask=None, bias=None, scale=None",
    "split_heads": "x, num_heads",
    "merge_heads": "x",
    "multi_head_attention": "params, query, key, value, mask=None",
    "sinusoidal_positions": "seq, d_model",
    "rotate": "x",
    "alibi_bias": "num_heads, seq_q, seq_k",
    "layer_norm": "x, gain, bias, eps=1e-05",
    "rms_norm": "x, gain, eps=1e-05",
    "batch_norm": "x, gain, bias, running=None, mask=None",
}


@pytest.mark.parametrize("name", PROMISED)
def test_the_public_names_and_arguments_are_the_ones_promised(name):
    """What comes behind the promised arguments has a default, so that the promised call is enough."""
    arguments = list(inspect.signature(getattr(attnlib, name)).parameters.values())
    promised = PROMISED[name].split(", ")
    assert [str(argument) for argument in arguments[: len(promised)]] == promised
    assert all(argument.default is not argument.empty for argument in arguments[len(promised) :])


@pytest.mark.parametrize("name", [name for name in attnlib.__all__ if name.endswith("_vjp")])
def test_a_vjp_takes_what_its_function_takes(name):
    function = getattr(attnlib, name.removesuffix("_vjp"))
    assert inspect.signature(getattr(attnlib, name)) == inspect.signature(function)


def test_the_public_names_are_sorted_and_each_says_what_it_is():
    assert attnlib.__all__ == sorted(attnlib.__all__)
    assert set(PROMISED) <= set(attnlib.__all__)
    assert all(getattr(attnlib, name).__doc__ for name in attnlib.__all__)


TAKES = {  # what each function takes as params
    "multi_head_attention": attnlib.MultiHeadParams,
    "feed_forward": attnlib.FeedForwardParams,
    "ssru": attnlib.SSRUParams,
    "encoder_layer": attnlib.EncoderLayerParams,
    "encoder": attnlib.EncoderParams,
    "decoder_layer": attnlib.DecoderLayerParams,
    "decoder": attnlib.DecoderParams,
    "transformer": attnlib.TransformerParams,
}


@pytest.mark.parametrize("name", [*TAKES, *(f"{name}_vjp" for name in TAKES), "encode", "decode", "greedy"])
def test_parameters_of_another_kind_are_named(name):
    kind = TAKES.get(name.removesuffix("_vjp"), attnlib.TransformerParams)
    call = getattr(attnlib, name)
    _, *others = inspect.signature(call).parameters.values()
    arguments = [BATCH[0] for other in others if other.default is other.empty]
    for wrong in (attnlib.init_layer_norm(3), None, {"w_q": 1}):
        with pytest.raises(TypeError, match=f"params must be {kind.__name__}: got {type(wrong).__name__}"):
            call(wrong, *arguments)
