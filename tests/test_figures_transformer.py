"""What the figures of chapter 5 show is what the library's Transformer computes."""

import inspect
import re
from importlib import import_module

import numpy as np
import pytest
from matplotlib.colors import to_hex
from matplotlib.patches import Circle
from matplotlib.text import Annotation

from attncourse.drawing.palette import KEY
from attncourse.drawing.svg import to_svg
from attncourse.figures.date_readings import date_model
from attncourse.figures.transformer.anatomy import (
    CODE,
    LAYERS,
    NORMS,
    PARTS,
    SOURCE,
    TARGET,
    anatomy,
    copies_of,
    model,
    words_of_parts,
)
from attncourse.figures.transformer.decoding import CANDIDATES, decoding
from attncourse.figures.transformer.future_leak import EDITED, TOKENS, future_leak
from attncourse.figures.transformer.journey import SAID, TEXT, boxes, journey
from attncourse.figures.transformer.journey import _plan as journey_plan
from attncourse.figures.transformer.mask_workshop import mask_workshop
from attncourse.figures.transformer.next_character import SIGNS, next_character
from attncourse.figures.transformer.padding_damage import DATES, MASKS, PADDINGS, padding_damage, wrong_characters
from attncourse.figures.transformer.running_softmax import running_softmax
from attncourse.figures.transformer.shift_by_one import READ, STEPS, WANTED, shift_by_one
from attnlib import (
    attention_weights,
    causal_mask,
    cosine_scores,
    count_parameters,
    encode,
    encoder,
    init_encoder,
    init_multi_head,
    language_model,
    padding_mask,
    sinusoidal_positions,
    softmax,
    transformer,
)
from attnlib.dates.model import init_date_model, load_date_model, read, translate
from attnlib.dates.task import BEGIN, as_batch, as_source, as_texts
from attnlib.greedy import greedy
from attnlib.names.model import load_name_model
from attnlib.names.task import as_beginning
from attnlib.transformer import decode
from tests.explorers import every_state, numbers_in, words_of


@every_state(mask_workshop)
def test_masked_pairs_have_weight_zero_and_the_rest_shares_the_whole(state):
    shown = mask_workshop.measure(**state)
    assert (shown.attn_weights[~shown.mask] == 0).all()
    np.testing.assert_allclose(shown.attn_weights.sum(axis=-1), shown.mask.any(axis=-1))
    allowed = np.where(shown.mask, np.exp(shown.scores), 0)
    total = allowed.sum(axis=-1, keepdims=True)
    np.testing.assert_allclose(shown.attn_weights * total, allowed)


@every_state(mask_workshop)
def test_a_mask_hides_what_its_name_says_and_nothing_else(state):
    shown = mask_workshop.measure(**state)
    later = ~np.tri(*shown.mask.shape, dtype=bool)
    padded = np.broadcast_to(~shown.real, shown.mask.shape)
    hidden = (later if "causal" in shown.kind else False) | (padded if "padding" in shown.kind else False)
    np.testing.assert_array_equal(~shown.mask, np.broadcast_to(hidden, shown.mask.shape))
    assert shown.real.sum() == max(state["seq_k"] - state["padded"], 0)
    if "causal" in shown.kind:
        assert shown.later == 0
    if "padding" in shown.kind:
        assert shown.padding == 0


@every_state(mask_workshop)
def test_rows_that_may_attend_to_nothing_are_named(state):
    shown = mask_workshop.measure(**state)
    empty, said = np.flatnonzero(~shown.mask.any(axis=-1)) + 1, mask_workshop.readout(shown)
    assert ("may attend to nothing" in said) == (empty.size > 0)
    if empty.size:
        assert numbers_in(said)[-empty.size :] == empty.tolist()


def test_the_page_finds_every_score_to_turn_a_pair_of_the_mask():
    """mask-workshop.js computes the weights from what the picture says: their softmax is that of the library."""
    shown = mask_workshop.measure("causal, padding in front", 4, 4, 2)
    picture = "\n".join(to_svg(mask_workshop.draw(shown)))
    said = re.findall(r'data-value="([^"]*)".* data-cell="scores \d \d"', picture)
    scores = np.reshape([float(number.replace("−", "-")) for number in said], (4, 4))
    np.testing.assert_allclose(attention_weights(scores, np.eye(4), shown.mask, scale=1), shown.attn_weights, atol=1e-4)
    pairs = re.findall(r'data-value="([^"]*)".* data-toggle="(\d \d)"', picture)
    assert {at: value for value, at in pairs} == {
        f"{i} {j}": "may attend" if shown.mask[i, j] else "masked" for i, j in np.ndindex(4, 4)
    }
    assert len(re.findall("data-number=.scores", picture)) == 16, "a number on each, which the page copies"


