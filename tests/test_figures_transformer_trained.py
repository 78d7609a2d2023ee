from itertools import product

import numpy as np
import pytest

from attncourse.figures.transformer import (
    attention_in_blocks,
    cached_cost,
    cost_curve,
    depth_gradients,
    free_running,
    warmup_training,
)
from attncourse.figures.transformer.depth_gradients import PLACEMENTS
from attncourse.results import load_result
from attnlib.blocks import key_spans, spans
from attnlib.dates.task import as_texts
from experiments.blocks import sizes
from tests.explorers import every_state, numbers_in, words_of


@pytest.fixture(scope="module")
def norm_placement():
    return load_result("norm_placement")


@pytest.fixture(scope="module")
def cost():
    return load_result("cost")


@pytest.fixture(scope="module")
def free():
    return load_result("free_running")


# Gradients by depth


@every_state(depth_gradients)
def test_gradients_are_the_stored_ones(norm_placement, state):
    numbers = depth_gradients.measure(**state)
    part = {"attention": "attention"}.get(state["part"], "feed_forward")
    for placement, norms, spread in zip(PLACEMENTS, numbers.norms, numbers.spread, strict=True):
        seeds = norm_placement["gradients"][f"{placement}, {state['layers']} layers"].values()
        for layer in range(state["layers"]):
            lengths = [seed[part][layer] for seed in seeds]
            assert norms[layer] == pytest.approx(sum(lengths) / len(lengths))
            assert spread[layer] == pytest.approx(np.std(lengths, ddof=1))


@every_state(depth_gradients)
def test_the_chosen_depth_is_one_of_the_depths_of_the_other_panel(norm_placement, state):
    numbers = depth_gradients.measure(**state)
    assert numbers.depths.tolist() == norm_placement["settings"]["depths"]
    at = numbers.depths.tolist().index(state["layers"])
    np.testing.assert_allclose(numbers.last[:, at], numbers.norms[:, -1])
    said = numbers_in(depth_gradients.readout(numbers))
    np.testing.assert_allclose(said[-4:], numbers.norms[:, [0, -1]].ravel(), atol=0.0051)


# Training with and without warm-up


@every_state(warmup_training)
def test_curves_are_those_of_the_stored_runs(norm_placement, state):
    numbers = warmup_training.measure(**state)
    way = "warm-up" if state["warmup"] else "no warm-up"
    for i, placement in enumerate(PLACEMENTS):
        runs = norm_placement["arms"][f"{placement}, {way}, {state['rate']:g}"].values()
        losses = np.array([run["loss"] for run in runs])
        np.testing.assert_allclose(numbers.loss[i], [losses.min(0), np.median(losses, 0), losses.max(0)])
        assert numbers.right[i] == np.median([run["accuracy"] for run in runs])
        rate = norm_placement["settings"]["learning_rates"].index(state["rate"])
        np.testing.assert_allclose(numbers.final[i, int(state["warmup"]), rate], losses[:, -5:].mean(axis=1))
    assert numbers.steps[-1] == norm_placement["settings"]["steps"] - 5


def test_every_rate_of_the_experiment_can_be_chosen(norm_placement):
    assert list(warmup_training.controls["rate"].stops) == norm_placement["settings"]["learning_rates"]
    assert warmup_training.measure(warmup=True).rise == norm_placement["settings"]["warmup"]


def test_the_default_shows_what_warm_up_is_for():
    without, with_warmup = (warmup_training.measure(warmup=warmup).loss[1, 1, -1] for warmup in (False, True))
    assert without > with_warmup + 1


# Costs


@every_state(cost_curve)
def test_counts_are_powers_of_n_and_d(state):
    numbers = cost_curve.measure(**state)
    n, d = numbers.lengths, state["width"]
    counts = 2 * n**2 * d + (12 * n * d**2 if state["part"] == "encoder layer" else 0)
    np.testing.assert_allclose(numbers.counted, counts / (2 * 256**2 * 64))
    other = 2 * n * d**2 if state["part"] == "attention" else 2 * n**2 * d
    np.testing.assert_allclose(numbers.other, other / (2 * 256**2 * 64))
    at = numbers.lengths.tolist().index(1024)
    assert numbers.counted[at] == numbers.counted_at[numbers.widths.tolist().index(d)]


@every_state(cost_curve)
def test_measured_costs_are_quartiles_of_the_rounds(cost, state):
    numbers, settings = cost_curve.measure(**state), cost["settings"]
    low, median, high = numbers.measured
    assert (low <= median).all()
    assert (median <= high).all()
    first = settings["widths"].index(state["width"]) * len(settings["lengths"])
    if state["part"] == "attention":
        rounds = np.array(cost["rounds"])[:, first : first + len(settings["lengths"])]
        np.testing.assert_allclose(median, np.median(rounds, axis=0))
    else:
        assert numbers.lengths[-1] == settings["longest_layer"]
        of_layers = np.array(cost["rounds"])[:, len(settings["widths"]) * len(settings["lengths"]) :]
        blocks = of_layers.reshape(len(of_layers), len(settings["widths"]), -1)
        np.testing.assert_allclose(median, np.median(blocks[:, settings["widths"].index(state["width"])], axis=0))


