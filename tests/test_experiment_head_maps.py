import numpy as np
import pytest

from attncourse.figures.heads.head_probes import DIGIT, keep_heads, targets_of, text_of, tokens_of
from attncourse.results import load_result
from attncourse.results.models import from_stored
from attnlib.attention_model import attention_model
from attnlib.params import tree_leaves
from attnlib.tasks import IGNORED
from experiments import one_or_two_heads
from experiments.head_maps import (
    QUESTIONS,
    SETTINGS,
    ablation,
    accuracies,
    clearest,
    fresh_batch,
    kind,
    looked_at,
    new_model,
    pairs_twice,
    trained,
)

RECALL = QUESTIONS.index("the digit of a letter seen before")


@pytest.fixture(scope="module")
def result():
    return load_result("head_maps")


@pytest.fixture(scope="module")
def pair():
    return load_result("one_or_two_heads")


def of_seeds(result, name):
    """(seeds, ..., questions)"""
    return np.array([run[name] for run in result["runs"].values()])


# The result files


def test_results_are_complete(result, pair):
    shape = len(SETTINGS.seeds), SETTINGS.num_layers, SETTINGS.num_heads, len(QUESTIONS)
    assert set(result["runs"]) == {str(seed) for seed in SETTINGS.seeds}
    assert of_seeds(result, "without").shape == of_seeds(result, "alone").shape == shape
    assert of_seeds(result, "loss").shape == (len(SETTINGS.seeds), SETTINGS.steps // SETTINGS.record_every)
    assert {len(models) for models in pair["models"].values()} == {len(one_or_two_heads.SETTINGS.kept_steps)}
    assert set(pair["models"]) == {"1", "2"}


def test_the_chosen_learning_rate_is_not_at_an_end_of_its_grid(result):
    low, *_, high = SETTINGS.learning_rates
    assert low < result["learning_rate"] < high


@pytest.mark.parametrize("of_kind", ["digit", "elsewhere"])
def test_stored_model_is_the_clearest_of_its_kind_and_does_what_its_run_says(result, of_kind):
    stored = result["models"][of_kind]
    assert str(stored["seed"]) == clearest(result["runs"], of_kind)
    run, params = result["runs"][str(stored["seed"])], from_stored(stored)
    batch = fresh_batch(stored["seed"], SETTINGS.fresh_sequences)
    again = ablation(params, batch)
    for name in ("all", "without", "alone"):
        np.testing.assert_allclose(again[name], run[name], atol=2e-3)  # parameters were rounded to float32
    for layer, stored_layer in zip(looked_at(params, batch), run["looked_at"], strict=True):
        for (place, share), (stored_place, stored_share) in zip(layer, stored_layer, strict=True):
            assert place == stored_place
            assert share == pytest.approx(stored_share, abs=1e-3)


# A small part, run again


def test_running_again_gives_the_stored_losses(result):
    few = SETTINGS._replace(steps=2 * SETTINGS.record_every)
    _, losses = trained(SETTINGS.seeds[0], result["learning_rate"], few)
    np.testing.assert_allclose(losses, result["runs"][str(SETTINGS.seeds[0])]["loss"][:2], rtol=1e-3)


def test_a_reduced_run_comes_to_the_same_conclusion(result):
    """Half the steps, half the batch and a new seed: one head of layer 2 is needed for the look-up, no other."""
    few = SETTINGS._replace(steps=400, batch=16)
    params, _ = trained(200, result["learning_rate"], few)
    batch = fresh_batch(200, 64)
    without = np.sort(np.array(ablation(params, batch)["without"])[-1, :, RECALL])
    assert accuracies(params, batch)[RECALL] > 0.9
    assert without[0] < 0.6
    assert without[1] > without[0] + 0.2


def test_one_or_two_heads_run_again_gives_the_stored_models(pair):
    few = one_or_two_heads.SETTINGS._replace(kept_steps=(0, 10, 20))
    for num_heads in few.heads:
        for params, stored in zip(
            one_or_two_heads.new_run(num_heads, few), pair["models"][str(num_heads)], strict=False
        ):
            for leaf, stored_leaf in zip(tree_leaves(params), tree_leaves(from_stored(stored)), strict=True):
                np.testing.assert_allclose(leaf, stored_leaf, rtol=2e-3, atol=1e-5)  # half precision


# What the README and the chapter say


def test_every_seed_learns_all_three_questions(result):
    assert of_seeds(result, "all").min() > 0.99


def test_in_every_seed_one_head_of_layer_2_alone_does_the_look_up(result):
    without = np.sort(of_seeds(result, "without")[:, 1, :, RECALL], axis=-1)
    assert without[:, 0].max() < 0.3  # close to guessing one of eight digits
    assert without[:, 1].min() > 0.98
    alone = np.sort(of_seeds(result, "alone")[:, 1, :, RECALL], axis=-1)
    assert alone[:, -1].min() > 0.98
    assert alone[:, -2].max() < 0.4


def test_which_head_it_is_depends_on_the_seed(result):
    assert len(set(of_seeds(result, "without")[:, 1, :, RECALL].argmin(axis=-1))) > 1


def test_half_the_seeds_look_at_the_digit_and_half_elsewhere(result):
    assert [kind(run) for run in result["runs"].values()].count("digit") == 4


def test_one_head_of_layer_1_is_enough_where_layer_2_looks_at_the_digit_and_not_where_it_looks_elsewhere(result):
    best = np.array([np.max(np.array(run["alone"])[0, :, RECALL]) for run in result["runs"].values()])
    at_digit = np.array([kind(run) == "digit" for run in result["runs"].values()])
    assert best[at_digit].min() > 0.85
    assert best[~at_digit].max() < 0.4


def test_layer_1_shares_its_work_among_heads(result):
    """Most of its heads can go one at a time, though not all together: the others are right in most of the cases."""
    without = of_seeds(result, "without")[:, 0, :, RECALL]
    assert np.median(without) > 0.85
    assert np.median(without.min(axis=-1)) < 0.6


# The parts


def test_sequences_show_every_pair_twice_and_ask_for_the_digit(rng):
    tokens, targets = next(pairs_twice(rng, SETTINGS._replace(batch=5, letters=7, digits=4, pairs=3)))
    assert tokens.shape == (5, 12)
    for sequence, wanted in zip(tokens, targets[..., RECALL], strict=True):
        pairs = dict(zip(sequence[:6:2], sequence[1:6:2], strict=True))
        assert len(pairs) == 3
        assert pairs == dict(zip(sequence[6::2], sequence[7::2], strict=True))
        assert [pairs[letter] for letter in sequence[6::2]] == list(wanted[6::2])
        assert set(wanted[:6]) | set(wanted[7::2]) == {IGNORED}
        assert max(pairs) < 7 <= min(pairs.values())


def test_targets_can_be_read_off_the_tokens(rng):
    batch = next(pairs_twice(rng))
    np.testing.assert_array_equal(targets_of(batch.tokens), batch.targets)


def test_tokens_are_written_as_letters_and_digits(rng):
    tokens = next(pairs_twice(rng)).tokens[0]
    np.testing.assert_array_equal(tokens_of(text_of(tokens)), tokens)
    assert text_of(np.array([0, 10, 7, 15])) == "a3h8"


def test_heads_that_are_not_kept_add_nothing(rng):
    """All heads kept is the model itself; none kept is the model without that attention; heads add up."""
    params = new_model(rng, SETTINGS._replace(num_layers=1, d_model=12, num_heads=3))
    tokens = rng.integers(16, size=(2, 5))

    def logits(kept):
        return attention_model(keep_heads(params, 0, kept), tokens)[0]

    np.testing.assert_array_equal(logits([0, 1, 2]), attention_model(params, tokens)[0])
    x = params.tokens[tokens] + params.positions[:5]
    np.testing.assert_allclose(logits([]), x @ params.w_out)
    np.testing.assert_allclose(logits([0]) + logits([1]) + logits([2]) - 2 * logits([]), logits([0, 1, 2]))


def test_digit_is_among_the_places_of_each_kind(result):
    for run in result["runs"].values():
        assert (kind(run) == "digit") == (DIGIT in [place for place, _ in run["looked_at"][-1]])