@pytest.mark.parametrize("narrow", [False, True])
@pytest.mark.parametrize("padded", [0, 1, 2])
def test_a_lamp_is_lit_for_each_row_that_may_see_nothing(padded, narrow):
    figure = mask_workshop.frame({"kind": "causal, padding in front", "padded": padded}, narrow)
    lamps = [patch for patch in figure.axes[0].patches if isinstance(patch, Circle)]
    assert [to_hex(lamp.get_facecolor()) == KEY.lower() for lamp in lamps] == [row < padded for row in range(4)]
    assert any("NaN" in text.get_text() for text in figure.axes[0].texts) == (padded > 0)


def test_padding_in_front_and_a_causal_mask_leave_the_first_queries_nothing():
    shown = mask_workshop.measure("causal, padding in front", 4, 4, 2)
    assert shown.mask.any(axis=-1).tolist() == [False, False, True, True]


def test_without_a_mask_padding_takes_weight_from_the_tokens():
    shown = mask_workshop.measure("none", 4, 4, 1)
    assert shown.padding == pytest.approx(shown.attn_weights[:, 3].mean())
    assert shown.padding > 0.1


@every_state(future_leak)
def test_only_a_mask_that_is_not_causal_lets_the_future_through(state):
    shown = future_leak.measure(**state)
    earlier = shown.changes[:, : shown.token - 1]
    leaks = state["mask"] != "causal" and state["token"] > 1
    assert earlier.any() == leaks
    assert ("the future leaks" in future_leak.readout(shown)) == leaks
    assert (shown.changes[0] > 0).tolist() == [place + 1 == shown.token for place in range(len(TOKENS))]
    if state["mask"] == "causal":
        assert (shown.changes[1:, shown.token - 1 :] > 0).all()
    if state["mask"] == "none":
        assert (shown.changes[1:] > 0).all()
    if state["mask"] == "turned round":
        assert not shown.changes[:, shown.token :].any(), "a mask turned round shows only the future"


def test_the_shown_change_is_that_of_a_whole_encoder():
    rng = np.random.default_rng(0)
    stack = init_encoder(rng, 3, 16, num_heads=2, d_ff=32)
    vectors = {character: rng.normal(size=16) for character in sorted({*TOKENS, EDITED})}
    outputs = []
    for text in (TOKENS, TOKENS[:3] + EDITED + TOKENS[4:]):
        x = np.stack([vectors[character] for character in text]) + sinusoidal_positions(6, 16)
        outputs.append(encoder(stack._replace(norm=None), x, causal_mask(6, 6))[0])
    change = np.abs(outputs[1] - outputs[0]).max(axis=-1)
    np.testing.assert_allclose(future_leak.measure("causal", 4, 3).changes[-1], change, atol=1e-12)


@pytest.mark.parametrize("text", decoding.controls["text"].stops)
def test_decoding_shows_what_translate_says(text):
    answer = translate(load_date_model(dtype=np.float64), [text])[0].answer
    steps = [decoding.measure(text, step) for step in range(1, len(answer) + 2)]
    assert [CANDIDATES[shown.probs.argmax()] for shown in steps] == [*answer, "end"]
    assert [shown.said for shown in steps] == [answer[:step] for step in range(len(answer) + 1)]


@every_state(decoding)
def test_every_row_of_both_maps_and_the_candidates_sum_to_one(state):
    shown = decoding.measure(**state)
    np.testing.assert_allclose(shown.self_weights.sum(axis=-1), 1)
    np.testing.assert_allclose(shown.cross_weights.sum(axis=-1), 1)
    assert shown.probs.sum() == pytest.approx(1, abs=1e-3), "the sign for the beginning is never said"
    assert not np.triu(shown.self_weights, 1).any()
    assert shown.cross_weights.shape == (shown.step, len(state["text"]))