def test_a_recurrent_layer_costs_as_much_as_attention_over_as_many_tokens_as_it_is_wide():
    numbers = cost_curve.measure("attention", 128)
    assert numbers.counted[numbers.lengths == 128] == numbers.other[numbers.lengths == 128]
    assert "recurrent layer" in words_of(cost_curve, {"part": "attention", "width": 128})
    assert "attention alone" in words_of(cost_curve, {"part": "encoder layer", "width": 128})


@every_state(cached_cost)
def test_what_a_text_costs_is_the_sum_of_its_tokens(cost, state):
    numbers = cached_cost.measure(**state)
    counts = cost["step_multiply_adds"]
    whole = [sum(counts[way][: state["tokens"]]) for way in ("cached", "uncached")]
    assert numbers.saved[0] == pytest.approx(whole[1] / whole[0])
    blocks = state["tokens"] // cost["settings"]["block"]
    assert numbers.saved[1] == pytest.approx(numbers.measured[1, :blocks].sum() / numbers.measured[0, :blocks].sum())
    assert numbers_in(cached_cost.readout(numbers))[0] == state["tokens"]


def test_measured_steps_are_medians_of_the_rounds(cost):
    numbers = cached_cost.measure()
    for row, way in enumerate(("cached", "uncached")):
        np.testing.assert_allclose(numbers.measured[row], np.median([found[way] for found in cost["decoding"]], axis=0))


# Blocks


@every_state(attention_in_blocks)
def test_the_blocks_shown_are_those_that_fast_attention_computes(state):
    numbers = attention_in_blocks.measure(**state)
    n, side, causal = state["tokens"], numbers.side, state["causal"]
    assert numbers.computed.tolist() == [len(key_spans(rows, n, side, causal)) for rows in spans(0, n, side)]
    tokens, *sides, time = numbers_in(attention_in_blocks.readout(numbers).replace(",", ""))
    assert (tokens, *sides[:2]) == (state["tokens"], numbers.side, numbers.side)
    if numbers.side < n:
        assert sides[2:4] == [numbers.computed.sum(), len(numbers.computed) ** 2]
    assert time == pytest.approx(numbers.time, rel=0.1)
    assert numbers.time == numbers.times[1, numbers.sides == numbers.side]


@pytest.mark.parametrize("causal", [False, True])
def test_one_block_that_is_the_whole_matrix_is_said_to_be(causal):
    sentence = attention_in_blocks.readout(attention_in_blocks.measure(2048, 2048, causal))
    assert "one block is the whole matrix, 16.8 MB" in sentence
    assert sentence.endswith("plain attention with the same mask." if causal else "plain attention.")


@every_state(attention_in_blocks)
def test_no_time_lies_outside_the_axes(state):
    _, times = attention_in_blocks.frame(state).axes
    low, high = times.get_ylim()
    measured = np.log10(attention_in_blocks.measure(**state).times)
    assert low < measured.min() <= measured.max() < high


def test_times_are_medians_of_the_rounds_at_that_length():
    result = load_result("blocks")
    for n, causal in product(attention_in_blocks.controls["tokens"].stops, (False, True)):
        numbers = attention_in_blocks.measure(n, 512, causal)
        at = [size[::2] == (n, causal) for size in sizes()]
        np.testing.assert_allclose(numbers.times[1], np.median(np.array(result["rounds"])[:, at], axis=0))


# Free running


@every_state(free_running)
def test_shares_are_those_of_the_stored_runs(free, state):
    numbers = free_running.measure(**state)
    name = {"none": "no mask", "causal": "causal"}.get(state["mask"], "flipped")
    runs = list(free["runs"][name].values())
    at = free["settings"]["stages"].index(state["stage"])
    for i, way in enumerate(("forced", "free")):
        np.testing.assert_allclose(numbers.whole[i, at], [run[at][way]["whole"] for run in runs])
    text = free_running.readout(numbers).partition(", where")[0]
    shares = [100 * numbers.whole[i, at].mean() for i in (0, 1)]
    np.testing.assert_allclose(numbers_in(text), [state["stage"], *shares], atol=0.51)


@every_state(free_running)
def test_the_answers_are_those_of_the_first_seed(free, state):
    numbers = free_running.measure(**state)
    name = {"none": "no mask", "causal": "causal"}.get(state["mask"], "flipped")
    at = free["settings"]["stages"].index(state["stage"])
    stored = free["runs"][name]["0"][at]["said"]
    assert numbers.said == tuple(as_texts([stored[way]])[0] for way in ("forced", "free"))


def test_a_question_mark_is_said_to_mean_no_date():
    assert "becomes “?” (no date)" in free_running.readout(free_running.measure("none"))
    assert "(no date)" in words_of(free_running, {"mask": "none"})
    assert "(no date)" not in words_of(free_running, {})


def test_every_stage_and_mask_of_the_experiment_can_be_chosen(free):
    assert list(free_running.controls["stage"].stops) == free["settings"]["stages"]
    assert len(free_running.controls["mask"].stops) == len(free["runs"])


def test_the_first_picture_is_a_model_that_passes_its_test_and_is_useless_in_use():
    numbers = free_running.measure()
    assert numbers.said[0] == numbers.wanted
    readout = free_running.readout(numbers)
    assert "100% of new dates correct if it reads the correct answer, 0% if it reads its own" in readout
