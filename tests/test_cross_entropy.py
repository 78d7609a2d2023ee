import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from attnlib import accuracy, cross_entropy, cross_entropy_vjp, softmax

VOCAB = 7

both_dtypes = pytest.mark.parametrize("dtype", [np.float32, np.float64])
both_forms = pytest.mark.parametrize("loss", [cross_entropy, cross_entropy_vjp, accuracy], ids=lambda f: f.__name__)
every_shape = pytest.mark.parametrize("shape", [(), (5,), (2, 5), (4, 2, 5)], ids=str)
every_smoothing = pytest.mark.parametrize("label_smoothing", [0, 0.1, 0.5, 1])


def draw(rng, shape=(5,), dtype=np.float64):
    return (3 * rng.normal(size=(*shape, VOCAB))).astype(dtype), rng.integers(VOCAB, size=shape)


# The loss


@both_dtypes
@every_smoothing
def test_equal_logits_cost_the_logarithm_of_the_vocabulary(dtype, label_smoothing):
    loss = cross_entropy(np.full((5, VOCAB), 3, dtype), np.arange(5), label_smoothing)
    assert_allclose(loss, np.log(VOCAB), rtol=4 * np.finfo(dtype).eps)


def test_two_logits_by_hand():
    loss = cross_entropy(np.array([[0.0, np.log(3)], [np.log(4), 0.0]]), [0, 0])
    assert_allclose(loss, (-np.log(1 / 4) - np.log(4 / 5)) / 2, rtol=1e-14)


@every_shape
@every_smoothing
def test_the_formula_written_out_gives_the_same(rng, shape, label_smoothing):
    logits, targets = draw(rng, shape)
    wanted = (1 - label_smoothing) * np.eye(VOCAB)[targets] + label_smoothing / VOCAB
    expected = -(wanted * np.log(softmax(logits))).sum(axis=-1).mean()
    assert_allclose(cross_entropy(logits, targets, label_smoothing), expected, rtol=1e-12)


def test_smoothing_mixes_the_loss_of_the_targets_and_the_mean_loss_of_all(rng):
    logits, targets = draw(rng)
    every_target = np.mean([cross_entropy(logits, np.full(5, t)) for t in range(VOCAB)])
    expected = 0.7 * cross_entropy(logits, targets) + 0.3 * every_target
    assert_allclose(cross_entropy(logits, targets, 0.3), expected, rtol=1e-13)


@every_smoothing
def test_a_shift_of_all_logits_changes_nothing(rng, label_smoothing):
    logits, targets = draw(rng)
    shifted = logits + 100 * rng.normal(size=(5, 1))
    expected = cross_entropy(logits, targets, label_smoothing)
    assert_allclose(cross_entropy(shifted, targets, label_smoothing), expected, rtol=1e-11)


@both_dtypes
@every_smoothing
def test_ignored_places_do_not_count(rng, dtype, label_smoothing):
    logits, targets = draw(rng, (4, 5), dtype)
    targets[rng.random((4, 5)) < 0.5] = -1
    expected = cross_entropy(logits[targets >= 0], targets[targets >= 0], label_smoothing)
    assert_allclose(cross_entropy(logits, targets, label_smoothing), expected, rtol=4 * np.finfo(dtype).eps)
    _, pullback = cross_entropy_vjp(logits, targets, label_smoothing)
    grad = pullback(1.0)
    assert_array_equal(grad[targets < 0], 0)
    assert (grad[targets >= 0] != 0).all()
    logits[targets < 0] = 1e9
    assert_allclose(cross_entropy(logits, targets, label_smoothing), expected, rtol=4 * np.finfo(dtype).eps)


@every_smoothing
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_what_stands_in_ignored_places_changes_nothing(rng, label_smoothing, bad):
    logits, targets = draw(rng, (4, 5))
    targets[:, 3] = -1
    loss, pullback = cross_entropy_vjp(logits, targets, label_smoothing)
    share, grad = accuracy(logits, targets), pullback(1.0)
    logits[:, 3] = bad
    padded, padded_pullback = cross_entropy_vjp(logits, targets, label_smoothing)
    assert padded == loss
    assert accuracy(logits, targets) == share
    assert_array_equal(padded_pullback(1.0), grad)


@pytest.mark.parametrize("ignore", [0, 3, -100, VOCAB])
def test_any_number_can_mean_ignored(rng, ignore):
    logits, targets = draw(rng, (40,))
    targets[::3] = ignore
    keep = targets != ignore
    assert_allclose(
        cross_entropy(logits, targets, ignore=ignore), cross_entropy(logits[keep], targets[keep]), rtol=1e-13
    )
    assert accuracy(logits, targets, ignore) == accuracy(logits[keep], targets[keep])