def test_a_step_sees_what_it_saw_when_it_was_the_last():
    """The maps come from one pass over the whole answer; decoding that stops at the step computes the same."""
    params, text, step = load_date_model(dtype=np.float64), "June 7th, 2021", 5
    source, _ = as_source([text])
    said = greedy(params, source, BEGIN, step).tokens
    memory, _ = encode(params, source)
    logits, layers = decode(params, np.insert(said[:, :-1], 0, BEGIN, axis=1), memory)
    shown = decoding.measure(text, step)
    np.testing.assert_allclose(layers[-1][0][0].mean(axis=0), shown.self_weights, atol=1e-12)
    np.testing.assert_allclose(layers[-1][1][0].mean(axis=0), shown.cross_weights, atol=1e-12)
    np.testing.assert_allclose(softmax(logits)[0, -1, 2:], shown.probs[:-1], atol=1e-12)


def test_past_the_end_decoding_stands_still():
    end = len(read(load_date_model(dtype=np.float64), "hello world").said)
    assert decoding.measure("hello world", 9).step == end == 2


@pytest.mark.parametrize("narrow", [False, True])
def test_decoding_writes_the_text_and_what_was_said(narrow):
    words = words_of(decoding, {"text": "7.6.21", "step": 8}, narrow)
    assert "7.6.21" in words
    assert "100%" in words
    assert [word for word in words if word == "▷"] == ["▷"] * 3, "a row of each map, and a column"


@pytest.mark.parametrize("norm", NORMS)
def test_the_parts_make_up_the_whole_model(norm):
    counts = {part: anatomy.measure(part, norm).parameters for part in PARTS}
    total = anatomy.measure("norms", norm).total
    stacks = counts.pop("encoder") + counts.pop("decoder")
    assert sum(counts.values()) == total
    assert stacks + counts["source embedding"] + counts["target embedding"] == total


def test_the_anatomy_is_that_of_the_date_model():
    assert anatomy.measure("norms").total == count_parameters(init_date_model(np.random.default_rng(1)))


@every_state(anatomy)
def test_counts_are_those_of_the_listed_arrays(state):
    shown = anatomy.measure(**state)
    copies = copies_of(model(NORMS[state["norm"]])[0])[state["part"]]
    assert shown.parameters == sum(count_parameters(copy) for copy in copies)
    if state["part"] in ("encoder", "decoder"):
        listed = sum(int(words.replace(",", "")) for _, words in shown.learned)
    else:
        listed = shown.copies * sum(np.prod([int(n) for n in words.split(" × ")]) for _, words in shown.learned)
    assert listed == shown.parameters
    assert f"{shown.parameters:,} of" in anatomy.readout(shown) or shown.parameters == 0


def test_attention_has_four_square_maps_in_each_layer():
    shown = anatomy.measure("cross-attention")
    layer = init_multi_head(np.random.default_rng(0), 64, 4)
    assert shown.parameters == LAYERS * count_parameters(layer) == LAYERS * 4 * 64 * 64
    assert dict(shown.flow)["weights"] == (4, len(TARGET) + 1, len(SOURCE))


def test_norms_behind_the_parts_need_none_behind_the_stacks():
    before, after = (anatomy.measure("norms", norm) for norm in NORMS)
    assert (before.copies, after.copies) == (12, 10)
    assert before.parameters - after.parameters == 2 * 2 * 64


@every_state(padding_damage)
def test_the_answer_is_that_of_the_model_with_masks_where_they_are(state):
    """The library's own decoding, when the mask is in both places or in none."""
    shown = padding_damage.measure(**state)
    if MASKS[state["mask"]] in ((True, True), (False, False)):
        source, lengths = as_source([state["text"]])
        source = np.pad(source, ((0, 0), (0, state["padding"])))
        mask = padding_mask(lengths, source.shape[1])[:, None] if state["mask"] == "in both" else None
        params = date_model()
        tokens = greedy(params, source, BEGIN, 11, mask).tokens
        assert as_texts(tokens)[0] == shown.answer
        memory = encode(params, source, mask)[0][0, : len(state["text"])]
        right = encode(params, as_source([state["text"]])[0])[0][0]
        change = np.linalg.norm(memory - right, axis=-1) / np.linalg.norm(right, axis=-1)
        np.testing.assert_allclose(shown.change, change, atol=1e-10)
    row, column = list(MASKS).index(state["mask"]), PADDINGS.index(state["padding"])
    assert shown.wrong[row, column] == wrong_characters(shown.answer, DATES[state["text"]]).sum()


