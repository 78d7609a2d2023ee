import itertools

import numpy as np
import pytest

from attncourse.results import load_result
from attnlib import feed_forward, layer_norm, multi_head_attention, padding_mask
from attnlib.dates.characters import LONGEST
from attnlib.dates.task import draw_date
from attnlib.dates.writing import write
from attnlib.params import tree_leaves, tree_map
from attnlib.tasks import IGNORED
from attnlib.testing import check_vjp
from experiments.date_tags import DAY, MONTH, YEAR, date_tags, tagged_date, text_batch
from experiments.normed_model import (
    COUNTED,
    MASKED,
    NORMS,
    PER_POSITION,
    has_statistics,
    init_normed_model,
    normed_model_vjp,
    start_running,
    update_running,
)
from experiments.norms import (
    SETTINGS,
    Trained,
    arms,
    early_losses,
    in_batches,
    in_training,
    loss_at_inference,
    losses_by_position,
    name,
    new_model,
    new_run,
    strays,
)

VOCAB, OUTPUTS, D_MODEL, HEADS, D_FF, LAYERS = 7, 5, 8, 2, 11, 2
every_norm = pytest.mark.parametrize("kind", NORMS)


@pytest.fixture(scope="module")
def result():
    return load_result("norms")


def at_end(result, kind, batch, key="inference", groups=("runs",)):
    """(seeds,) what was measured after training"""
    stored = result["arms"][name(kind, batch)]
    return np.array([run["end"][key] for group in groups for run in stored[group].values()])


def ratios(result, kind, batch):
    """(seeds, points) loss at inference divided by the loss in training mode"""
    runs = result["arms"][name(kind, batch)]["runs"].values()
    return np.array([np.divide(run["inference"], run["training"]) for run in runs])


def small_model(rng, kind):
    """A model of random gains and biases, not ones and zeros."""
    model = init_normed_model(rng, kind, VOCAB, OUTPUTS, D_MODEL, HEADS, D_FF, LAYERS)
    return tree_map(lambda leaf: leaf + rng.normal(size=leaf.shape) / 4, model)


def small_batch(rng):
    """(3, 4) tokens, of which the second sequence has two and the third three."""
    return rng.integers(VOCAB, size=(3, 4)), np.array([4, 2, 3])


def some_running(rng, kind, seq=4):
    """Running statistics that have seen two batches."""
    running = start_running(kind, LAYERS, D_MODEL, seq)
    for _ in range(2):
        normed = tuple(rng.normal(size=(3, 4, D_MODEL)) * 2 + 1 for _ in range(2 * LAYERS + 1))
        running = update_running(kind, running, normed, np.ones((3, 4), bool))
    return running


# The model


@every_norm
@pytest.mark.parametrize("mode", ["training", "inference"])
def test_gradients_of_the_model_agree_with_a_central_difference(kind, mode, rng):
    model, (tokens, lengths) = small_model(rng, kind), small_batch(rng)
    running = None if mode == "training" else some_running(rng, kind)

    def fun(params):
        return normed_model_vjp(params, kind, tokens, lengths, running).logits

    def vjp(params):
        forward = normed_model_vjp(params, kind, tokens, lengths, running)
        return forward.logits, forward.pullback

    check_vjp(fun, vjp, (model,), rng, rtol=1e-5)


def test_with_layer_norm_it_is_the_pre_ln_encoder(rng):
    model, (tokens, lengths) = small_model(rng, "LayerNorm"), small_batch(rng)
    x, mask = model.tokens[tokens], padding_mask(lengths, 4)
    for layer in model.layers:
        y = layer_norm(x, *layer.attention_norm)
        x = x + multi_head_attention(layer.attention, y, y, y, mask, rotary=True)[0]
        x = x + feed_forward(layer.feed_forward, layer_norm(x, *layer.feed_forward_norm))
    wanted = layer_norm(x, *model.norm) @ model.w_out
    np.testing.assert_allclose(normed_model_vjp(model, "LayerNorm", tokens, lengths).logits, wanted, atol=1e-12)


@every_norm
def test_kinds_differ_in_the_norms_alone(kind):
    models = [new_model(np.random.default_rng(3), each) for each in (kind, "none")]
    for layer, other in zip(*(model.layers for model in models), strict=True):
        np.testing.assert_array_equal(layer.attention.w_q, other.attention.w_q)
        np.testing.assert_array_equal(layer.feed_forward.w_in, other.feed_forward.w_in)
    np.testing.assert_array_equal(models[0].w_out, models[1].w_out)


