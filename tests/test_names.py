"""The language model of first names: its letters, batches, weights, and the counts that it is compared with."""

import math
from importlib import resources
from itertools import islice

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from attncourse.first_names import first_names
from attncourse.results import load_result
from attnlib import cross_entropy, language_model, next_probs, tree_leaves
from attnlib.names.characters import EDGE, LETTERS, LONGEST, VOCAB, as_letters
from attnlib.names.counts import EDGE_SIGN, chance, count_letters, count_loss
from attnlib.names.model import init_name_model, load_name_model, name_loss_vjp, read_beginning, write_names
from attnlib.names.task import as_batch, as_beginning, as_texts, name_batches
from attnlib.stored_params import save_arrays
from attnlib.tasks import IGNORED
from attnlib.testing import assert_weights

MODEL = load_name_model()
NAMES = ["ida", "mo", "marian", "bo"]


# Letters and batches


def test_capitals_and_spaces_around_a_name_do_not_count():
    assert as_letters("  MariaN ") == "marian"
    assert as_letters("") == ""


@pytest.mark.parametrize("text", ["josé", "mary ann", "o'neil", "7", "ß"])
def test_other_signs_than_a_to_z_are_named(text):
    with pytest.raises(ValueError, match="a name has the letters a to z only: got"):
        as_letters(text)


def test_a_name_is_a_string_of_no_more_than_so_many_letters():
    with pytest.raises(ValueError, match="at most 15 letters: got 16"):
        as_letters("a" * (LONGEST + 1))
    with pytest.raises(TypeError, match="a name must be a string: got 3"):
        as_letters(3)


def test_each_letter_is_followed_by_the_next_and_the_last_by_the_end():
    batch = as_batch(["ida", "mo"])
    assert_array_equal(batch.tokens[0], [EDGE, 9, 4, 1])
    assert_array_equal(batch.targets[0], [9, 4, 1, EDGE])
    assert_array_equal(batch.targets[1], [13, 15, EDGE, IGNORED])
    assert_array_equal(batch.tokens[1, :3], [EDGE, 13, 15])


def test_texts_come_back_from_their_numbers():
    batch = as_batch(NAMES)
    assert as_texts(np.insert(np.maximum(batch.targets, EDGE), 0, EDGE, axis=1)) == NAMES
    assert as_texts(np.append(as_beginning("bo"), EDGE)[None]) == ["bo"]


def test_a_batch_depends_on_the_seed_and_its_step_alone():
    third = list(islice(name_batches(NAMES, 5, 8), 3))[-1]
    again = next(name_batches(tuple(NAMES), 5, 8, first_step=3))
    assert_array_equal(third.tokens, again.tokens)
    assert not np.array_equal(third.tokens, next(name_batches(NAMES, 5, 8)).tokens)


def test_names_of_a_batch_are_drawn_from_the_whole_list():
    drawn = as_texts(np.concatenate([next(name_batches(NAMES, 0, 100)).tokens, np.zeros((100, 1), int)], axis=1))
    assert set(drawn) == set(NAMES)


def test_what_is_no_list_of_names_is_refused():
    with pytest.raises(TypeError, match="names must be a list: got 'ida'"):
        next(name_batches("ida", 0, 2))
    with pytest.raises(ValueError, match="names must hold 1 or more"):
        next(name_batches([], 0, 2))
    with pytest.raises(ValueError, match="tokens must lie between 0 and 26"):
        as_texts([[0, 27]])


# The list


def test_the_first_names_are_thousands_in_small_letters_and_one_in_ten_is_held_out():
    training, held_out = first_names()
    assert len(training) + len(held_out) == len({*training, *held_out}) > 5000
    assert len(held_out) == (len(training) + len(held_out)) // 10
    assert all(name == as_letters(name) for name in (*training, *held_out))
    assert {"mary", "james"} <= {*training, *held_out}


# The counts


def test_counts_of_no_letters_are_shares_of_letters():
    """One name of three signs, and a smoothing that hardly counts."""
    counts = count_letters(["aab"], 0)  # a, a, b, end
    expected = -(2 * math.log(2 / 4) + 2 * math.log(1 / 4)) / 4
    assert count_loss(counts, ["aab"], 0, 1e-9) == pytest.approx(expected)


def test_a_longer_memory_is_mixed_with_the_shorter_by_hand():
    counts = count_letters(["ab", "ac"], 1)  # signs: two of a, one of b, one of c, two ends
    b = (1 + 2 / VOCAB) / (6 + 2)
    assert chance(counts, "", "b", 2) == pytest.approx(b)
    assert chance(counts, "a", "b", 2) == pytest.approx((1 + 2 * b) / (2 + 2))


@pytest.mark.parametrize("before", ["...", ".ma", "xyz"])
def test_chances_of_all_signs_sum_to_one(before):
    counts = count_letters(first_names().training, 3)
    assert sum(chance(counts, before, sign, 4.0) for sign in (*LETTERS, EDGE_SIGN)) == pytest.approx(1)


def test_what_was_never_seen_is_as_likely_as_any_sign():
    assert count_loss(count_letters(["ab"], 2), ["zz"], 2, 1e9) == pytest.approx(math.log(VOCAB))


def test_counts_of_nothing_and_no_smoothing_are_refused():
    counts = count_letters(["ab"], 1)
    with pytest.raises(ValueError, match="names must hold 1 or more: got none"):
        count_loss(counts, [], 1, 2.0)
    with pytest.raises(ValueError, match="smoothing must be a finite number above 0: got 0"):
        count_loss(counts, ["ab"], 1, 0)
    with pytest.raises(ValueError, match="memory must be 0 or more"):
        count_letters(["ab"], -1)


# The model


