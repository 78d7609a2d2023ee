from itertools import islice

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from attnlib.tasks import IGNORED, Batch, associative_recall, copy, previous_and_next, reverse, sort

BATCH, SEQ, VOCAB = 5, 7, 11
PAIRS, KEYS, VALUES = 3, 6, 4

SEQUENCES = [copy, reverse, sort, previous_and_next]
every_sequence = pytest.mark.parametrize("task", SEQUENCES, ids=lambda task: task.__name__)
every_task = pytest.mark.parametrize(
    ("task", "sizes"),
    [*((task, (BATCH, SEQ, VOCAB)) for task in SEQUENCES), (associative_recall, (BATCH, PAIRS, KEYS, VALUES))],
    ids=[*(task.__name__ for task in SEQUENCES), "associative_recall"],
)


def first(task, *sizes, seed=0):
    return next(task(np.random.default_rng(seed), *sizes))


def test_copy_says_every_token_again():
    tokens, targets = first(copy, BATCH, SEQ, VOCAB)
    assert_array_equal(targets, tokens)


def test_reverse_says_the_sequence_backwards():
    tokens, targets = first(reverse, BATCH, SEQ, VOCAB)
    for i in range(SEQ):
        assert_array_equal(targets[:, i], tokens[:, SEQ - 1 - i])


def test_sort_says_the_same_tokens_in_increasing_order():
    tokens, targets = first(sort, BATCH, SEQ, VOCAB)
    assert (np.diff(targets, axis=1) >= 0).all()
    for row, wanted in zip(tokens, targets, strict=True):
        assert sorted(row.tolist()) == wanted.tolist()


def test_previous_and_next_name_both_neighbours():
    tokens, targets = first(previous_and_next, BATCH, SEQ, VOCAB)
    assert targets.shape == (BATCH, SEQ, 2)
    for row, wanted in zip(tokens.tolist(), targets.tolist(), strict=True):
        padded = [IGNORED, *row, IGNORED]
        assert wanted == [[padded[i], padded[i + 2]] for i in range(SEQ)]


@pytest.mark.parametrize("seed", range(20))
def test_associative_recall_asks_for_the_value_behind_a_key(seed):
    tokens, targets = first(associative_recall, BATCH, PAIRS, KEYS, VALUES, seed=seed)
    assert tokens.shape == targets.shape == (BATCH, 2 * PAIRS + 1)
    assert (targets[:, :-1] == IGNORED).all()
    for row, wanted in zip(tokens.tolist(), targets[:, -1].tolist(), strict=True):
        keys, values, asked = row[0:-1:2], row[1::2], row[-1]
        assert len(set(keys)) == PAIRS
        assert set(keys) <= set(range(KEYS))
        assert set(values) <= set(range(KEYS, KEYS + VALUES))
        assert dict(zip(keys, values, strict=True))[asked] == wanted


def test_associative_recall_asks_for_every_place_and_uses_every_key_and_value():
    tokens, targets = first(associative_recall, 2000, PAIRS, KEYS, VALUES)
    asked = np.argmax(tokens[:, 0:-1:2] == tokens[:, -1:], axis=1)
    assert np.bincount(asked, minlength=PAIRS).min() > 2000 / PAIRS * 0.9
    assert np.bincount(tokens[:, 0], minlength=KEYS).min() > 2000 / KEYS * 0.8
    assert np.bincount(targets[:, -1] - KEYS, minlength=VALUES).min() > 2000 / VALUES * 0.9


def test_as_many_pairs_as_keys_use_them_all():
    tokens, _ = first(associative_recall, BATCH, KEYS, KEYS, VALUES)
    assert_array_equal(np.sort(tokens[:, 0:-1:2], axis=1), np.tile(np.arange(KEYS), (BATCH, 1)))


@every_sequence
def test_tokens_are_drawn_with_equal_chances(task):
    tokens, _ = first(task, 1000, SEQ, VOCAB)
    assert tokens.shape == (1000, SEQ)
    counts = np.bincount(tokens.ravel(), minlength=VOCAB)
    assert len(counts) == VOCAB
    assert abs(counts / counts.mean() - 1).max() < 0.15
    assert abs(np.corrcoef(tokens.T) - np.eye(SEQ)).max() < 0.15


@every_task
def test_batches_are_integers_named_and_never_the_same(task, sizes):
    batches = list(islice(task(np.random.default_rng(0), *sizes), 4))
    for batch in batches:
        assert isinstance(batch, Batch)
        assert np.issubdtype(batch.tokens.dtype, np.integer)
        assert np.issubdtype(batch.targets.dtype, np.integer)
        assert len(batch.tokens) == len(batch.targets) == BATCH
    assert len({batch.tokens.tobytes() for batch in batches}) == 4


@every_task
def test_the_same_rng_gives_the_same_batches_and_another_gives_others(task, sizes):
    one, same, other = (list(islice(task(np.random.default_rng(seed), *sizes), 3)) for seed in (1, 1, 2))
    for a, b in zip(one, same, strict=True):
        assert_array_equal(a.tokens, b.tokens)
        assert_array_equal(a.targets, b.targets)
    assert not np.array_equal(one[0].tokens, other[0].tokens)


@every_task
def test_a_batch_stays_as_it_was_when_the_next_is_drawn(task, sizes):
    batches = task(np.random.default_rng(0), *sizes)
    batch = next(batches)
    before = batch.tokens.copy(), batch.targets.copy()
    next(batches)
    assert_array_equal(batch.tokens, before[0])
    assert_array_equal(batch.targets, before[1])


@every_task
@pytest.mark.parametrize("bad", [0, -3, 2.0])
def test_sizes_are_positive_integers(task, sizes, bad):
    for which in range(len(sizes)):
        arguments = [*sizes[:which], bad, *sizes[which + 1 :]]
        with pytest.raises((TypeError, ValueError), match=r"must be (0 or more|1 or more|an integer): got"):
            first(task, *arguments)


def test_more_pairs_than_keys_are_restated():
    with pytest.raises(ValueError, match="pairs of a sequence need different keys: got pairs=7, keys=6"):
        first(associative_recall, BATCH, 7, 6, VALUES)