@pytest.mark.parametrize("text", DATES)
def test_with_both_masks_padding_does_no_harm_and_without_it_does(text):
    shown = padding_damage.measure(text=text)
    rows = dict(zip(MASKS, shown.wrong, strict=True))
    assert not rows["in both"].any()
    assert all(rows[mask][-1] > 0 for mask in MASKS if mask != "in both"), "each of both places needs its mask"
    assert not shown.wrong[:, 0].any()


@pytest.mark.parametrize("mask", MASKS)
def test_a_mask_in_the_encoder_keeps_its_outputs(mask):
    change = padding_damage.measure(mask, 24).change
    assert change.any() == (not MASKS[mask][0])


def test_any_number_of_padded_characters_can_be_asked_for():
    assert padding_damage.measure("in both", 5).answer == "2021-06-07"
    assert padding_damage.measure("nowhere", 5).change.mean() > 0.1


def test_wrong_characters_are_those_that_differ_are_missing_or_too_many():
    assert wrong_characters("?", "2021").tolist() == [True] * 4
    assert wrong_characters("20219", "2021").tolist() == [False] * 4 + [True]
    assert wrong_characters("2022", "2021").tolist() == [False, False, False, True]


def test_scores_of_the_workshop_give_its_weights():
    shown = mask_workshop.measure()
    query = np.random.default_rng(12).normal(size=(2, 4, 4))
    np.testing.assert_allclose(shown.attn_weights, attention_weights(*query, shown.mask))


def test_each_part_says_a_line_of_code_that_stands_in_the_library():
    modules = [import_module(f"attnlib.{name}") for name in ("transformer", "encoder", "decoder", "residual")]
    source = "".join(inspect.getsource(module) for module in modules)
    assert set(PARTS) == set(CODE)
    assert [part for part, code in CODE.items() if code not in source] == []


@pytest.mark.parametrize("norm", NORMS)
def test_every_box_of_the_anatomy_says_its_shapes(norm):
    picture = "\n".join(to_svg(anatomy.frame({"norm": norm})))
    for part, words in words_of_parts(NORMS[norm]).items():
        boxes = 5 + 2 * NORMS[norm] if part == "norms" else 1  # each stack shows one of its layers
        assert picture.count(f'data-words="{words}"') == boxes, part


@every_state(shift_by_one)
def test_a_step_sees_what_its_row_of_the_mask_allows(state):
    shown = shift_by_one.measure(**state)
    here = state["step"] - 1
    seen = {"causal": range(here + 1), "none": range(STEPS), "turned round": range(here + 1, STEPS)}[state["mask"]]
    written = STEPS if state["when"] == "in training" else here + 1
    assert np.flatnonzero(shown.seen).tolist() == [place for place in seen if place < written]


@every_state(shift_by_one)
def test_an_answer_in_sight_is_the_character_to_predict_one_place_ahead(state):
    shown = shift_by_one.measure(**state)
    assert shown.in_sight == (state["mask"] != "causal" and state["when"] == "in training" and state["step"] < STEPS)
    if state["step"] < STEPS:
        assert READ[state["step"]] == WANTED[state["step"] - 1]
    assert ("the answer is in sight" in words_of(shift_by_one, state)) == shown.in_sight


@pytest.mark.parametrize("step", range(1, STEPS + 1))
def test_turned_round_a_step_in_use_sees_nothing_as_only_the_last_one_in_training(step):
    assert not shift_by_one.measure("turned round", "in use", step).seen.any()
    assert shift_by_one.measure("turned round", "in training", step).seen.any() == (step < STEPS)


def test_the_arrays_of_the_journey_are_those_of_the_model():
    params, (source, _) = date_model(), as_source([TEXT])
    target = np.array([[BEGIN, *as_batch([("x", SAID)]).wanted[0, : len(SAID)]]])
    logits, maps = transformer(params, source, target)
    found = {(box.side, box.name): box.array for box in boxes()}
    np.testing.assert_allclose(found[0, "memory"], encode(params, source)[0][0], atol=1e-12)
    np.testing.assert_allclose(found[1, "looks across"], maps.cross[1][0].mean(axis=0), atol=1e-12)
    np.testing.assert_allclose(found[1, "logits"], logits[0], atol=1e-12)


def test_to_write_the_6_of_june_the_journey_looks_at_the_n():
    across = next(box.array for box in boxes() if box.name == "looks across")
    assert across[-1].argmax() == TEXT.index("n")
    assert across[-1].max() > 0.9


