"""What the figures of chapter 1 show is what attention computes."""

import re
from collections import Counter

import numpy as np
import pytest
from matplotlib.colors import to_hex

from attncourse.digits import in_digits
from attncourse.drawing.palette import NEGATIVE, SCORE, shade
from attncourse.drawing.svg import to_svg
from attncourse.figures.compute import (
    attends_to,
    cell_arithmetic,
    flow,
    mixing_values,
    orthogonal,
    pipeline,
    projections,
    score_landscapes,
    soft_lookup,
)
from attncourse.figures.compute.mixing_values import _HULL, _PLACES
from attncourse.figures.compute.score_landscapes import _KEYS, _NAMES, _REACH, _STEPS, _V
from attncourse.figures.compute.soft_lookup import _KEYS as PLACES
from attncourse.figures.compute.soft_lookup import _VALUES as MEASURED
from attncourse.figures.sentence import FEATURES, KEY, QUERY, TOKENS, VALUE, W_K, W_Q, W_V, X
from attnlib import attention, attention_weights, dot_scores, softmax
from tests.explorers import every_state, numbers_in, words_of


class TestTheSentence:
    def test_every_number_that_is_to_be_checked_by_hand_is_whole(self):
        for numbers in (X, W_Q, W_K, W_V, QUERY, KEY, VALUE, dot_scores(QUERY, KEY)):
            assert (numbers == numbers.round()).all()
            assert np.abs(numbers).max() <= 8

    def test_scores_can_be_halved_on_paper(self):
        assert QUERY.shape == KEY.shape == (5, 4)

    def test_its_has_no_animal_and_receives_the_cats(self):
        its, animal = TOKENS.index("its"), FEATURES.index("animal")
        output, attn_weights = attention(QUERY, KEY, VALUE)
        assert X[its, animal] == VALUE[its, animal] == 0
        assert TOKENS[attn_weights[its].argmax()] == "cat"
        assert output[its, animal] > 0.9

    def test_my_is_a_possessive_too_and_looks_for_nothing(self):
        assert (X[0] >= X[3]).all()
        assert (QUERY[0] == 0).all()
        np.testing.assert_allclose(attention(QUERY, KEY, VALUE)[1][0], 1 / 5)


@every_state(attends_to)
def test_a_token_gains_its_output_and_nothing_else(state):
    shown, row = attends_to.measure(**state), TOKENS.index(state["token"])
    np.testing.assert_allclose(shown.after - shown.before, np.append(attention(QUERY, KEY, VALUE)[0][row], [0, 0]))
    written = words_of(attends_to, state)
    for number in [*shown.attn_weights, *shown.after]:
        assert in_digits(number) in written


@every_state(attends_to)
def test_whoever_shares_the_largest_weight_is_named(state):
    shown = attends_to.measure(**state)
    said = attends_to.readout(shown).partition(";")[0].partition("attends")[2]
    best = {
        token
        for token, weight in zip(TOKENS, shown.attn_weights, strict=True)
        if weight > 0.99 * max(shown.attn_weights)
    }
    assert set(re.findall("“([a-z]+)”", said)) == (best if len(best) < 5 else set())
    assert numbers_in(said) == [round(shown.attn_weights.max(), 2)]


def test_the_first_figure_does_not_open_with_its_own_question():
    assert attends_to.defaults == {"token": "hid"}


@every_state(projections)
def test_a_vector_picks_rows_of_each_map_and_adds_them_up(state):
    shown, row = projections.measure(**state), TOKENS.index(state["token"])
    for result, map_ in [(shown.query, W_Q), (shown.key, W_K), (shown.value, W_V)]:
        np.testing.assert_array_equal(result, sum(line for line, picked in zip(map_, X[row], strict=True) if picked))
    np.testing.assert_array_equal(numbers_in(projections.readout(shown)), [*shown.query, *shown.key, *shown.value])


def test_projections_say_which_rows_add_up():
    shapes = "\n".join(to_svg(projections.frame({"token": "my"})))
    assert 'data-words="query of “my”, animal: 3 + −3 = 0"' in shapes
    assert 'data-words="possessive looks for animal: 3, picked"' in shapes


def test_flow_leads_from_query_key_and_value_to_the_output_of_attention():
    shown = flow.measure()
    output, attn_weights = attention(shown.query, shown.key, shown.value, mask=shown.mask)
    np.testing.assert_allclose(shown.output, output)
    np.testing.assert_allclose(softmax(np.where(shown.mask, shown.scaled, -np.inf)), attn_weights)
    np.testing.assert_allclose(shown.scaled * np.sqrt(4), shown.scores)