@both_dtypes
def test_logits_far_apart_are_no_problem(dtype):
    logits = np.array([[1e30, 0, -1e30], [-1e30, 1e30, 0]], dtype)
    loss, pullback = cross_entropy_vjp(logits, [0, 1])
    assert loss == 0
    assert_array_equal(pullback(1.0), np.zeros((2, 3)))
    loss, pullback = cross_entropy_vjp(logits, [0, 2])
    assert_allclose(loss, 1e30 / 2, rtol=1e-6)
    assert_array_equal(pullback(1.0), [[0, 0, 0], [0, 0.5, -0.5]])


@pytest.mark.parametrize("label_smoothing", [0, 0.1])
def test_a_gap_too_wide_for_the_dtype_costs_infinity_or_nothing_but_never_nan(label_smoothing):
    logits = np.array([[3e38, -3e38]], np.float32)
    for target, expected in [(0, np.inf if label_smoothing else 0), (1, np.inf)]:
        loss, pullback = cross_entropy_vjp(logits, [target], label_smoothing)
        assert loss == expected
        assert np.isfinite(pullback(1.0)).all()


# Gradients


def test_the_gradient_is_what_was_predicted_minus_what_was_wanted(rng):
    logits, targets = draw(rng)
    _, pullback = cross_entropy_vjp(logits, targets)
    assert_allclose(pullback(1.0), (softmax(logits) - np.eye(VOCAB)[targets]) / 5, atol=1e-15)
    assert_allclose(pullback(-3.0), -3 * pullback(1.0))


@every_smoothing
def test_the_gradient_of_each_place_sums_to_zero(rng, label_smoothing):
    logits, targets = draw(rng, (4, 5))
    grad = cross_entropy_vjp(logits, targets, label_smoothing)[1](1.0)
    assert_allclose(grad.sum(axis=-1), 0, atol=1e-16)


def test_the_gradient_vanishes_where_the_prediction_is_the_smoothed_target(rng):
    targets = rng.integers(VOCAB, size=5)
    wanted = 0.9 * np.eye(VOCAB)[targets] + 0.1 / VOCAB
    loss, pullback = cross_entropy_vjp(np.log(wanted), targets, 0.1)
    assert_allclose(pullback(1.0), 0, atol=1e-16)
    assert_allclose(loss, -(wanted * np.log(wanted)).sum() / 5, rtol=1e-13)


@both_dtypes
@every_smoothing
@pytest.mark.parametrize("number", [float, np.float32, np.float64])
def test_loss_and_gradient_keep_the_dtype(rng, dtype, label_smoothing, number):
    logits, targets = draw(rng, (2, 5), dtype)
    loss, pullback = cross_entropy_vjp(logits, targets, number(label_smoothing))
    assert loss.dtype == dtype
    assert np.shape(loss) == ()
    assert pullback(number(1)).dtype == dtype
    assert pullback(loss).dtype == dtype
    assert pullback(1).shape == logits.shape
    assert cross_entropy(logits, targets, number(label_smoothing)) == loss


@pytest.mark.parametrize("dtype", [np.uint8, np.int32, np.int64])
def test_targets_may_be_integers_of_any_kind_and_a_view(rng, dtype):
    logits, targets = draw(rng, (2, 10))
    view = targets.astype(dtype)[:, ::-2]
    loss, pullback = cross_entropy_vjp(logits[:, ::2], view, 0.1)
    expected, expected_pullback = cross_entropy_vjp(logits[:, ::2].copy(), view.copy(), 0.1)
    assert loss == expected
    assert_array_equal(pullback(1.0), expected_pullback(1.0))
    assert cross_entropy(logits[:, ::2], view.tolist(), 0.1) == loss


def test_two_questions_a_token_are_twice_as_many_places(rng):
    logits, targets = draw(rng, (4, 5, 2))
    assert_allclose(
        cross_entropy(logits, targets),
        (cross_entropy(logits[:, :, 0], targets[:, :, 0]) + cross_entropy(logits[:, :, 1], targets[:, :, 1])) / 2,
    )


# Accuracy


def test_accuracy_modifies_nothing(rng):
    logits, targets = draw(rng)
    targets[0] = -1
    before = logits.copy(), targets.copy()
    accuracy(logits, targets)
    assert_array_equal(logits, before[0])
    assert_array_equal(targets, before[1])