@every_norm
def test_only_counted_padding_changes_what_is_said_of_the_tokens(kind, rng):
    """Other padding tokens after the second sequence: in training counted padding shifts the mean of all tokens."""
    model, (tokens, lengths) = small_model(rng, kind), small_batch(rng)
    changed = tokens.copy()
    changed[1, 2:] = (tokens[1, 2:] + 1) % VOCAB
    first, second = (normed_model_vjp(model, kind, each, lengths).logits for each in (tokens, changed))
    kept = padding_mask(lengths, 4)[:, 0]
    assert np.allclose(first[kept], second[kept], rtol=0, atol=1e-12) == (kind != COUNTED)


@every_norm
def test_in_training_only_batch_norms_couple_the_sequences(kind, rng):
    model, (tokens, lengths) = small_model(rng, kind), small_batch(rng)
    alone = normed_model_vjp(model, kind, tokens[:1], lengths[:1]).logits
    together = normed_model_vjp(model, kind, tokens, lengths).logits[:1]
    assert np.allclose(alone, together, rtol=0, atol=1e-12) == (not has_statistics(kind))


@every_norm
def test_at_inference_no_norm_couples_the_sequences(kind, rng):
    model, (tokens, lengths), running = small_model(rng, kind), small_batch(rng), some_running(rng, kind)
    alone = normed_model_vjp(model, kind, tokens[1:2, :2], lengths[1:2], running).logits
    together = normed_model_vjp(model, kind, tokens, lengths, running).logits[1:2, :2]
    np.testing.assert_allclose(alone, together, atol=1e-12)


def test_only_statistics_per_position_end_where_training_ended(rng):
    for kind in NORMS:
        trained = Trained(kind, new_model(rng, kind), start_running(kind, SETTINGS.num_layers, SETTINGS.d_model, 20))
        longer = loss_at_inference(trained, text_batch(rng, 5, dates=3))
        assert (longer is None) == (kind == PER_POSITION)


# The task


def test_texts_are_those_of_the_date_task():
    for seed in range(50):
        text, tags = tagged_date(np.random.default_rng(seed))
        again = np.random.default_rng(seed)
        date = draw_date(again)
        assert text.lower() == write(again, date).lower()
        parts = {
            tag: "".join(c for c, each in zip(text, tags, strict=True) if each == tag) for tag in (DAY, MONTH, YEAR)
        }
        assert int("".join(c for c in parts[DAY] if c.isdigit())) == date.day
        assert int(parts[YEAR]) in (date.year, date.year % 100)
        assert parts[MONTH].isalpha() or int(parts[MONTH]) == date.month


def test_texts_are_padded_and_padding_is_not_asked_for(rng):
    texts = next(date_tags(rng, 9))
    assert texts.tokens.shape == texts.targets.shape == (9, texts.lengths.max())
    assert len(set(texts.lengths.tolist())) > 3
    kept = padding_mask(texts.lengths, texts.lengths.max())[:, 0]
    np.testing.assert_array_equal(texts.targets != IGNORED, kept)
    assert texts.lengths.max() <= LONGEST


def test_texts_of_one_length_are_all_so_long_and_otherwise_drawn_the_same():
    texts = text_batch(np.random.default_rng(1), 30, letters=10)
    assert (texts.lengths == 10).all()
    usual = next(date_tags(np.random.default_rng(1), 200))
    first = usual.tokens[usual.lengths == 10][0]
    np.testing.assert_array_equal(texts.tokens[0], first[:10])


def test_two_dates_are_longer_than_one(rng):
    one, two = (text_batch(rng, 40, dates).lengths.mean() for dates in (1, 2))
    assert two == pytest.approx(2 * one + 1, rel=0.2)


# The measures


def test_losses_are_means_over_all_letters_whatever_the_batches(rng):
    model, texts = Trained("LayerNorm", new_model(rng, "LayerNorm"), None), text_batch(rng, 7)
    whole = loss_at_inference(model, texts)
    for batch in (1, 3, 7):
        assert in_training(model, texts, batch) == (pytest.approx(whole), None)
    borders = (0, 3, 9, LONGEST)
    letters = [(texts.targets[:, low:high] != IGNORED).sum() for low, high in itertools.pairwise(borders)]
    assert np.average(losses_by_position(model, texts, borders), weights=letters) == pytest.approx(whole)


def test_batches_hold_every_text_and_no_padding_that_nobody_needs(rng):
    texts = text_batch(rng, 7)
    parts = in_batches(texts, 3)
    assert [len(part.lengths) for part in parts] == [3, 3, 1]
    assert sum(part.lengths.sum() for part in parts) == texts.lengths.sum()
    for part in parts:
        assert part.tokens.shape[1] == part.lengths.max()


