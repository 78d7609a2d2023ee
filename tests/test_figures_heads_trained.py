from html import escape
from itertools import pairwise

import numpy as np
import pytest

from attncourse.drawing.svg import to_svg
from attncourse.figures.heads import head_ablation, head_maps, heads_accuracy, instead_of_heads, one_or_two_heads
from attncourse.figures.heads.head_ablation import QUESTIONS, WAYS
from attncourse.figures.heads.head_maps import _ORDER, AGAIN, MODELS, SEQUENCES, fresh_tokens, stored_model
from attncourse.figures.heads.head_probes import places_looked_at, reorder_heads, share_of_weight, targets_of, tokens_of
from attncourse.figures.heads.one_or_two_heads import STEPS, models
from attncourse.results import load_result
from attnlib import accuracy, causal_mask
from attnlib.attention_model import attention_model
from tests.explorers import words_of

DIGIT_QUESTION = QUESTIONS[2]


@pytest.fixture(scope="module")
def result():
    return load_result("head_maps")


# One head or two


def test_weights_of_each_query_sum_to_one():
    for step in STEPS:
        numbers = one_or_two_heads.measure(step=step)
        np.testing.assert_allclose(numbers.one.sum(axis=-1), 1)
        np.testing.assert_allclose(numbers.two.sum(axis=-1), 1)


def test_both_models_have_the_same_number_of_parameters():
    sizes = [sum(leaf.size for leaf in (*m[0].layers[0].attention[:4], m[0].tokens, m[0].w_out)) for m in models()]
    assert sizes[0] == sizes[1]
    assert [m[0].layers[0].attention.num_heads for m in models()] == [1, 2]


def beside(attn_weights):
    """The mean weight on the token before and on the token after, of the tokens that have both."""
    inner = range(1, len(attn_weights) - 1)
    return np.array([np.mean([attn_weights[i, i + offset] for i in inner]) for offset in (-1, 1)])


@pytest.mark.parametrize("narrow", [False, True])
def test_the_curves_end_at_the_step_that_is_shown(narrow):
    for here, step in enumerate(STEPS):
        numbers = one_or_two_heads.measure(step=step)
        _, *panels = one_or_two_heads.draw(numbers, narrow=narrow).axes
        for axes, shares in zip(panels, numbers.accuracy, strict=True):
            before, _, after, _ = (line.get_ydata() for line in axes.lines)
            np.testing.assert_array_equal(np.transpose([before, after]), shares[: here + 1])
            place = {text.get_text(): text.get_position()[1] for text in axes.texts}
            assert (place["before"] <= place["after"]) == (shares[here, 0] <= shares[here, 1])


def test_one_head_divides_its_weight_and_two_heads_take_a_neighbour_each():
    numbers = one_or_two_heads.measure(step=STEPS[-1])
    only, first, second = map(beside, (numbers.one, *numbers.two))
    assert 0.3 < only.min() < only.max() < 0.7
    assert only.sum() <= 1
    assert {int(first.argmax()), int(second.argmax())} == {0, 1}
    assert min(first.max(), second.max()) > 0.95


def test_the_one_head_unlearns_what_it_knew_of_the_token_before():
    curve = one_or_two_heads.measure().accuracy[0]
    assert curve[STEPS.index(60), 0] > curve[-1, 0] + 0.1
    assert curve[STEPS.index(60), 1] < curve[-1, 1] - 0.3


def test_two_heads_learn_both_neighbours_and_one_head_one_of_them():
    curve = one_or_two_heads.measure().accuracy
    assert curve.shape == (2, len(STEPS), 2)
    np.testing.assert_allclose(curve[:, 0], 1 / 8, atol=0.05)  # at the start: guessing
    assert curve[1, -1].min() > 0.99
    assert curve[0, -1].max() > 0.9
    assert curve[0, -1].min() < 0.5


def test_readout_says_what_was_measured():
    numbers = one_or_two_heads.measure(step=150)
    for share in numbers.accuracy[:, STEPS.index(150)].ravel():
        assert f"{share:.0%}" in one_or_two_heads.readout(numbers)


@pytest.mark.parametrize("narrow", [False, True])
def test_shares_below_the_maps_are_those_of_the_readout(narrow):
    words = words_of(one_or_two_heads, {"step": 60}, narrow)
    assert "token before: 49% right" in words
    assert "both heads, token after: 55% right" in words


# One head with help


@pytest.mark.parametrize("state", instead_of_heads.states, ids=lambda state: f"{state['task']} {state['when']}")
def test_rows_are_the_arms_of_the_experiment_and_numbers_their_means(state):
    arms = load_result("instead_of_heads")["arms"]
    numbers = instead_of_heads.measure(**state)
    of_task = {name: arm for name, arm in arms.items() if name.startswith(state["task"].split()[0])}
    for row, (name, arm) in enumerate(of_task.items()):
        assert numbers.rows[row].startswith(name.split(", ")[1].replace("1 heads", "1 head"))
        means = [np.mean(run["early" if state["when"] == "400 steps" else "late"]) for run in arm["runs"].values()]
        np.testing.assert_allclose(numbers.accuracy[row], means)
        assert f"{numbers.rows[row]} {np.mean(means):.0%}" in instead_of_heads.readout(numbers)
    assert len(numbers.rows) == len(of_task)