def test_accuracy_by_hand():
    logits = np.array([[0.0, 1, 2], [5, 1, 2], [1, 3, 2], [9, 9, 9]])
    assert accuracy(logits, [2, 0, 0, 0]) == 0.75
    assert accuracy(logits, [2, 0, 0, 1]) == 0.5
    assert accuracy(logits, [2, -1, 0, -1]) == 0.5
    assert accuracy(logits[0], 2) == 1.0
    assert isinstance(accuracy(logits, [2, 0, 0, 0]), float)


@both_dtypes
def test_accuracy_is_the_share_of_right_answers(rng, dtype):
    logits, targets = draw(rng, (4, 5), dtype)
    assert accuracy(logits, targets) == pytest.approx(np.mean(softmax(logits).argmax(axis=-1) == targets))
    assert accuracy(np.eye(VOCAB, dtype=dtype)[targets], targets) == 1


# Errors


@both_forms
@pytest.mark.parametrize(
    ("logits", "targets", "words"),
    [
        (
            (5, 7),
            (4,),
            r"logits \(\.\.\., vocab\) and targets \(\.\.\.\) must fit: got logits \(5, 7\), targets \(4,\)",
        ),
        ((5, 7), (5, 7), r"must fit: got logits \(5, 7\), targets \(5, 7\)"),
        ((5, 7), (1,), r"must fit: got logits \(5, 7\), targets \(1,\)"),
        ((7,), (1,), r"must fit: got logits \(7,\), targets \(1,\)"),
        ((), (), r"must fit: got logits \(\), targets \(\)"),
        ((0, 7), (0,), r"at least one target must count: all are -1 in targets \(0,\)"),
        ((5, 0), (5,), r"targets must lie between 0 and -1: got 0 to 0 in targets \(5,\)"),
    ],
)
def test_shapes_that_do_not_fit_are_restated(loss, logits, targets, words):
    with pytest.raises(ValueError, match=words):
        loss(np.zeros(logits), np.zeros(targets, int))


@both_forms
def test_when_nothing_counts_there_is_no_mean(loss):
    with pytest.raises(ValueError, match=r"at least one target must count: all are -1 in targets \(2, 5\)"):
        loss(np.zeros((2, 5, VOCAB)), np.full((2, 5), -1))


@both_forms
@pytest.mark.parametrize("bad", [VOCAB, -2])
def test_a_target_outside_the_vocabulary_is_restated(loss, bad):
    with pytest.raises(ValueError, match=rf"targets must lie between 0 and 6: got .*{bad}.* in targets \(2,\)"):
        loss(np.zeros((3, VOCAB)), [3, -1, bad])


@both_forms
def test_dtypes_are_restated(loss):
    with pytest.raises(TypeError, match=r"targets must be integers: got float64 \(2,\)"):
        loss(np.zeros((2, VOCAB)), np.zeros(2))
    with pytest.raises(TypeError, match=r"logits must be float32 or float64: got int64 \(2, 7\)"):
        loss(np.zeros((2, VOCAB), np.int64), [0, 1])


@both_forms
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_logit_that_is_not_finite_is_never_silent(loss, bad):
    logits = np.zeros((2, VOCAB))
    logits[1, 3] = bad
    with pytest.raises(
        ValueError, match=r"logits must be finite where a target counts: got NaN or inf in logits \(2, 7\)"
    ):
        loss(logits, [0, 1])


@pytest.mark.parametrize("loss", [cross_entropy, cross_entropy_vjp], ids=lambda f: f.__name__)
@pytest.mark.parametrize("bad", [-0.1, 1.1, np.nan])
def test_label_smoothing_is_a_share(loss, bad):
    with pytest.raises(ValueError, match=f"label_smoothing must lie between 0 and 1: got {bad}"):
        loss(np.zeros((2, VOCAB)), [0, 1], bad)


@pytest.mark.parametrize("bad", [None, "1", np.ones(2), True, 1j], ids=str)
def test_the_gradient_of_a_loss_is_one_number(bad):
    _, pullback = cross_entropy_vjp(np.zeros((2, VOCAB)), [0, 1])
    with pytest.raises((TypeError, ValueError), match="grad_loss must be one number: got"):
        pullback(bad)


def test_a_place_with_logits_far_below_those_of_another_counts_as_much():
    assert_allclose(cross_entropy(np.array([[0.0, 0.0], [2000.0, 2000.0]]), [0, 1]), np.log(2))


@pytest.mark.parametrize("logits", [[[3e38, -3e38]], [[1.5e38, -1.5e38]] * 2], ids=["a gap", "a sum of gaps"])
def test_what_is_too_large_for_the_dtype_is_an_infinite_loss_and_no_warning(logits):
    assert cross_entropy(np.array(logits, np.float32), np.ones(len(logits), int)) == np.inf