def test_flow_shows_a_masked_pair_whose_weight_is_zero():
    shown = flow.measure()
    assert not shown.mask.all()
    assert (shown.attn_weights[~shown.mask] == 0).all()
    np.testing.assert_allclose(shown.attn_weights.sum(axis=-1), 1)


def test_flow_says_the_framed_row_of_weights_and_of_output():
    said = numbers_in(flow.readout(flow.measure()))
    shown = flow.measure()
    for number in [*shown.scores[1], *shown.attn_weights[1].round(2), *shown.output[1].round(2)]:
        assert number in said


@pytest.mark.parametrize("temperature", [0.25, 1.0, 4.0])
def test_pipeline_is_attention_with_the_scores_divided_once_more(temperature):
    shown = pipeline.measure(query="cat", temperature=temperature)
    output, attn_weights = attention(QUERY / temperature, KEY, VALUE)
    np.testing.assert_allclose(shown.attn_weights, attn_weights)
    np.testing.assert_allclose(shown.output, output)
    np.testing.assert_allclose(shown.scaled, shown.scores / (2 * temperature))


@every_state(pipeline)
def test_pipeline_says_how_each_number_is_made(state):
    shown, shapes = pipeline.measure(**state), "\n".join(to_svg(pipeline.frame(state)))
    for (i, j), score in np.ndenumerate(shown.scores):
        said = re.search(rf'data-words="score ([−\d]+) · {TOKENS[i]} → {TOKENS[j]}: ([^"]+)"', shapes)
        terms = [np.prod(numbers_in(term.replace("·", " "))) for term in said[2].split(" + ")]
        assert sum(terms) == numbers_in(said[1])[0] == score
        assert f'data-lights="query-r{i} key-c{j} scores-{i}{j}"' in shapes


def test_pointing_at_a_query_lights_its_row_in_every_matrix():
    shapes = to_svg(pipeline.frame())
    assert any('data-words="its"' in shape and 'data-lights="all-r3"' in shape for shape in shapes)
    lit = [shape for shape in shapes if re.search('data-of="[^"]*all-r3', shape) and shape.startswith("<rect")]
    assert len(lit) == 4 + 5 + 5 + 5 + 3  # components of the query, scores, scaled, weights, components of the output


@pytest.mark.parametrize("narrow", [False, True])
def test_pipeline_names_the_token_of_every_value(narrow):
    shapes = to_svg(pipeline.frame(narrow=narrow))
    for row, token in enumerate(TOKENS):
        assert any(f'data-words="{token}"' in shape and f'data-lights="value-r{row}"' in shape for shape in shapes)


def test_the_name_of_a_matrix_says_how_it_is_made():
    shapes = "\n".join(to_svg(pipeline.frame({"temperature": 4.0})))
    for words in ("scaled: scores ÷ 8", "weights: softmax of each row of scaled scores"):
        assert f'data-words="{words}"' in shapes


def test_flow_says_shape_and_code_of_every_matrix():
    shown, shapes = flow.measure(), "\n".join(to_svg(flow.frame()))
    for code, array in [("scores = query @ key.mT", shown.scores), ("output = attn_weights @ value", shown.output)]:
        assert f'data-words="{code} · shape {array.shape}"' in shapes


@every_state(pipeline)
def test_pipeline_says_the_largest_weight_and_the_output_of_the_marked_token(state):
    shown = pipeline.measure(**state)
    row = TOKENS.index(state["query"])
    said = numbers_in(pipeline.readout(shown))
    np.testing.assert_allclose(said[-4:], [shown.attn_weights[row].max(), *shown.output[row]], atol=0.0051)
    assert f"“{state['query']}”" in pipeline.readout(shown)


@every_state(pipeline)
def test_pipeline_writes_the_weights_of_the_marked_row(state):
    shown, query = pipeline.measure(**state), TOKENS.index(state["query"])
    row = shown.attn_weights[query]
    written = words_of(pipeline, state)
    assert all(f"{weight:.2f}" in written for weight in row)


@every_state(cell_arithmetic)
def test_the_products_of_one_cell_add_up_to_its_score(state):
    shown = cell_arithmetic.measure(**state)
    score = dot_scores(QUERY, KEY)[state["query"] - 1, state["key"] - 1]
    assert shown.running[-1] == shown.products.sum() == score
    assert numbers_in(cell_arithmetic.readout(shown))[-1] == score
    assert (QUERY.round() == QUERY).all()
    assert (KEY.round() == KEY).all(), "whole numbers can be checked by hand"


