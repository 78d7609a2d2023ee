"""What the figures of chapter 3 show is what multi-head attention computes."""

import numpy as np
import pytest

from attncourse.drawing.cells import Cells
from attncourse.drawing.svg import to_svg
from attncourse.figures.heads.head_budget import D_MODEL, head_budget
from attncourse.figures.heads.head_columns import head_columns
from attncourse.figures.heads.multi_head_flow import _PARTS, FEATURES, JOINED, PARAMS, multi_head_flow
from attncourse.figures.heads.sum_of_heads import _RANGE, _SEED, _SHARPNESS, sum_of_heads
from attncourse.figures.heads.unequal_weights import PAIRS, READERS, VALUES, unequal_weights
from attncourse.figures.sentence import TOKENS
from attnlib import attention, count_parameters, init_multi_head, multi_head_attention, softmax
from tests.explorers import every_state, numbers_in, words_of

OWN, SHARED = head_budget.controls["kv_heads"].stops


def test_flow_is_one_attention_for_each_pair_of_columns():
    shown = multi_head_flow.measure()
    for head, columns in enumerate((slice(0, 2), slice(2, 4))):
        query, key, value = (shown.x @ w[:, columns] for w in PARAMS[:3])
        np.testing.assert_allclose(shown.query[head], query)
        np.testing.assert_allclose(shown.key[head], key)
        np.testing.assert_allclose(shown.value[head], value)
        np.testing.assert_allclose(shown.attn_weights[head], softmax(query @ key.T / np.sqrt(2)))
        np.testing.assert_allclose(shown.concat[:, columns], shown.attn_weights[head] @ value)


def test_flow_ends_in_concat_times_w_o():
    shown = multi_head_flow.measure()
    np.testing.assert_allclose(shown.output, np.concatenate(shown.heads, axis=-1) @ shown.w_o)
    np.testing.assert_allclose(shown.output, multi_head_attention(PARAMS, shown.x, shown.x, shown.x)[0])


def test_its_looks_at_the_cat_in_one_head_and_at_the_toy_in_the_other():
    shown = multi_head_flow.measure(4)
    looks = shown.attn_weights[:, shown.token - 1].argmax(axis=-1)
    assert [TOKENS[i] for i in (shown.token - 1, *looks)] == ["its", "cat", "toy"]


def test_its_output_is_as_living_as_the_cat_and_as_much_of_a_thing_as_the_toy():
    shown = multi_head_flow.measure(4)
    its = dict(zip(FEATURES, shown.output[3], strict=True))
    cat, toy = (dict(zip(FEATURES, shown.x[i], strict=True)) for i in (1, 4))
    assert its["living"] == pytest.approx(cat["living"], abs=0.1)
    assert its["thing"] == pytest.approx(toy["thing"], abs=0.1)
    assert max(its["possessive"], its["action"]) < 0.1


def test_a_head_that_is_taken_away_takes_its_term_of_the_sum():
    both, *alone = (multi_head_flow.measure(joined=joined).output for joined in JOINED)
    np.testing.assert_allclose(sum(alone), both)
    lost = np.abs(both[2] - alone[0][2]) > 0.1
    assert [name for name, gone in zip(FEATURES, lost, strict=True) if gone] == ["possessive", "thing"]


@pytest.mark.parametrize("narrow", [False, True])
def test_the_flow_says_which_head_is_taken_away(narrow):
    said = [words_of(multi_head_flow, {"joined": joined}, narrow).count("taken away") for joined in JOINED]
    assert said == [0, 1, 1]


@every_state(multi_head_flow)
def test_flow_says_where_its_token_looks_and_what_comes_out(state):
    shown = multi_head_flow.measure(**state)
    said, row = numbers_in(multi_head_flow.readout(shown)), state["token"] - 1
    for number in [*shown.attn_weights[:, row].max(axis=-1), *shown.output[row]]:
        assert round(number, 2) in said


def test_flow_can_be_checked_by_hand():
    shown = multi_head_flow.measure()
    for whole in (shown.x, shown.query, shown.key, shown.value, shown.w_o):
        np.testing.assert_array_equal(whole, whole.round())


@pytest.mark.parametrize("narrow", [False, True])
def test_flow_writes_the_row_that_it_follows(narrow):
    shown, words = multi_head_flow.measure(2), words_of(multi_head_flow, {"token": 2}, narrow)
    assert all(f"{number:.2f}" in words for number in shown.attn_weights[:, 1].ravel())
    assert all(f"{number:.1f}" in words for number in [*shown.concat[1], *shown.output[1]])


def test_flow_says_the_shape_and_the_parameters_of_every_part():
    shown = multi_head_flow.measure()
    shapes = dict(zip(_PARTS, (part[0] if part.ndim == 3 else part for part in shown[2:]), strict=True))
    for part, numbers in shapes.items():
        assert f"shape {numbers.shape}" in _PARTS[part]
    assert sum(w.size for w in PARAMS[:4]) == 4 * 16


