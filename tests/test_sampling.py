import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from attnlib import init_language_model, language_model, next_probs, sample_tokens, softmax
from attnlib.sampling import draw

VOCAB, END = 9, 0
LOGITS = np.array([[2.0, -1.0, 0.5, 1.9], [0.0, 0.0, 0.0, 0.0], [-3.0, 4.0, 4.0, 1.0]])


@pytest.fixture
def params(rng):
    return init_language_model(rng, VOCAB, 6, 3, 7)


# Probabilities


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("temperature", [1e-30, 0.3, 1, 7.5])
@pytest.mark.parametrize("top_k", [None, 1, 3, 4, 99])
def test_probabilities_sum_to_one_and_no_more_than_k_are_above_zero(dtype, temperature, top_k):
    probs = next_probs(LOGITS.astype(dtype), temperature, top_k)
    assert probs.dtype == dtype
    assert_allclose(probs.sum(axis=-1), 1, rtol=1e-6)
    assert ((probs > 0).sum(axis=-1) <= (top_k or 4)).all()


def test_without_options_they_are_the_softmax():
    assert_allclose(next_probs(LOGITS), softmax(LOGITS), rtol=1e-12)


@pytest.mark.parametrize("k", [1, 2, 3])
def test_top_k_keeps_the_k_likeliest_in_proportion(k):
    """Of equal logits the first."""
    kept = [set(np.argsort(-row, kind="stable")[:k]) for row in LOGITS]
    probs, plain = next_probs(LOGITS, top_k=k), softmax(LOGITS)
    for row, some, whole in zip(probs, kept, plain, strict=True):
        assert set(np.flatnonzero(row)) == some
        assert_allclose(row[list(some)], whole[list(some)] / whole[list(some)].sum(), rtol=1e-12)


def test_of_many_equal_logits_the_first_are_kept():
    """Of more than a few, for a handful any way of sorting leaves in order."""
    assert_array_equal(np.flatnonzero(next_probs(np.tile([1.0, 2.0], 500), top_k=5)), [1, 3, 5, 7, 9])


def test_towards_temperature_zero_the_likeliest_alone_is_left():
    for temperature in (1e-3, 1e-300):
        probs = next_probs(LOGITS[[0]], temperature)
        assert_allclose(probs, [[1, 0, 0, 0]], atol=1e-12)
    assert_allclose(next_probs(LOGITS[[2]], 1e-300), [[0, 0.5, 0.5, 0]])


def test_far_above_temperature_one_all_are_as_likely():
    assert_allclose(next_probs(LOGITS, 1e9), 0.25, atol=1e-8)


def test_a_temperature_divides_the_logarithms_of_the_odds():
    plain, warm = next_probs(LOGITS[0]), next_probs(LOGITS[0], 2.5)
    assert_allclose(np.log(plain[0] / plain[1]) / 2.5, np.log(warm[0] / warm[1]))


@pytest.mark.parametrize("temperature", [0, -1, np.inf, np.nan, "warm", None])
def test_a_temperature_is_a_number_above_zero(temperature):
    with pytest.raises((TypeError, ValueError), match="temperature must be a finite number above 0: got"):
        next_probs(LOGITS, temperature)


def test_k_and_logits_are_checked():
    with pytest.raises(ValueError, match="top_k must be 1 or more: got 0"):
        next_probs(LOGITS, top_k=0)
    with pytest.raises(TypeError, match=r"top_k must be an integer: got 2\.5"):
        next_probs(LOGITS, top_k=2.5)
    with pytest.raises(ValueError, match="logits must be finite numbers"):
        next_probs([0.0, np.nan])
    with pytest.raises(ValueError, match="logits must be finite numbers"):
        next_probs(1.0)


# Drawing


def test_tokens_are_drawn_as_often_as_they_are_likely(rng):
    probs = np.array([0.5, 0.0, 0.2, 0.3])
    counts = np.bincount(draw(rng, np.tile(probs, (20_000, 1))), minlength=4)
    assert counts[1] == 0
    assert_allclose(counts / 20_000, probs, atol=0.02)


@pytest.mark.parametrize("total", [1 - 1e-6, 1 + 1e-6])
def test_a_sum_that_is_rounded_draws_no_token_that_is_impossible(total):
    class Highest(np.random.Generator):
        def random(self, size):
            return np.full(size, 1 - 2**-53)

    rng = Highest(np.random.PCG64(0))
    assert_array_equal(draw(rng, np.array([[0.25, 0.75 * total, 0.0]])), [1])


def test_with_k_of_one_it_goes_on_with_the_likeliest(rng, params):
    tokens = sample_tokens(params, rng, [[END, 3], [END, 5]], 6, top_k=1)
    assert tokens.shape == (2, 8)
    logits, _ = language_model(params, tokens)
    assert_array_equal(tokens[:, 2:], logits[:, 1:-1].argmax(axis=-1))


def test_the_same_generator_gives_the_same_text_and_another_another(params):
    one, again, other = (sample_tokens(params, np.random.default_rng(s), [[END]] * 5, 9) for s in (1, 1, 2))
    assert_array_equal(one, again)
    assert (one != other).any()


def test_without_a_temperature_it_is_one(params):
    given, left_out = (
        sample_tokens(params, np.random.default_rng(0), [[END]] * 5, 9, **t) for t in ({"temperature": 1.0}, {})
    )
    assert_array_equal(given, left_out)


def test_it_stops_when_all_texts_have_ended(params):
    tokens = sample_tokens(params, np.random.default_rng(3), [[END]] * 4, 500, end=END)
    assert tokens.shape[1] < 500
    ended = (tokens[:, 1:] == END).any(axis=1)
    assert ended.all()
    assert not (tokens[:, 1:-1] == END).any(axis=1).all()  # and not before


def test_what_is_wrong_with_a_call_is_said(rng, params):
    for wrong, words in {
        "tokens": ([END], r"tokens must have shape \(batch, seq\): got \(1,\)"),
        "steps": (-1, "steps must be 0 or more"),
        "end": (VOCAB, "end must lie between 0 and 8"),
    }.items():
        call = {"tokens": [[END]], "steps": 2, "end": END} | {wrong: words[0]}
        with pytest.raises(ValueError, match=words[1]):
            sample_tokens(params, rng, **call)
    with pytest.raises(TypeError, match="rng must be a numpy"):
        sample_tokens(params, 3, [[END]], 2)


def test_each_row_is_sharpened_and_cut_off_by_itself(rng):
    logits = rng.normal(size=(3, 4, 5))
    logits[1, 2, [0, 3]] = 7  # of equal logits the first is kept
    probs = next_probs(logits, 0.5, 2)
    for row in np.ndindex(3, 4):
        assert_array_equal(probs[row], next_probs(logits[row], 0.5, 2))
        best = np.argsort(-logits[row], kind="stable")[:2]
        assert_allclose(probs[row][best], np.exp(2 * logits[row][best]) / np.exp(2 * logits[row][best]).sum())
    assert_array_equal(draw(rng, np.eye(5)[[[1, 2], [3, 4]]]), [[1, 2], [3, 4]])


def test_a_gap_between_logits_that_is_too_wide_for_float32_leaves_one_token():
    logits = np.array([[3e38, -3e38]], np.float32)
    assert_array_equal(next_probs(logits), [[1, 0]])


def test_the_lowest_number_draws_no_token_of_probability_zero():
    class Lowest(np.random.Generator):
        def random(self, size):
            return np.zeros(size)

    assert_array_equal(draw(Lowest(np.random.PCG64(0)), np.array([[0.0, 0.5, 0.5]])), [1])