def test_exchanging_query_and_key_gives_another_score():
    one, other = (cell_arithmetic.measure(query=a, key=b).running[-1] for a, b in [(4, 2), (2, 4)])
    assert one != other


@pytest.mark.parametrize("width", [0.1, 0.5, 5.0])
@pytest.mark.parametrize("position", [0.0, 2.0, 6.0])
def test_soft_lookup_is_the_regression_of_nadaraya_and_watson(position, width):
    kernel = np.exp(-(((position - PLACES) / width) ** 2) / 2)
    shown = soft_lookup.measure(position, width)
    np.testing.assert_allclose(shown.attn_weights, kernel / kernel.sum(), atol=1e-9)
    np.testing.assert_allclose(shown.output, kernel @ MEASURED / kernel.sum(), atol=1e-9)


def test_soft_lookup_leaves_the_square_of_the_query_out_since_softmax_does_not_see_it():
    squared_distance = (3.0 - PLACES) ** 2
    np.testing.assert_allclose(soft_lookup.measure(3.0, 0.5).attn_weights, softmax(-squared_distance / (2 * 0.5**2)))


def test_soft_lookup_puts_the_output_on_the_curve():
    shown = soft_lookup.measure(4.5, 0.35)
    np.testing.assert_allclose(shown.curve[180], shown.output)


def test_a_narrow_kernel_copies_the_nearest_value_and_a_wide_one_takes_the_mean():
    assert soft_lookup.measure(6.0, 0.1).output == pytest.approx(2.2, abs=1e-3)
    assert soft_lookup.measure(5.0, 100.0).output == pytest.approx(MEASURED.mean(), abs=1e-2)


@every_state(soft_lookup)
def test_soft_lookup_says_its_output_and_names_a_key_without_a_rival(state):
    shown = soft_lookup.measure(**state)
    assert numbers_in(soft_lookup.readout(shown))[2] == pytest.approx(shown.output, abs=0.0051)
    first, second = np.sort(shown.attn_weights)[:-3:-1]
    assert first - second > 1e-6


@every_state(score_landscapes)
def test_landscapes_rank_the_keys_by_score_and_without_ties(state):
    shown = score_landscapes.measure(**state)
    steps = np.diff(shown.scores[shown.order])
    assert (steps < -1e-3).all()
    ranking = re.findall(r"(cold|mild|hot) (−?\d+\.\d\d)", score_landscapes.readout(shown))
    assert [name for name, _ in ranking] == [_NAMES[key] for key in shown.order]


@every_state(score_landscapes)
def test_the_key_halfway_beats_both_its_neighbours_by_cosine_or_an_additive_score_alone(state):
    shown = score_landscapes.measure(**state)
    cold, mild, hot = shown.scores
    np.testing.assert_allclose(_KEYS[1], (_KEYS[0] + _KEYS[2]) / 2, atol=1e-3)
    if state["kind"] in ("dot", "bilinear"):
        assert min(cold, hot) < mild < max(cold, hot)
        assert "mild scores between cold and hot" in score_landscapes.readout(shown)
    elif state["angle"] == score_landscapes.defaults["angle"]:
        assert mild > max(cold, hot)
        assert "mild scores above both cold and hot" in score_landscapes.readout(shown)


@every_state(score_landscapes)
def test_the_curve_runs_through_the_three_keys_and_is_the_sum_of_its_parts(state):
    shown = score_landscapes.measure(**state)
    np.testing.assert_allclose(shown.along[[0, 12, 24]], shown.scores, atol=1e-3)
    if state["kind"] == "additive":
        np.testing.assert_allclose(shown.parts.sum(axis=1), shown.along)
    else:
        assert not shown.parts.size


def test_one_step_rises_and_the_other_falls_where_the_key_halfway_wins():
    rises, falls = score_landscapes.measure("additive", 45).parts.T
    assert (np.diff(rises) > 0).all()
    assert (np.diff(falls) < 0).all()


def test_a_line_of_equal_score_lies_between_the_key_halfway_and_its_rivals():
    for kind in ("cosine", "additive"):
        bands = np.floor(score_landscapes.measure(kind, 45).scores / _STEPS[kind])
        assert bands[1] > max(bands[0], bands[2])