@pytest.mark.parametrize("kind", [MASKED, COUNTED, PER_POSITION])
def test_a_batch_strays_by_the_distance_of_its_mean(kind, rng):
    """A batch whose mean is known to lie two running standard deviations away, in every feature."""
    counts = np.ones((40, 3), bool)
    running = start_running(kind, 0, 5, 4)[0]
    running = running._replace(variance=running.variance * 9)
    x = rng.normal(size=(40, 3, 5))
    x += 6 - x.mean(axis=0)
    assert strays(kind, x, counts, running) == pytest.approx(2)


# The result file


def test_result_is_complete(result):
    assert set(result["arms"]) == {name(kind, batch) for kind, batch in arms()}
    for (kind, batch), stored in zip(arms(), result["arms"].values(), strict=True):
        assert set(stored["runs"]) == {str(seed) for seed in SETTINGS.seeds}
        more = stored.get("more_runs", {})
        assert set(more) == {str(seed) for seed in SETTINGS.more_seeds if (kind, batch) in SETTINGS.more_arms}
        for run in (*stored["runs"].values(), *more.values()):
            assert len(run["training"]) == len(run["inference"]) == len(run["strays"]) == len(SETTINGS.measured_at)
            assert (run["end"]["longer"] is None) == (kind == PER_POSITION)


def test_the_questions_that_were_added_are_answered_in_full(result):
    batches, seeds = SETTINGS.batches, {str(seed) for seed in SETTINGS.seeds}
    assert set(result["averaged"]) == {name(kind, batch) for kind in SETTINGS.averaged_kinds for batch in batches}
    assert set(result["equal_lengths"]) == {name(kind, batch) for kind in SETTINGS.equal_kinds for batch in batches}
    assert all(set(runs) == seeds for runs in result["averaged"].values())
    assert all(set(arm["runs"]) == seeds for arm in result["equal_lengths"].values())


def test_training_is_measured_to_its_end():
    assert SETTINGS.measured_at[-1] == SETTINGS.steps


def test_norms_hardly_change_the_number_of_parameters(result):
    counts = [stored["parameters"] for stored in result["arms"].values()]
    assert max(counts) < 1.03 * min(counts)
    model = new_model(np.random.default_rng(0), "LayerNorm")
    assert result["arms"]["LayerNorm, batch 4"]["parameters"] == sum(leaf.size for leaf in tree_leaves(model))


# A small part, run again


@pytest.mark.parametrize(("kind", "batch"), arms())
def test_running_again_gives_the_stored_losses(result, kind, batch):
    stored = result["arms"][name(kind, batch)]
    few = SETTINGS._replace(measured_at=SETTINGS.measured_at[:1], final_texts=8, alone=2)
    again = new_run(SETTINGS.seeds[0], kind, batch, stored["learning_rate"], few)
    first = stored["runs"][str(SETTINGS.seeds[0])]
    for key in ("training", "inference"):
        np.testing.assert_allclose(again[key], first[key][:1], rtol=2e-3)
    if has_statistics(kind):
        np.testing.assert_allclose(again["strays"], first["strays"][:1], rtol=2e-3)
    else:
        assert again["strays"] == first["strays"][:1] == [None]


@pytest.mark.parametrize("kind", SETTINGS.equal_kinds)
def test_running_equal_lengths_again_gives_the_stored_losses(result, kind):
    stored, few = result["equal_lengths"][name(kind, 4)], SETTINGS._replace(measured_at=(5,), final_texts=8, alone=2)
    again = new_run(SETTINGS.seeds[0], kind, 4, stored["learning_rate"], few, SETTINGS.letters)
    first = stored["runs"][str(SETTINGS.seeds[0])]
    np.testing.assert_allclose(again["inference"], first["inference"][:1], rtol=2e-3)


@pytest.mark.parametrize("kind", SETTINGS.averaged_kinds)
def test_running_the_early_losses_again_gives_the_stored_ones(result, kind):
    rate, few = result["arms"][name(kind, 4)]["learning_rate"], SETTINGS._replace(averaged_at=(5,))
    again, first = early_losses(SETTINGS.seeds[0], kind, 4, rate, few), result["averaged"][name(kind, 4)]["0"]
    for key in ("training", "inference"):
        np.testing.assert_allclose(again[key], first[key][:1], rtol=2e-3)


def test_a_reduced_run_comes_to_the_same_conclusion():
    """A new seed, a part of the steps: running statistics lag at first, and are the quieter ones soon after."""
    few = SETTINGS._replace(measured_at=(5, 50), final_texts=8, alone=2)
    run = new_run(200, PER_POSITION, 4, 0.005, few)
    assert run["inference"][0] > run["training"][0]
    assert run["inference"][1] < run["training"][1]


# What the README and the chapter say