# Accuracy against the number of heads


@pytest.mark.parametrize("state", heads_accuracy.states, ids=lambda state: state["runs"])
def test_dots_are_the_runs_of_the_experiment_and_lines_their_means(state):
    arms = load_result("heads")["arms"]
    numbers = heads_accuracy.measure(**state)
    stored = {round(float(np.mean(run["accuracy"])), 9) for arm in arms.values() for run in arm["runs"].values()}
    for seeds, mean in zip(numbers.accuracy, numbers.mean, strict=True):
        assert len(seeds) >= 5
        assert mean == pytest.approx(sum(seeds) / len(seeds))
        assert {round(float(share), 9) for share in seeds} <= stored
    words = heads_accuracy.readout(numbers)
    assert all(f"{mean:.1%}" in words for mean in numbers.mean)


def test_columns_are_heads_or_changes():
    first, second, third = (heads_accuracy.measure(**state) for state in heads_accuracy.states)
    assert first.columns == second.columns == ("1", "2", "4", "8", "16", "32")
    assert third.mean[0] == first.mean[-1]
    assert third.mean.argmin() == 0


# Head maps


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("tokens", SEQUENCES)
def test_no_token_looks_at_a_later_one(model, tokens):
    attn_weights = head_maps.measure(model=model, tokens=tokens).attn_weights
    np.testing.assert_allclose(attn_weights.sum(axis=-1), 1)
    assert (attn_weights[..., ~causal_mask(len(tokens), len(tokens))] == 0).all()


@pytest.mark.parametrize("tokens", SEQUENCES)
def test_sequences_show_four_pairs_twice(tokens):
    pairs = [tokens[i : i + 2] for i in range(0, 16, 2)]
    assert len(set(pairs[:4])) == len({pair[0] for pair in pairs}) == 4
    assert set(pairs[:4]) == set(pairs[4:])


@pytest.mark.parametrize("model", MODELS)
def test_models_answer_everything_right_on_the_sequences_that_are_shown(model):
    for tokens in SEQUENCES:
        batch = tokens_of(tokens)[None]
        targets = targets_of(batch)
        logits, _ = attention_model(stored_model(MODELS[model]), batch, mask=causal_mask(16, 16))
        assert accuracy(logits.reshape(*targets.shape, -1), targets) > 0.97


def test_share_of_the_weight_agrees_with_a_loop():
    tokens = fresh_tokens()[:5]
    attn_weights = attention_model(stored_model("digit"), tokens, mask=causal_mask(16, 16))[1][1]
    place = places_looked_at(tokens)["the same letter's digit"]
    found = []
    for sequence, weights in zip(tokens, attn_weights[:, 1], strict=True):
        for i in range(8, 16, 2):
            [j] = [j for j in range(0, 8, 2) if sequence[j] == sequence[i]]
            found.append(weights[i, j + 1])
    assert place.sum() == len(found)
    shares = share_of_weight(attn_weights, {"digit": place})
    assert shares[1][0] == pytest.approx(np.mean(found))


def test_places_are_one_key_a_query_at_most():
    for name, place in places_looked_at(fresh_tokens()).items():
        assert place.sum(axis=-1).max() == 1, name
        assert not (place & ~causal_mask(16, 16)).any(), name


def test_one_model_looks_the_digit_up_and_the_other_one_further():
    places = {
        model: [head_maps.measure(model=model, layer=2, head=head).place for head in (1, 2, 3, 4)] for model in MODELS
    }
    assert "the same letter's digit" in places["first"]
    assert "the same letter's digit" not in places["second"]
    assert "one past the same letter's digit" in places["second"]


def test_both_models_are_shown_with_the_head_that_finds_the_digit():
    for model in MODELS:
        assert "same letter's digit" in head_maps.measure(model=model).place


def test_heads_in_another_order_make_the_same_model():
    params, tokens, order = stored_model("elsewhere"), fresh_tokens()[:3], (2, 0, 3, 1)
    logits, attn_weights = attention_model(params, tokens)
    other_logits, other_weights = attention_model(reorder_heads(params, 1, order), tokens)
    np.testing.assert_allclose(other_logits, logits, atol=1e-12)
    np.testing.assert_allclose(other_weights[1], attn_weights[1][:, list(order)], atol=1e-12)


def test_layer_1_of_the_second_model_brings_the_letter_and_the_digit_to_the_token_behind():
    rows = head_maps.measure(SEQUENCES[1], model="second").attn_weights[0, :, 8]  # the second “c”, after the first “d3”
    assert min(rows[2, 6], rows[0, 7]) > 0.97


