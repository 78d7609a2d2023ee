import numpy as np
import pytest

from attncourse.results import load_result
from attnlib.tasks import IGNORED
from experiments.date_tags import TAG_NAMES
from experiments.norm_depth import (
    EXAMPLE,
    FROM_ZERO,
    LAYER_NORM,
    NONE,
    RMS_NORM,
    SETTINGS,
    arms,
    name,
    new_model,
    new_run,
    read,
    sizes_of,
)
from experiments.normed_model import MASKED


@pytest.fixture(scope="module")
def result():
    return load_result("norm_depth")


def at_end(result, kind, depth, key="end"):
    """(seeds,) what was measured after training"""
    return np.array([run[key] for run in result["arms"][name(kind, depth)]["runs"].values()])


def test_the_example_is_tagged_letter_by_letter():
    tags = [TAG_NAMES[tag][0] for tag in EXAMPLE.targets[0]]
    assert "".join(tags) == "mmmmodooooyyyy"
    assert IGNORED not in EXAMPLE.targets


def test_arms_differ_in_the_norms_alone():
    models = [new_model(np.random.default_rng(3), kind, 2) for kind in (LAYER_NORM, NONE)]
    for layer, other in zip(*(model.layers for model in models), strict=True):
        np.testing.assert_array_equal(layer.attention.w_q, other.attention.w_q)
        np.testing.assert_array_equal(layer.feed_forward.w_out, other.feed_forward.w_out)


def test_sublayers_that_start_at_zero_add_nothing(rng):
    model = new_model(rng, FROM_ZERO, 3)
    assert len(set(sizes_of(model, FROM_ZERO))) == 1
    np.testing.assert_allclose(read(model, FROM_ZERO, EXAMPLE).logits, model.tokens[EXAMPLE.tokens] @ model.w_out)


def test_without_a_norm_sizes_are_multiplied_and_with_one_they_grow_as_a_sum(rng):
    plain, normed = (np.array(sizes_of(new_model(rng, kind, 12), kind)) for kind in (NONE, LAYER_NORM))
    assert plain[24] / plain[12] > 5
    assert plain[-1] > 100
    assert normed[24] / normed[12] < 2
    assert normed[-1] < 8


# The result file


def test_result_is_complete(result):
    assert set(result["arms"]) == {name(kind, depth) for kind, depth in arms()}
    for (_, depth), arm in zip(arms(), result["arms"].values(), strict=True):
        assert set(arm["runs"]) == {str(seed) for seed in SETTINGS.seeds}
        for run in arm["runs"].values():
            assert len(run["losses"]) * SETTINGS.record_every == SETTINGS.steps
            assert len(run["sizes"]) == 2 * depth + 1
            assert len(run["example"]) == EXAMPLE.lengths[0]


def test_no_chosen_learning_rate_is_at_an_end_of_its_grid(result):
    low, *_, high = SETTINGS.learning_rates
    assert all(low < arm["learning_rate"] < high for arm in result["arms"].values())


@pytest.mark.parametrize(("kind", "depth"), [arm for arm in arms() if arm[1] in (1, 2, 12)])
def test_running_again_gives_the_stored_sizes(result, kind, depth):
    few = SETTINGS._replace(steps=SETTINGS.record_every, fresh=4)
    stored, seed = result["arms"][name(kind, depth)], SETTINGS.seeds[0]
    again = new_run(seed, kind, depth, stored["learning_rate"], few)
    np.testing.assert_allclose(again["sizes"], stored["runs"][str(seed)]["sizes"], rtol=2e-3)


# What the README and the chapter say


def test_twelve_layers_fail_without_a_norm_and_learn_with_one(result):
    assert at_end(result, NONE, 12).min() > 20
    assert at_end(result, LAYER_NORM, 12).max() < 0.3
    assert at_end(result, LAYER_NORM, 12, "accuracy").mean() > 0.9 > 0.6 > at_end(result, NONE, 12, "accuracy").mean()


@pytest.mark.parametrize("kind", [RMS_NORM, MASKED])
def test_another_norm_does_for_twelve_layers_what_layer_norm_does(result, kind):
    assert at_end(result, kind, 12).mean() < 1.1 * at_end(result, LAYER_NORM, 12).mean()


def test_batch_norm_learns_at_every_depth(result):
    for depth in SETTINGS.depths:
        assert at_end(result, MASKED, depth).mean() < 1.2 * at_end(result, LAYER_NORM, depth).mean()


def test_two_layers_do_not_need_one(result):
    assert at_end(result, NONE, 2).mean() < 1.6 * at_end(result, LAYER_NORM, 2).mean()


def test_it_is_the_start_that_fails(result):
    assert at_end(result, FROM_ZERO, 12).max() < 0.5