def test_with_many_texts_a_batch_batch_norm_beats_layer_norm_in_most_seeds(result):
    groups = ("runs", "more_runs")
    layer, batch = (at_end(result, kind, 32, groups=groups) for kind in ("LayerNorm", MASKED))
    assert (batch < layer).sum() >= 8
    assert batch.mean() < 0.7 * layer.mean()


def test_with_few_texts_a_batch_it_does_not(result):
    by_token = min(at_end(result, kind, 4).mean() for kind in ("LayerNorm", "RMSNorm"))
    assert min(at_end(result, kind, 4).mean() for kind in (MASKED, COUNTED)) > 1.05 * by_token


def test_statistics_per_position_learn_worst_and_have_seen_too_little_at_the_end_of_a_text(result):
    assert at_end(result, PER_POSITION, 4).min() > 3 * at_end(result, MASKED, 4).max()
    for batch in SETTINGS.batches:
        rest = [at_end(result, kind, batch).mean() for kind in NORMS if kind != PER_POSITION]
        assert at_end(result, PER_POSITION, batch).mean() > 1.5 * max(rest)
    *_, late, last = at_end(result, PER_POSITION, 32, "by_position").mean(axis=0)
    assert last > 2 * late
    *_, late, last = at_end(result, "LayerNorm", 32, "by_position").mean(axis=0)
    assert last < late


def test_few_tokens_a_mean_and_not_unequal_lengths_harm_statistics_per_position_in_small_batches(result):
    def of_equal(kind, batch):
        return np.array(
            [run["end"]["inference"] for run in result["equal_lengths"][name(kind, batch)]["runs"].values()]
        )

    first = at_end(result, PER_POSITION, 4, "by_position")[:, 0]
    assert first.min() > 0.8 > 3 * at_end(result, "LayerNorm", 4, "by_position")[:, 0].max()
    assert of_equal(PER_POSITION, 4).min() > 3 * of_equal("LayerNorm", 4).max()
    assert of_equal(PER_POSITION, 32).mean() < 1.5 * of_equal("LayerNorm", 32).mean()
    assert at_end(result, PER_POSITION, 32).mean() > 2 * at_end(result, "LayerNorm", 32).mean()


@pytest.mark.parametrize("kind", SETTINGS.averaged_kinds)
@pytest.mark.parametrize("batch", SETTINGS.batches)
def test_most_of_the_earliest_gap_is_the_start_of_the_running_statistics(result, kind, batch):
    averaged = result["averaged"][name(kind, batch)].values()
    step_5, step_10, _ = np.mean([np.divide(run["inference"], run["training"]) for run in averaged], axis=0)
    usual_5, usual_10, *_ = ratios(result, kind, batch).mean(axis=0)
    assert step_5 - 1 < 0.5 * (usual_5 - 1)
    assert step_10 - 1 < 0.7 * (usual_10 - 1)


@pytest.mark.parametrize("kind", [MASKED, COUNTED, PER_POSITION])
@pytest.mark.parametrize("batch", SETTINGS.batches)
def test_inference_is_worse_at_first_and_no_longer_at_the_end(result, kind, batch):
    assert ratios(result, kind, batch)[:, 0].min() > 1
    gap = at_end(result, kind, batch) - at_end(result, kind, batch, "training")
    assert gap.mean() < 0
    if batch == 4:
        assert gap.max() < 0  # in every seed


def test_a_larger_batch_strays_less_and_counted_padding_more(result):
    def last(kind, batch):
        return np.mean([run["strays"][-1] for run in result["arms"][name(kind, batch)]["runs"].values()])

    for kind in (MASKED, COUNTED, PER_POSITION):
        assert last(kind, 32) < 0.7 * last(kind, 4)
    for batch in SETTINGS.batches:
        assert last(MASKED, batch) < last(COUNTED, batch) < last(PER_POSITION, batch)


@pytest.mark.parametrize("batch", SETTINGS.batches)
def test_a_text_alone_in_training_mode_is_read_badly_by_batch_norms_only(result, batch):
    for kind in NORMS:
        alone, inference = at_end(result, kind, batch, "alone").mean(), at_end(result, kind, batch).mean()
        assert (alone > 1.4 * inference) == has_statistics(kind)


def test_nothing_reads_two_dates_after_training_on_one(result):
    for kind, batch in arms():
        if kind != PER_POSITION:
            assert at_end(result, kind, batch, "longer").mean() > 5 * at_end(result, kind, batch).mean()


def test_no_chosen_learning_rate_is_at_an_end_of_its_grid_but_one(result):
    low, *_, high = SETTINGS.learning_rates
    ends = {key for key, stored in result["arms"].items() if not low < stored["learning_rate"] < high}
    assert ends == {name(PER_POSITION, 4)}