def test_readout_says_how_much_of_the_weight():
    for state in head_maps.states[:8]:
        numbers = head_maps.measure(**state)
        assert f"{numbers.share:.2f} of its weight" in head_maps.readout(numbers)
        assert numbers.place in head_maps.readout(numbers)


def test_the_frame_is_round_the_letter_in_layer_2_and_round_what_answers_it_in_layer_1():
    for model, answers in {"first": "7", "second": "a"}.items():
        numbers = head_maps.measure(model=model)
        found, letter = numbers.framed
        assert (letter, numbers.tokens[found]) == (AGAIN, answers)
        assert numbers.attn_weights[1, 1, letter, found] > 0.95


def test_the_readout_says_where_the_framed_token_looks():
    for state in head_maps.states[-8:]:
        numbers = head_maps.measure(**state)
        row = numbers.attn_weights[numbers.layer - 1, numbers.head - 1, numbers.framed[numbers.layer - 1]]
        assert numbers.tokens.index(numbers.tokens[AGAIN]) < AGAIN
        digit = numbers.tokens[AGAIN + 1]
        assert len({a for a, b in pairwise(numbers.tokens) if b == digit}) == 2  # it alone does not tell the letter
        assert f"puts {row.max():.2f} on the “{numbers.tokens[row.argmax()]}” at token {row.argmax() + 1}" in (
            head_maps.readout(numbers)
        )


def test_a_head_is_said_to_look_where_it_looks_most():
    for state in head_maps.states[:8]:
        numbers = head_maps.measure(**state)
        everywhere = attention_model(stored_model("digit"), fresh_tokens(), mask=causal_mask(16, 16))[1]
        [shares] = share_of_weight(
            everywhere[state["layer"] - 1][:, [state["head"] - 1]], places_looked_at(fresh_tokens())
        )
        assert numbers.share == pytest.approx(max(shares))


@pytest.mark.parametrize("narrow", [False, True])
def test_every_thumbnail_says_its_head_and_a_token_lights_its_row_and_its_column(narrow):
    lines, numbers = to_svg(head_maps.frame({"layer": 1}, narrow=narrow)), head_maps.measure(layer=1)
    for layer, head in np.ndindex(2, 4):
        place, share = numbers.looks[layer][head]
        said = escape(f"layer {layer + 1}, head {head + 1}: {share:.2f} of the weight on {place}")
        assert sum(said in line for line in lines) == 1
    assert sum('data-lights="map-r3 map-c3"' in line and line.startswith("<text") for line in lines) == 2


@pytest.mark.parametrize("narrow", [False, True])
def test_the_two_framed_tokens_are_numbered_in_rows_and_columns(narrow):
    words = words_of(head_maps, {}, narrow)
    assert [words.count(number) for number in ("4", "13")] == [2, 2]


def test_where_layer_1_looks_is_not_said_before_it_is_chosen():
    for narrow in (False, True):
        below = [words.count("token before") for words in (words_of(head_maps, {"layer": n}, narrow) for n in (1, 2))]
        assert below == [4, 1]


# Ablation


def test_bars_are_the_runs_of_the_experiment_in_order(result):
    for state in head_ablation.states:
        numbers = head_ablation.measure(**state)
        which, way = QUESTIONS.index(state["question"]), WAYS[state["way"]]
        for seed, run in enumerate(result["runs"].values()):
            for layer in (0, 1):
                stored = sorted((head[which] for head in run[way][layer]), reverse=way == "alone")
                assert list(numbers.accuracy[layer, :, seed]) == stored
        steps = [second - first for heads in numbers.here for first, second in pairwise(heads)]
        assert all(step >= 0 if way == "without" else step <= 0 for step in steps)


@pytest.mark.parametrize("way", WAYS)
def test_model_run_again_agrees_with_what_was_measured_on_other_sequences(result, way):
    seed = str(result["models"]["digit"]["seed"])
    for which, question in enumerate(QUESTIONS):
        numbers = head_ablation.measure(question=question, way=way)
        stored = np.array(result["runs"][seed][WAYS[way]])[..., which]
        stored = np.take_along_axis(stored, np.array(_ORDER["digit"]), axis=-1)  # the figure's order of heads
        shown = np.empty_like(stored)
        np.put_along_axis(shown, numbers.head - 1, numbers.here, axis=-1)
        np.testing.assert_allclose(shown, stored, atol=0.08)


def test_the_head_that_is_needed_for_the_digit_is_the_one_that_looks_at_it():
    numbers = head_ablation.measure(question=DIGIT_QUESTION)
    assert head_maps.measure(model="first", layer=2, head=int(numbers.head[1, 0])).place == "the same letter's digit"
    assert numbers.here[1, 0] < 0.3 < 0.98 < numbers.here[1, 1]


@pytest.mark.parametrize("explorer", [one_or_two_heads, heads_accuracy, head_maps, head_ablation], ids=lambda e: e.name)
def test_readouts_are_short(explorer):
    assert max(len(words) for words in explorer.describe()["readouts"]) <= 180
