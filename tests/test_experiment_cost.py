import importlib

import numpy as np
import pytest

from attncourse.results import load_result
from attnlib import attention
from attnlib.greedy import decode_next, greedy, start_cache
from attnlib.transformer import decode, encode
from experiments.cost import (
    PARTS,
    SETTINGS,
    decoding_round,
    multiply_adds,
    new_model,
    one_round,
    say,
    sizes,
    step_multiply_adds,
    work,
)

SMALL = SETTINGS._replace(d_model=8, num_heads=2, d_ff=12, vocab=9, seq_source=5, tokens=16, block=4)


@pytest.fixture(scope="module")
def result():
    return load_result("cost")


@pytest.fixture
def counted(monkeypatch):
    """A list that collects the multiply-adds of every linear map and every attention that the library computes."""
    counts = []

    def counting(module, name, count):
        module = importlib.import_module(f"attnlib.{module}")
        inner = getattr(module, name)

        def counted(*args):
            counts.append(count(*args[:3]))
            return inner(*args)

        monkeypatch.setattr(module, name, counted)

    for module in ("multi_head", "feed_forward", "transformer", "greedy"):
        counting(module, "linear", lambda x, weight, bias=None: x.size * weight.shape[1])

    def both_products(query, key, value):  # heads in the axis −3
        return query.size * key.shape[-2] + query.size // query.shape[-1] * value.shape[-1] * value.shape[-2]

    counting("multi_head", "attention", both_products)
    return counts


# The result file; times are not judged, only that they are there


def test_result_is_complete(result):
    assert np.shape(result["rounds"]) == (SETTINGS.rounds, len(sizes()))
    assert (np.array(result["rounds"]) > 0).all()
    assert len(result["decoding"]) == SETTINGS.decoding_rounds
    for found in result["decoding"]:
        assert len(found["cached"]) == len(found["uncached"]) == SETTINGS.tokens // SETTINGS.block


def test_counts_of_the_result_are_those_of_the_formulas(result):
    assert result["multiply_adds"] == [multiply_adds(*size) for size in sizes()]
    for way in ("cached", "uncached"):
        counts = [step_multiply_adds(t, way == "cached") for t in range(1, SETTINGS.tokens + 1)]
        assert result["step_multiply_adds"][way] == counts


def test_with_and_without_the_cache_the_same_text_was_said(result):
    for found in result["decoding"]:
        assert found["same_tokens"]
        assert found["largest_difference"] < 1e-4
        assert found["different_tokens"] > 3


# A small part, run again


def test_a_round_measures_every_size():
    few = SETTINGS._replace(lengths=(8, 16), widths=(32,), at_least=1, reference=(16, 32))
    ratios = one_round(few)
    assert len(ratios) == len(sizes(few)) == 4
    assert min(ratios) > 0


def test_decoding_again_says_the_same_text_both_ways(result):
    found = decoding_round(SETTINGS._replace(tokens=16))
    assert found["same_tokens"]
    assert found["largest_difference"] < 1e-4
    assert len(found["cached"]) == 2


# Counts


def test_attention_costs_four_times_as_much_for_twice_the_tokens_and_twice_for_twice_the_width():
    assert multiply_adds("attention", 14, 5) == 4 * multiply_adds("attention", 7, 5)
    assert multiply_adds("attention", 7, 10) == 2 * multiply_adds("attention", 7, 5)


def test_attention_is_counted_as_loops_would(rng):
    n, d = 3, 5
    query, key, value = rng.normal(size=(3, n, d))
    count, output = 0, np.zeros((n, d))
    for i in range(n):
        scores = []
        for j in range(n):
            score = 0.0
            for m in range(d):
                score, count = score + query[i, m] * key[j, m], count + 1
            scores.append(score / d**0.5)
        weights = np.exp(scores) / np.exp(scores).sum()
        for j in range(n):
            for m in range(d):
                output[i, m], count = output[i, m] + weights[j] * value[j, m], count + 1
    np.testing.assert_allclose(output, attention(query, key, value)[0])
    assert count == multiply_adds("attention", n, d)


def test_a_layer_is_counted_as_its_maps_are(counted):
    work("encoder layer", 6, 64)()
    assert sum(counted) == multiply_adds("encoder layer", 6, 64)


def test_attention_is_the_larger_part_of_a_layer_beyond_six_times_its_width():
    for n, larger in ((6 * 32 - 1, False), (6 * 32 + 1, True)):
        own = multiply_adds("attention", n, 32)
        assert (own > multiply_adds("encoder layer", n, 32) - own) == larger


@pytest.mark.parametrize("cached", [True, False])
def test_every_step_of_decoding_is_counted_as_its_maps_are(counted, cached):
    params, memory = new_model(SMALL)
    said = np.zeros((1, 1), dtype=int)
    counted.clear()
    caches = start_cache(params, memory)
    if not cached:
        counted.clear()
    for t in range(1, 6):
        if cached:
            _, caches = decode_next(params, said, caches)
        else:
            decode(params, said, memory)
        # The library reads the keys and values of the memory within multi_head, where they are counted too.
        assert sum(counted) == step_multiply_adds(t, cached, SMALL)
        counted.clear()
        said = np.append(said, [[t]], axis=1)


def test_uncached_cost_grows_with_every_token_and_cached_hardly(result):
    cached, uncached = (np.array(result["step_multiply_adds"][way]) for way in ("cached", "uncached"))
    assert (np.diff(uncached) > 0).all()
    assert cached[-1] < 1.2 * cached[1]
    assert uncached[-1] > 200 * cached[-1]


# The parts


def test_saying_is_what_greedy_does():
    params, memory = new_model(SMALL)
    source = np.random.default_rng(5).integers(SMALL.vocab, size=(1, SMALL.seq_source))
    wanted = greedy(params, source, 0, SMALL.tokens)
    for cached in (True, False):
        said = say(params, encode(params, source)[0], cached, SMALL)
        np.testing.assert_array_equal(said.tokens, wanted.tokens[0])
        np.testing.assert_allclose(said.probs, wanted.probs[0], atol=1e-5)
        assert said.seconds.shape == (SMALL.tokens,)
    assert memory.shape == (1, SMALL.seq_source, SMALL.d_model)


@pytest.mark.parametrize("part", PARTS)
def test_work_has_the_sizes_it_is_called_by(part):
    output, attn_weights = work(part, 6, 64)()
    assert output.shape == (6, 64)
    assert attn_weights.shape[-2:] == (6, 6)
    assert output.dtype == np.float32