def loss_on(params, names):
    return float(cross_entropy(language_model(params, as_batch(names).tokens)[0], as_batch(names).targets))


def test_the_file_of_weights_is_small():
    assert (resources.files("attnlib.names") / "weights.npz").stat().st_size <= 60_000


def test_the_trained_model_beats_the_bigram_on_names_held_out():
    """Whatever smoothing the bigram has."""
    names = first_names()
    counts = count_letters(names.training, 1)
    bigram = min(count_loss(counts, names.held_out, 1, much) for much in (0.5, 1, 2, 5, 10, 20))
    assert loss_on(MODEL, names.held_out) < bigram - 0.3


def test_and_is_a_little_worse_on_them_than_on_those_it_was_trained_on():
    names = first_names()
    assert loss_on(MODEL, names.training[:1000]) < loss_on(MODEL, names.held_out)


def test_the_weights_are_those_of_the_stored_experiment():
    stored = load_result("name_model")["runs"]["0"]["held_out"][-1]
    assert loss_on(MODEL, first_names().held_out) == pytest.approx(stored, rel=1e-3)


def test_both_dtypes_give_the_same_probabilities():
    exact = load_name_model(dtype=np.float64)
    assert {leaf.dtype for leaf in tree_leaves(exact)} == {np.dtype(np.float64)}
    for text in ("", "mar", "q"):
        single, double = (next_probs(read_beginning(params, text).logits) for params in (MODEL, exact))
        assert_allclose(single, double, atol=1e-5)


def test_weights_of_one_s_own_are_loaded_and_another_model_s_refused(tmp_path):
    own = init_name_model(np.random.default_rng(3))
    save_arrays(tmp_path / "own.npz", own)
    for leaf, expected in zip(tree_leaves(load_name_model(tmp_path / "own.npz")), tree_leaves(own), strict=True):
        assert_array_equal(leaf, expected)
    save_arrays(tmp_path / "other.npz", own._replace(tokens=own.tokens[1:]))
    with pytest.raises(ValueError, match=r"tokens in other\.npz must be float32"):
        load_name_model(tmp_path / "other.npz")


def test_padding_behind_a_name_does_not_count():
    alone = [name_loss_vjp(MODEL, as_batch([name]))[0] * (1 + len(name)) for name in ("ida", "marian")]
    together, _ = name_loss_vjp(MODEL, as_batch(["ida", "marian"]))
    assert together == pytest.approx(sum(alone) / 11, rel=1e-5)


def test_a_beginning_is_read_as_the_whole_model_reads_it():
    read = read_beginning(MODEL, "Mar")
    logits, [attn_weights] = language_model(MODEL, as_beginning("marian"))
    assert_allclose(read.logits, logits[3], rtol=1e-4, atol=1e-5)
    assert_allclose(read.attn_weights, attn_weights[:, 3, :4], atol=1e-6)
    assert_weights(read.attn_weights)


def test_after_q_it_expects_u_and_after_nothing_no_end():
    probs = next_probs(read_beginning(MODEL, "q").logits)
    assert LETTERS[probs.argmax() - 1] == "u"
    assert next_probs(read_beginning(MODEL, "").logits)[EDGE] < 1e-3


def test_names_begin_as_asked_and_have_letters_only(rng):
    names = write_names(MODEL, rng, 30, beginning="Mar")
    assert len(names) == 30
    assert all(name.startswith("mar") and name == as_letters(name) for name in names)
    assert len(set(names)) > 10


def test_with_k_of_one_it_writes_one_name(rng):
    assert len(set(write_names(MODEL, rng, 5, top_k=1))) == 1


def test_a_number_of_names_is_one_or_more(rng):
    with pytest.raises(ValueError, match=r"^number must be 1 or more: got 0"):
        write_names(MODEL, rng, 0)


def test_a_letter_that_always_follows_another_costs_nothing_once_the_other_is_remembered():
    counts = count_letters(["abab"], 1)
    assert count_loss(counts, ["ab"], 0, 1e-9) > 1
    assert count_loss(counts, ["ab"], 1, 1e-9) == pytest.approx(math.log(2) / 3)  # only after b there are two ways on


def test_a_beginning_as_long_as_a_name_may_be_stays_as_it_is(rng):
    assert write_names(MODEL, rng, 1, beginning="a" * LONGEST) == ["a" * LONGEST]


def test_a_batch_of_no_names_has_room_for_the_sign_of_the_beginning_alone():
    batch = as_batch([])
    assert batch.tokens.shape == batch.targets.shape == (0, 1)


def test_a_model_has_as_many_layers_as_are_asked_for(rng):
    assert len(init_name_model(rng, 4, 2, 3, num_layers=2).decoder.layers) == 2


def test_writing_goes_on_until_the_last_name_has_ended_and_no_longer(rng):
    """What a generator has left says how many numbers were drawn: one a name and letter, and the end's."""
    params, again = load_name_model(), np.random.default_rng(5)
    written = write_names(params, rng := np.random.default_rng(5), 3)
    again.random((1 + max(map(len, written)), 3, 1))
    assert max(map(len, written)) < LONGEST
    assert rng.random() == again.random()
    hot = np.random.default_rng(6), np.random.default_rng(6)
    assert write_names(params, hot[0], 5) == write_names(params, hot[1], 5, "", 1.0, None)


def test_the_gradient_of_a_loss_is_that_times_what_it_counts(rng):
    params = init_name_model(rng, 4, 2, 3, dtype=np.float64)
    _, pullback = name_loss_vjp(params, as_batch(["ida", "mo"]))
    for once, twice in zip(tree_leaves(pullback(1.0)), tree_leaves(pullback(2.0)), strict=True):
        assert_allclose(twice, 2 * once)
        assert np.any(once != 0)