def test_a_cell_of_the_flow_lights_what_it_was_computed_from():
    cells = [line for line in to_svg(multi_head_flow.frame()) if line.startswith("<rect") and "data-what" in line]
    [weight] = [line for line in cells if 'data-of="weights-2 weights-2-r0 weights-2-c1"' in line]
    assert 'data-lights="query-2 key-2-c1"' in weight
    lit = [line for line in cells if "key-2-c1" in line.split("data-lights")[0] or 'data-of="query-2 ' in line]
    assert len(lit) == 2 + 2
    joined = [line for line in cells if 'data-of="concat concat-r3' in line]
    assert ['data-lights="head-2-r1"' in line for line in joined] == [True]


# Unequal weights


def answers_by(cuts, weight):
    reader = next(name for name, most in READERS.items() if most == cuts)
    return unequal_weights.measure(weight, reader)


def test_the_output_is_the_mean_of_the_two_values():
    for state in unequal_weights.states:
        shown = unequal_weights.measure(**state)
        means = [state["weight"] * VALUES[before] + (1 - state["weight"]) * VALUES[after] for before, after in PAIRS]
        np.testing.assert_allclose(shown.output, means)


def test_one_cut_answers_a_question_only_if_its_token_has_more_weight():
    for weight in unequal_weights.controls["weight"].stops:
        before, after = answers_by(1, weight).right.all(axis=1)
        assert (before, after) == (weight > 0.5, weight < 0.5)


def test_several_cuts_answer_both_unless_two_cases_meet():
    for weight in unequal_weights.controls["weight"].stops:
        shown = answers_by(3, weight)
        assert shown.right.all() == (weight not in (0, 0.5, 1))
        assert len(np.unique(shown.output.round(9))) == 4 or not shown.right.all()


def test_no_other_single_cut_has_more_right():
    """Against every cut between two places or outside them, with either answer on the left."""
    for weight in (0.1, 0.3, 0.5, 0.7, 0.9):
        shown = answers_by(1, weight)
        truths = np.array([[VALUES[token] for token in pair] for pair in PAIRS]).T
        for truth, right in zip(truths, shown.right, strict=True):
            cut = [(shown.output > place) ^ flip for place in np.linspace(-0.05, 1.05, 23) for flip in (False, True)]
            assert right.sum() == max((answer == truth).sum() for answer in cut)


@every_state(unequal_weights)
def test_the_readout_counts_the_right_answers(state):
    shown = unequal_weights.measure(**state)
    said = numbers_in(unequal_weights.readout(shown))
    assert said[0] == state["weight"]
    assert said[1] == pytest.approx(1 - state["weight"])
    assert said[-4:] == [shown.right[0].sum(), 4, shown.right[1].sum(), 4]


@pytest.mark.parametrize("narrow", [False, True])
def test_wrong_answers_are_marked(narrow):
    words = words_of(unequal_weights, {"weight": 0.7}, narrow)
    assert "toy hid cat ✗" in words
    assert "cat hid toy ✗" not in words


@pytest.mark.parametrize("narrow", [False, True])
def test_a_network_that_cannot_help_says_so(narrow):
    _, network = READERS
    said = " ".join(words_of(unequal_weights, {"weight": 0.5, "reader": network}, narrow)).split()
    assert "no second cut helps: 3 of 4 right" in " ".join(said)
    said = " ".join(words_of(unequal_weights, {"weight": 0.7, "reader": network}, narrow)).split()
    assert "one cut: 4 of 4 right" in " ".join(said)
    assert "several cuts: 4 of 4 right" in " ".join(said)


# The head budget


@every_state(head_budget)
def test_budget_counts_the_parameters_of_the_layer(state):
    shown = head_budget.measure(**state)
    num_kv_heads = state["num_heads"] if state["kv_heads"] == OWN else 1
    layer = init_multi_head(np.random.default_rng(1), D_MODEL, state["num_heads"], num_kv_heads)
    assert sum(shown.parameters) == count_parameters(layer)
    assert shown.kept == layer.w_k.shape[1] + layer.w_v.shape[1]


@every_state(head_budget)
def test_more_heads_have_more_patterns_and_a_lower_rank(state):
    shown = head_budget.measure(**state)
    assert shown.patterns == state["num_heads"]
    assert shown.rank == D_MODEL // state["num_heads"]


def test_heads_of_their_own_cost_the_same_however_many():
    shown = [head_budget.measure(num_heads, OWN) for num_heads in (1, 2, 4, 8, 16, 32)]
    assert {sum(numbers.parameters) for numbers in shown} == {4 * D_MODEL**2}
    assert len({numbers.multiply_adds for numbers in shown}) == 1
    assert {numbers.kept for numbers in shown} == {2 * D_MODEL}


def test_multiply_adds_are_those_of_the_formula():
    """4 d² for the maps, and for each of 32 keys d for its score and d for its share of the sum."""
    assert head_budget.measure(8, OWN).multiply_adds == (4 * 32 * 32, 32 * (32 + 32))
    assert head_budget.measure(8, SHARED).multiply_adds == (2 * 32 * 32 + 2 * 32 * 4, 32 * (32 + 32))


def test_a_slider_between_the_stops_takes_the_next_lower_number_of_heads():
    assert head_budget.measure(11).num_heads == 8