def test_dot_and_cosine_disagree_about_the_best_key():
    dot, cosine = (score_landscapes.measure(kind, 45) for kind in ("dot", "cosine"))
    assert dot.order[0] != cosine.order[0]
    np.testing.assert_allclose(cosine.scores * np.linalg.norm(_KEYS, axis=-1), dot.scores)  # a query of norm 1


def test_additive_landscape_stays_between_the_sums_of_its_last_layer():
    shown = score_landscapes.measure("additive", 135)
    assert np.abs(shown.landscape).max() <= np.abs(_V).sum()


@every_state(mixing_values)
def test_the_output_lies_inside_the_hull_and_its_colour_is_a_colour(state):
    shown = mixing_values.measure(**state)
    corners = _PLACES[_HULL]
    edges = np.roll(corners, -1, axis=0) - corners
    to_output = shown.place - corners
    side = edges[:, 0] * to_output[:, 1] - edges[:, 1] * to_output[:, 0]
    assert (side >= -1e-12).all(), "left of every edge, going round counterclockwise"
    assert ((shown.colour >= 0) & (shown.colour <= 1)).all()
    assert shown.attn_weights.sum() == pytest.approx(1)


def test_the_hull_holds_every_value():
    corners = _PLACES[_HULL]
    edges = np.roll(corners, -1, axis=0) - corners
    to_value = _PLACES[:, None] - corners
    assert (edges[:, 0] * to_value[..., 1] - edges[:, 1] * to_value[..., 0] >= 0).all()


def test_a_cold_mix_is_one_value_and_a_hot_one_their_mean():
    np.testing.assert_allclose(mixing_values.measure(90, 1e-3).place, _PLACES[0], atol=1e-6)
    np.testing.assert_allclose(mixing_values.measure(90, 1e6).place, _PLACES.mean(axis=0), atol=1e-4)


def test_mixing_says_and_writes_the_weights():
    shown = mixing_values.measure()
    weights = [f"{weight:.2f}" for weight in shown.attn_weights]
    for weight in weights:
        assert weight in mixing_values.readout(shown)
        assert weight in words_of(mixing_values, {}, narrow=True)


@every_state(orthogonal)
def test_an_orthogonal_key_scores_zero_and_has_a_weight_above_zero(state):
    shown = orthogonal.measure(**state)
    assert shown.scores[0] == 0
    assert shown.attn_weights[0] == pytest.approx(1 / (1 + np.exp(-1) + np.exp(state["along"])))
    assert shown.attn_weights[0] > shown.attn_weights[1] > 0


def test_an_orthogonal_key_wins_if_the_others_score_below_zero():
    assert orthogonal.measure(-3).attn_weights.argmax() == 0
    assert orthogonal.measure(2).attn_weights.argmax() == 2
    key = orthogonal.measure(2).key
    np.testing.assert_allclose(
        orthogonal.measure(2).attn_weights, attention_weights(np.array([[1.0, 0.0]]), key, scale=1.0)[0]
    )


def test_no_bar_of_an_orthogonal_key_looks_masked():
    assert not [patch for axes in orthogonal.frame().axes for patch in axes.patches if patch.get_hatch()]


@pytest.mark.parametrize("kind", _STEPS)
@pytest.mark.parametrize("colour", [SCORE, NEGATIVE])
def test_the_layers_of_a_landscape_are_together_as_strong_as_one_cell_of_that_score(kind, colour):
    plane = score_landscapes.frame({"kind": kind}).axes[0]
    alphas = [
        alpha for *own, alpha in (layer.get_facecolor() for layer in plane.patches) if to_hex(own) == colour.lower()
    ]
    sign, step = (1 if colour == SCORE else -1), _STEPS[kind]
    wanted = [shade(sign * step * (layer + 0.5), SCORE, _REACH[kind])[1] for layer in range(len(alphas))]
    np.testing.assert_allclose(1 - np.cumprod(1 - np.array(alphas)), wanted)


@pytest.mark.parametrize("explorer", [mixing_values, orthogonal, score_landscapes, soft_lookup], ids=lambda e: e.name)
def test_a_key_and_what_belongs_to_it_are_lit_together(explorer):
    lit = Counter(
        re.search('data-of="([^"]+)"', shape)[1] for shape in to_svg(explorer.frame()) if "data-lights" in shape
    )
    assert len(lit) >= 3
    assert all(count >= 2 for count in lit.values()), "a key or point, and its bar"