def test_the_line_of_the_journey_leads_past_the_weights():
    """They come out of layer 2 and go nowhere."""
    middles = [grid.middle()[1] for grid in journey_plan(narrow=False)]
    assert len(set(middles[:2])) == len({*middles[2:4], middles[5]}) == 1
    assert middles[4] > middles[3]


@pytest.mark.parametrize("narrow", [False, True])
def test_the_memory_enters_the_decoder_before_layer_1_and_where_the_weights_of_layer_2_hang(narrow):
    plan = journey_plan(narrow)
    heads = [arrow.xy[0] for arrow in journey.frame(narrow=narrow).axes[0].findobj(Annotation)][-2:]
    assert plan[2].middle()[0] < heads[0] < plan[3].middle()[0]
    assert heads[1] == plan[4].middle()[0]
    assert plan[3].middle()[0] < heads[1] < plan[5].left


def test_equal_characters_enter_the_journey_as_similar_rows():
    read, memory = (box.array[[TEXT.index("2"), TEXT.rindex("2")]] for box in boxes()[:2])
    assert cosine_scores(*read[:, None]) > 0.9
    assert cosine_scores(*memory[:, None]) < cosine_scores(*read[:, None])


@every_state(journey)
def test_every_stop_says_its_shape_and_only_two_have_other_than_64_columns(state):
    shown = journey.measure(**state)
    rows, columns = shown.arrays[state["stop"] - 1].shape
    assert f"{rows} × {columns} numbers" in journey.readout(shown)
    assert sum(array.shape[1] != 64 for array in shown.arrays) == 2
    assert {array.shape[0] for array in shown.arrays} == {len(TEXT), len(SAID) + 1}


@every_state(next_character)
def test_next_letters_are_the_models_and_no_more_than_may_be_drawn(state):
    shown = next_character.measure(**state)
    logits, [attn_weights] = language_model(load_name_model(dtype=np.float64), as_beginning(state["beginning"]))
    np.testing.assert_allclose(shown.plain, np.roll(softmax(logits[-1]), -1), rtol=1e-12)
    np.testing.assert_allclose(shown.attn_weights, attn_weights[:, -1], rtol=1e-12)
    assert shown.probs.sum() == pytest.approx(1)
    drawn = np.flatnonzero(shown.probs)
    assert len(drawn) == state["top_k"]
    assert shown.plain[drawn].min() >= np.delete(shown.plain, drawn).max(initial=0)
    assert SIGNS[int(shown.plain.argmax())] in next_character.readout(shown)


def test_a_name_may_begin_with_nothing_and_not_with_a_sign_that_is_no_letter():
    assert next_character.readout(next_character.measure("")).startswith("At the beginning the model gives")
    with pytest.raises(ValueError, match="a name has the letters a to z only"):
        next_character.measure("josé")


@pytest.mark.parametrize("narrow", [False, True])
@pytest.mark.parametrize("beginning", ["", "a" * 15, "Mar"])
def test_any_beginning_can_be_drawn(beginning, narrow):
    written = words_of(next_character, {"beginning": beginning}, narrow=narrow)
    assert f"after “▷{beginning.lower()}”: drawn next" in written
    assert {*SIGNS} <= {*written}


@every_state(running_softmax)
def test_three_numbers_are_enough_for_the_softmax_of_the_keys_so_far(state):
    numbers = running_softmax.measure(**state)
    keys = 3 * state["read"]
    attn_weights = softmax(numbers.scores[:keys])
    np.testing.assert_allclose(numbers.attn_weights[:keys], attn_weights)
    assert (numbers.attn_weights[keys:] == 0).all()
    assert numbers.highest[-1] == numbers.scores[:keys].max()
    np.testing.assert_allclose(numbers.total[-1], np.exp(numbers.scores[:keys] - numbers.highest[-1]).sum())
    read, blocks, output, *_ = numbers_in(running_softmax.readout(numbers))
    assert (read, blocks) == (state["read"], 4)
    assert output == pytest.approx(numbers.weighted[-1] / numbers.total[-1], abs=0.005)


@pytest.mark.parametrize("high", [1, 2, 3, 4])
def test_after_the_last_block_the_output_is_that_of_the_whole_softmax(high):
    last = numbers_in(running_softmax.readout(running_softmax.measure(read=4, high=high)))
    assert last[2] == last[3]