def test_one_head_is_said_to_share_with_nobody():
    own, shared = (head_budget.readout(head_budget.measure(1, choice)) for choice in (OWN, SHARED))
    assert shared == own.replace("1 head:", "1 head, with no other to share keys and values with:")


@every_state(head_budget)
def test_budget_says_what_it_counted(state):
    shown = head_budget.measure(**state)
    said = numbers_in(head_budget.readout(shown))
    assert said[0] == state["num_heads"]
    assert said[-5:-2] == [sum(shown.parameters), sum(shown.multiply_adds), shown.patterns]
    assert said[-2:] == [shown.rank, D_MODEL]


@every_state(sum_of_heads)
def test_contributions_add_up_to_the_output(state):
    shown = sum_of_heads.measure(**state)
    kept = np.delete(shown.contributions, [shown.removed - 1] if shown.removed else [], axis=0)
    np.testing.assert_allclose(kept.sum(axis=0), shown.output, atol=1e-12)
    np.testing.assert_allclose(shown.contributions.sum(axis=0), shown.whole, atol=1e-12)
    np.testing.assert_allclose(shown.attn_weights.sum(axis=-1), 1)
    assert "is 0 to rounding" in sum_of_heads.readout(shown)


def test_a_contribution_is_one_heads_result_times_its_rows_of_w_o():
    rng = np.random.default_rng(_SEED)
    x, layer = rng.normal(size=(5, 8)), init_multi_head(rng, 8, 4)
    columns = slice(4, 6)  # of head 3
    query, key, value = (x @ w[:, columns] for w in layer[:3])
    result, attn_weights = attention(_SHARPNESS * query, key, value)
    shown = sum_of_heads.measure(2, "4")
    np.testing.assert_allclose(shown.contributions[2], (result @ layer.w_o[columns])[1])
    np.testing.assert_allclose(shown.attn_weights[2], attn_weights[1])


def test_taking_a_head_away_leaves_the_others_as_they_were():
    all_heads, without = (sum_of_heads.measure(3, "4", removed) for removed in ("none", "head 2"))
    np.testing.assert_array_equal(all_heads.contributions, without.contributions)
    np.testing.assert_allclose(all_heads.output - without.output, all_heads.contributions[1], atol=1e-12)
    lost = numbers_in(sum_of_heads.readout(without))[-1]
    assert lost == pytest.approx(np.abs(all_heads.contributions[1]).max(), abs=0.0051)


def test_a_difference_that_is_no_rounding_is_said(monkeypatch):
    def other_order(x):
        return np.concatenate(x[::-1], axis=-1)

    monkeypatch.setattr("attnlib.multi_head.merge_heads", other_order)
    shown = sum_of_heads.measure()
    assert shown.difference > 0.1
    assert "0 to rounding" not in sum_of_heads.readout(shown)


@every_state(sum_of_heads)
def test_bars_and_marks_stay_inside_the_panel(state):
    shown = sum_of_heads.measure(**state)
    low, high = _RANGE
    kept = np.delete(shown.contributions, [shown.removed - 1] if shown.removed else [], axis=0)
    assert np.maximum(kept, 0).sum(axis=0).max() < high
    assert np.minimum(kept, 0).sum(axis=0).min() > low
    assert low < shown.whole.min() <= shown.whole.max() < high


@pytest.mark.parametrize("narrow", [False, True])
def test_a_removed_head_is_hatched(narrow):
    figure = sum_of_heads.frame({"removed": "head 2"}, narrow=narrow)
    assert sum(np.isnan(cells.numbers).sum() for cells in figure.findobj(Cells)) == 8


@every_state(head_columns)
def test_a_head_s_query_is_all_of_x_times_its_own_columns_of_w_q(state):
    shown = head_columns.measure(**state)
    for head in range(4):
        own = slice(2 * head, 2 * head + 2)
        np.testing.assert_array_equal(shown.query[head], shown.x @ shown.w_q[:, own])
        np.testing.assert_array_equal(shown.slices[head], shown.x[own])


@every_state(head_columns)
def test_the_first_number_of_x_reaches_all_queries_and_one_slice(state):
    shown = head_columns.measure(**state)
    changed = state != head_columns.defaults
    assert shown.query_moved.sum() == 8 * changed
    assert shown.slices_moved[0, 0] == shown.slices_moved.sum() == changed
    if changed:
        said = numbers_in(head_columns.readout(shown))
        assert said == [state["number"], 2, 8, 8, 1, 2, 3, 4, 1, 1]


@pytest.mark.parametrize("narrow", [False, True])
def test_the_row_of_w_q_that_a_changed_number_meets_is_framed_in_every_head(narrow):
    framed, unchanged = (
        len(head_columns.frame({"number": number}, narrow=narrow).axes[0].patches)
        for number in (0, head_columns.defaults["number"])
    )
    assert framed - unchanged == 1 + 4 + 8 + 1  # x, the row in each head, queries, the slice


def test_the_default_does_not_say_what_would_change():
    assert numbers_in(head_columns.readout(head_columns.measure())) == [2]
