import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from attnlib import additive_scores, bilinear_scores, cosine_scores, dot_scores, scaled_dot_scores

SEQ_Q, SEQ_K, D_Q, D_K, D_HIDDEN = 2, 5, 4, 3, 7


def call(kind, rng, lead_q=(), lead_k=(), dtype=np.float64):
    """The arguments of one kind of score; bilinear and additive get queries and keys of different widths."""
    draw = lambda *shape: rng.normal(size=shape).astype(dtype)  # noqa: E731
    key = draw(*lead_k, SEQ_K, D_K)
    if kind is bilinear_scores:
        return draw(*lead_q, SEQ_Q, D_Q), key, draw(D_Q, D_K)
    if kind is additive_scores:
        return draw(*lead_q, SEQ_Q, D_Q), key, draw(D_Q, D_HIDDEN), draw(D_K, D_HIDDEN), draw(D_HIDDEN)
    return draw(*lead_q, SEQ_Q, D_K), key


every_kind = pytest.mark.parametrize(
    "kind",
    [dot_scores, scaled_dot_scores, cosine_scores, bilinear_scores, additive_scores],
    ids=lambda kind: kind.__name__,
)


def test_dot_scores_by_hand():
    query, key = np.array([[1.0, 2.0]]), np.array([[3.0, 4.0], [-2.0, 1.0]])
    assert_array_equal(dot_scores(query, key), [[11, 0]])


def test_scaled_dot_scores_divide_by_the_root_of_d_k():
    query, key = np.array([[1.0, 2.0, 0.0, 2.0]]), np.array([[3.0, 4.0, 9.0, 1.0]])
    assert_array_equal(scaled_dot_scores(query, key), [[13 / 2]])


def test_scale_replaces_the_root(rng):
    query, key = call(dot_scores, rng)
    assert_array_equal(scaled_dot_scores(query, key, scale=1), dot_scores(query, key))
    assert_allclose(scaled_dot_scores(query, key, scale=-0.3), -0.3 * dot_scores(query, key))
    assert_array_equal(scaled_dot_scores(query, key, scale=0), np.zeros((2, 5)))


def test_scaling_the_queries_equals_scaling_the_scores(rng):
    query, key = call(dot_scores, rng)
    assert_allclose(scaled_dot_scores(query, key), dot_scores(query / 3**0.25, key / 3**0.25), rtol=1e-13)


def test_cosine_scores_by_hand():
    query, key = np.array([[3.0, 4.0]]), np.array([[30.0, 40.0], [-4.0, 3.0], [-0.3, -0.4], [1.0, 0.0]])
    assert_allclose(cosine_scores(query, key), [[1, 0, -1, 0.6]], atol=1e-15)


def test_cosine_ignores_lengths_and_the_dot_product_does_not(rng):
    query, key = call(cosine_scores, rng)
    longer = key * rng.uniform(0.5, 2, size=(SEQ_K, 1))
    assert_allclose(cosine_scores(query, longer), cosine_scores(query, key), rtol=1e-13)
    assert not np.allclose(dot_scores(query, longer), dot_scores(query, key))


def test_cosine_equals_the_dot_product_of_unit_vectors(rng):
    query, key = (x / np.linalg.norm(x, axis=-1, keepdims=True) for x in call(cosine_scores, rng))
    assert_allclose(cosine_scores(query, key), dot_scores(query, key), rtol=1e-13)


def test_a_vector_of_zeros_has_cosine_zero():
    assert_array_equal(cosine_scores(np.zeros((1, 2)), np.array([[1.0, 2.0], [0.0, 0.0]])), [[0, 0]])


@pytest.mark.parametrize("size", [1e30, 1e-30])
def test_the_cosine_of_huge_and_tiny_vectors_is_right(size):
    query, key = np.array([[3, 4]], np.float32) * np.float32(size), np.array([[1, 0]], np.float32)
    assert_allclose(cosine_scores(query, key), [[0.6]], rtol=1e-6)


def test_bilinear_scores_by_hand():
    query, key, weight = np.array([[1.0, 2.0]]), np.array([[3.0, 1.0, 4.0]]), np.array([[1.0, 0, 2], [0, 5, 1]])
    assert_array_equal(bilinear_scores(query, key, weight), [[3 + 8 + 10 + 8]])


def test_a_bilinear_score_with_the_identity_is_the_dot_product(rng):
    query, key = call(dot_scores, rng)
    assert_allclose(bilinear_scores(query, key, np.eye(D_K)), dot_scores(query, key), rtol=1e-14)


def test_a_bilinear_score_is_a_dot_product_of_projections(rng):
    query, key = call(dot_scores, rng)
    w_q, w_k = rng.normal(size=(D_K, 2)), rng.normal(size=(D_K, 2))
    assert_allclose(bilinear_scores(query, key, w_q @ w_k.T), dot_scores(query @ w_q, key @ w_k), rtol=1e-12)


def test_an_additive_score_is_a_network_on_the_concatenation(rng):
    query, key, w_q, w_k, v = call(additive_scores, rng)
    w = np.concatenate([w_q, w_k])
    expected = [[np.tanh(np.concatenate([q, k]) @ w) @ v for k in key] for q in query]
    assert_allclose(additive_scores(query, key, w_q, w_k, v), expected, rtol=1e-12)


def test_an_additive_score_is_bounded_by_v(rng):
    query, key, w_q, w_k, v = call(additive_scores, rng)
    assert np.abs(additive_scores(1e9 * query, key, w_q, w_k, v)).max() <= np.abs(v).sum()


@every_kind
@pytest.mark.parametrize(
    ("lead_q", "lead_k", "lead"),
    [((), (), ()), ((6,), (6,), (6,)), ((6, 8), (8,), (6, 8)), ((1, 8), (6, 1), (6, 8))],
    ids=["single", "batch", "one key for all", "both stretched"],
)
def test_each_entry_is_the_score_of_one_query_and_one_key(kind, rng, lead_q, lead_k, lead):
    query, key, *parameters = call(kind, rng, lead_q, lead_k)
    scores = kind(query, key, *parameters)
    assert scores.shape == (*lead, SEQ_Q, SEQ_K)
    queries = np.broadcast_to(query, (*lead, *query.shape[-2:]))
    keys = np.broadcast_to(key, (*lead, *key.shape[-2:]))
    for at in np.ndindex(lead):
        for i, j in np.ndindex(SEQ_Q, SEQ_K):
            one = kind(queries[at][i : i + 1], keys[at][j : j + 1], *parameters)
            assert_allclose(scores[at][i, j], one[0, 0], rtol=1e-12)


@every_kind
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_dtype_stays(kind, rng, dtype):
    assert kind(*call(kind, rng, dtype=dtype)).dtype == dtype


def test_a_scale_of_any_number_type_keeps_float32(rng):
    query, key = call(dot_scores, rng, dtype=np.float32)
    for scale in [2, 0.5, np.float64(0.5), np.int64(2), np.array(0.5)]:
        assert scaled_dot_scores(query, key, scale).dtype == np.float32


@every_kind
def test_the_inputs_are_not_modified(kind, rng):
    arguments = call(kind, rng)
    before = [argument.copy() for argument in arguments]
    kind(*arguments)
    for argument, copy in zip(arguments, before, strict=True):
        assert_array_equal(argument, copy)


@every_kind
def test_no_queries_or_no_keys_give_no_scores(kind, rng):
    query, key, *parameters = call(kind, rng)
    assert kind(query[:0], key, *parameters).shape == (0, SEQ_K)
    assert kind(query, key[:0], *parameters).shape == (SEQ_Q, 0)
