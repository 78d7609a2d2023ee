"""The training of the language model of names in the page: what a step does, what is kept, what is said and drawn."""

import numpy as np
import pytest

from attncourse.figures.transformer import name_training as training
from attncourse.figures.transformer.name_training import (
    LOOK_EVERY,
    RISE,
    ROOM,
    SHOWN,
    STEPS,
    WRITES_AT,
    bigram_loss,
    share_of_rate,
)
from attncourse.training import to_plain
from attnlib import tree_leaves
from attnlib.testing import assert_weights
from tests.explorers import texts


def after(steps, **settings):
    run = training.start(**settings)
    for _ in range(steps):
        run = training.step(run)
    return run


@pytest.fixture(scope="module")
def short():
    return after(110)


def test_the_same_settings_give_the_same_run():
    one, other = after(7), after(7)
    assert one.losses == other.losses
    for leaf, again in zip(tree_leaves(one.params), tree_leaves(other.params), strict=True):
        np.testing.assert_array_equal(leaf, again)


def test_the_rate_rises_and_then_falls_to_nearly_nothing():
    shares = [share_of_rate(number) for number in range(1, STEPS + 1)]
    assert shares[RISE - 1] == max(shares) == 1
    assert (np.diff(shares[:RISE]) > 0).all()
    assert (np.diff(shares[RISE - 1 :]) < 0).all()
    assert 0 < shares[-1] < 0.001
    assert share_of_rate(STEPS + 5) == 0


def test_it_looks_at_held_out_names_and_writes_at_the_steps_that_it_says(short):
    assert len(short.held_out) == 1 + 110 // LOOK_EVERY
    assert len(short.written) == sum(at <= 110 for at in WRITES_AT)
    numbers = training.measure(short)
    assert [line.partition(":")[0] for line in numbers.written] == ["0", "30", "100", "110"]


def test_it_learns(short):
    assert short.held_out[-1] < short.held_out[0] - 1
    assert np.mean(short.losses[-10:]) < np.mean(short.losses[:10]) - 0.5


def test_the_weights_are_causal_and_one_map_a_head(short):
    weights = training.measure(short).attn_weights
    assert weights.shape == (4, len(SHOWN) + 1, len(SHOWN) + 1)
    assert_weights(weights, np.tri(len(SHOWN) + 1, dtype=bool))


def test_all_numbers_of_heads_have_equally_many_parameters():
    sizes = [sum(leaf.size for leaf in tree_leaves(training.start(heads=heads).params)) for heads in (1, 2, 4)]
    assert len(set(sizes)) == 1


def test_the_sentence_says_on_which_side_of_the_bigram_it_is_and_the_run_before(short):
    first, later = training.measure(training.start()), training.measure(short, after(50, heads=1))
    assert f"above the {bigram_loss():.2f} of counted pairs" in training.readout(first)
    assert "the run before, with 1 head, had" in training.readout(later)
    assert "below" in training.readout(training.recorded)


@pytest.mark.parametrize("narrow", [False, True])
def test_it_can_be_drawn_at_the_start_alone_and_beside_another_run(short, narrow):
    for numbers in (
        training.measure(training.start(heads=1)),
        training.measure(short, training.start(heads=2)),
        training.recorded,
    ):
        figure = training.draw(numbers, narrow=narrow)
        words = [text.get_text() for text in texts(figure)]
        shown = numbers.written[-1].partition(": ")[2]
        assert any(word.replace("  ", " ").startswith(shown[: ROOM - 1]) for word in words)
        assert "counted pairs of letters" in words


def test_the_recorded_run_begins_as_training_does_now(short):
    """Later steps are chaotic: rounding on another machine makes of them another run."""
    np.testing.assert_allclose(training.recorded.held_out[1, : len(short.held_out)], short.held_out, rtol=0.02)
    assert to_plain(training.recorded).keys() == to_plain(training.measure(short)).keys()
    assert training.recorded.step == training.steps
