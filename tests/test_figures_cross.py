"""What the figures of chapter 7 show is what attention, and the trained date model, compute."""

import numpy as np
import pytest
from ipywidgets import Widget

from attncourse.figures.cross import (
    alignment,
    blank_out,
    edit_source,
    map_misleads,
    memory_switch,
    patching,
    shuffle_memory,
    sources,
)
from attncourse.figures.cross.alignment import EXAMPLES, MEAN
from attncourse.figures.cross.edit_source import ALONE, READ_AGAIN, SOURCE
from attncourse.figures.cross.map_misleads import idle, lost_by, overlooked
from attncourse.figures.cross.memory_switch import ITSELF, OTHER
from attncourse.figures.cross.patching import turns
from attncourse.figures.cross.removals import (
    DELETED,
    HIDDEN,
    SPACE,
    UNREADABLE,
    lost_by_one_vector,
    probabilities,
    without_each,
)
from attncourse.figures.cross.shuffle_memory import MEMORY, QUERIES, SHUFFLED
from attncourse.figures.cross.sources import ENGLISH_VECTORS, GERMAN_VECTORS
from attncourse.figures.date_readings import answer_of, date_model, reading, signs
from attncourse.live import live_widget
from attnlib import attention, decode, encode, softmax
from attnlib.dates.model import translate
from attnlib.dates.task import BEGIN, UNKNOWN, as_source
from tests.explorers import every_state, numbers_in, said_by, words_of

ALL = (alignment, blank_out, edit_source, map_misleads, memory_switch, patching, shuffle_memory, sources)


@pytest.mark.parametrize("explorer", ALL, ids=lambda explorer: explorer.name)
def test_sentences_are_short(explorer):
    assert max(map(len, explorer.describe()["readouts"])) <= 180
    assert len(explorer.states) <= 100


# Blanking a character out


@every_state(blank_out)
def test_what_is_said_is_what_translate_says_to_the_text_with_a_space(state):
    shown, text, place = blank_out.measure(**state), state["text"], state["blanked"]
    [found] = translate(date_model(), [text[: place - 1] + " " + text[place:] if place else text])
    assert (shown.says, shown.probability) == (found.answer, pytest.approx(found.confidence))
    assert shown.answer == "2021-06-07"
    assert shown.weights_now.sum() == pytest.approx(1)
    assert shown.attn_weights.sum() == pytest.approx(1)


def test_at_the_start_nothing_is_blanked_out_and_nothing_given_away():
    shown = blank_out.measure()
    assert shown.says == shown.answer
    assert "becomes" not in blank_out.readout(shown)


def test_a_separator_with_little_weight_decides_the_day_and_the_last_digit_with_more_does_not():
    for text in blank_out.controls["text"].stops:
        separator, last = (blank_out.measure(text, place) for place in (2, 8))
        assert separator.attn_weights[1] < 0.05 < 0.15 < separator.attn_weights[7]
        assert separator.says[8:] == "06"
        assert last.says[8:] == "07"


@pytest.mark.parametrize("narrow", [False, True])
def test_every_weight_is_written_and_every_bar_says_its_own(narrow):
    shown = blank_out.measure()
    words, said = words_of(blank_out, {}, narrow), said_by(blank_out, {}, "words", narrow)
    for character, weight in zip(shown.text, shown.attn_weights, strict=True):
        assert f"{weight:.2f}" in words
        assert f"weight {weight:.2f} on “{character}”" in said


@pytest.mark.parametrize("narrow", [False, True])
def test_an_outline_far_above_its_bar_has_a_number_of_its_own(narrow):
    state = {"text": "7.6.2021", "blanked": 2}
    shown = blank_out.measure(**state)
    words = words_of(blank_out, state, narrow)
    assert f"{shown.weights_now[2]:.2f}" in words
    assert f"{shown.attn_weights[2]:.2f}" in words
    assert f"{shown.weights_now[0]:.2f}" not in words


# Where queries, keys and values come from


def test_self_attention_makes_all_three_of_one_sequence_and_cross_attention_the_queries_of_another():
    own, other = sources.measure()
    assert own.attn_weights.shape == (3, 3)
    assert other.attn_weights.shape == (2, 3)
    for shown, x in ((own, ENGLISH_VECTORS), (other, GERMAN_VECTORS)):
        output, attn_weights = attention(shown.query, shown.key, shown.value)
        np.testing.assert_allclose(shown.attn_weights, attn_weights)
        np.testing.assert_allclose(shown.output, output)  # w_o changes nothing here
        assert len(shown.query) == len(x)
        assert len(shown.key) == len(shown.value) == len(ENGLISH_VECTORS)
    np.testing.assert_array_equal(own.value, other.value)


def test_sources_can_be_checked_by_hand():
    for shown in sources.measure():
        for whole in (shown.query, shown.key, shown.value):
            np.testing.assert_array_equal(whole, whole.round())
        np.testing.assert_allclose(shown.attn_weights.round(2).sum(axis=-1), 1)


@pytest.mark.parametrize("narrow", [False, True])
def test_sources_write_every_weight_and_both_sizes(narrow):
    words = words_of(sources, {}, narrow)
    for shown in sources.measure():
        for weight in shown.attn_weights.ravel():
            assert f"{weight:.2f}" in words
    assert {"3 × 3 weights", "2 × 3 weights"} <= set(words)


# One function, two memories


@every_state(memory_switch)
def test_weights_have_a_row_for_each_query_and_a_column_for_each_key(state):
    shown = memory_switch.measure(**state).shown
    seq_k = state["seq_q"] if state["memory"] == ITSELF else state["seq_k"]
    assert shown.attn_weights.shape == (state["seq_q"], seq_k)
    assert len(shown.output) == state["seq_q"]
    assert len(shown.key) == len(shown.value) == seq_k
    np.testing.assert_allclose(shown.attn_weights.sum(axis=-1), 1)
    assert state["seq_q"] * seq_k in numbers_in(memory_switch.readout(memory_switch.measure(**state)))


def test_switching_the_memory_leaves_the_queries_alone():
    own, other = (memory_switch.measure(memory=memory, seq_q=3).shown for memory in (ITSELF, OTHER))
    np.testing.assert_array_equal(own.query, other.query)
    assert not np.allclose(own.key, other.key[:3])
    assert not np.allclose(own.value, other.value[:3])


@pytest.mark.parametrize("seq_q", memory_switch.controls["seq_q"].stops)
def test_an_answer_that_asks_itself_does_not_see_what_comes_later(seq_q):
    weights = memory_switch.measure(memory=ITSELF, seq_q=seq_q).shown.attn_weights
    np.testing.assert_array_equal(weights > 0, np.tri(seq_q, dtype=bool))


def test_a_memory_of_one_token_gets_all_the_weight_of_every_query():
    shown = memory_switch.measure(seq_q=4, seq_k=1).shown
    np.testing.assert_array_equal(shown.attn_weights, 1)
    np.testing.assert_allclose(shown.output, np.repeat(shown.value, 4, axis=0))


def test_the_length_of_a_sequence_that_is_not_read_is_said_all_the_same():
    lengths = memory_switch.controls["seq_k"].stops
    for memory in (ITSELF, OTHER):
        said = {memory_switch.readout(memory_switch.measure(memory=memory, seq_k=seq_k)) for seq_k in lengths}
        assert len(said) == len(lengths)


@pytest.mark.parametrize("narrow", [False, True])
def test_pointing_at_a_token_lights_its_vectors_and_its_weights(narrow):
    seq_q, seq_k, d = 3, 5, 4
    belongs = said_by(memory_switch, {"seq_q": seq_q, "seq_k": seq_k}, "of", narrow)
    for query in range(seq_q):  # its name, its numbers in query and output, its row of weights
        assert sum(f"other-r{query}" in of.split() for of in belongs) == 1 + 2 * d + seq_k
    for key in range(seq_k):
        assert sum(f"other-c{key}" in of.split() for of in belongs) == 1 + 2 * d + seq_q


# Shuffling


@every_state(shuffle_memory)
def test_outputs_ignore_the_memory_s_order_and_follow_that_of_the_queries(state):
    shown = shuffle_memory.measure(**state)
    assert sorted(shown.queries) == list(range(len(QUERIES)))
    assert sorted(shown.memory) == list(range(len(MEMORY)))
    moved = list(shown.queries)
    keys_alone, memory_stays = state["shuffled"] == SHUFFLED[-1], state["shuffled"] in ("nothing", "the queries")
    same = np.allclose(shown.shuffled_output, shown.output[moved], atol=1e-12)
    assert same == (memory_stays or not (keys_alone or state["encoding"]))
    assert same == (np.abs(shown.change).max() == 0)
    assert ("outputs: the same" in shuffle_memory.readout(shown)) == same


def test_at_the_start_nothing_is_shuffled():
    shown = shuffle_memory.measure()
    np.testing.assert_array_equal(shown.after, shown.before)
    assert "order" not in shuffle_memory.readout(shown)


def test_weights_move_with_their_keys_even_where_the_values_are_left_behind():
    shown = shuffle_memory.measure(shuffled=SHUFFLED[-1])
    np.testing.assert_allclose(shown.after, shown.before[:, list(shown.memory)])
    assert np.abs(shown.change).max() > 0.5


def test_pointing_at_a_query_lights_its_rows_wherever_they_stand():
    belongs = said_by(shuffle_memory, {"shuffled": "both"}, "of")
    for query in range(len(QUERIES)):  # weights and outputs before and after, the change; and three names
        assert sum(f"query{query}" in of.split() for of in belongs) == 2 * (4 + 4) + 4 + 3


# Alignment


@pytest.mark.parametrize("narrow", [False, True])
def test_a_cell_says_what_was_said_on_which_character_with_which_weight(narrow):
    shown = alignment.measure()
    said = [said_by(alignment, {}, name, narrow) for name in ("row", "column", "value")]
    found = set(zip(*said, strict=True))
    for i, j in np.ndindex(shown.attn_weights.shape):
        character = shown.text[j].replace(" ", "␣")
        assert (shown.said[i], character, f"{shown.attn_weights[i, j]:.2f}") in found


@every_state(alignment)
def test_rows_of_an_alignment_sum_to_one(state):
    shown = alignment.measure(**state)
    assert shown.attn_weights.shape == (len(shown.said), len(state["text"]))
    np.testing.assert_allclose(shown.attn_weights.sum(axis=-1), 1)


def test_mean_of_all_heads_is_the_mean_of_the_heads():
    stops = alignment.controls["heads"].stops
    for mean, start in ((MEAN, "layer"), ("layer 1, mean", "layer 1"), ("layer 2, mean", "layer 2")):
        heads = [name for name in stops if name.startswith(start) and "head" in name]
        one_by_one = [alignment.measure(heads=name).attn_weights for name in heads]
        np.testing.assert_allclose(alignment.measure(heads=mean).attn_weights, np.mean(one_by_one, axis=0))


def test_the_map_at_first_has_the_weights_of_the_other_figures():
    np.testing.assert_allclose(alignment.measure().attn_weights[9], map_misleads.measure().attn_weights)


def test_examples_are_read_as_translate_reads_them():
    for found in translate(date_model(), list(EXAMPLES)):
        shown = alignment.measure(text=found.text)
        assert answer_of(shown.said) == found.answer
        assert shown.probability.prod() == pytest.approx(found.confidence)
        assert found.answer == ("1999-05-31" if "May" in found.text else "2021-06-07")
        assert found.confidence > 0.9


@pytest.mark.parametrize("text", ["", "x" * 41])
def test_a_text_that_is_empty_or_too_long_is_refused(text):
    with pytest.raises(ValueError, match="1 to 40 characters"):
        alignment.measure(text=text)


def test_a_reader_types_a_date_in_a_live_kernel():
    text, _, picture, sentence, _ = live_widget(alignment).children
    before = picture.value
    text.value = "24 décembre 1999"  # on no page
    assert "becomes 1999-12-24" in sentence.value
    drawn = picture.value
    assert drawn != before
    text.value = ""
    assert "Not drawn: a text must have 1 to 40 characters" in sentence.value
    assert picture.value == drawn
    Widget.close_all()


@pytest.mark.parametrize("text", ["7", "the thirty-first of December 1999, a day", "7. Ma\u0308rz 2021"])
def test_any_other_text_can_be_drawn(text):
    for narrow in (False, True):
        assert text[0] in words_of(alignment, {"text": text}, narrow)
    map_misleads.frame({"text": text, "step": 10})


# Editing the source


@every_state(edit_source)
def test_an_edit_moves_every_memory_vector_or_its_own_alone(state):
    shown = edit_source.measure(**state)
    moved = np.flatnonzero(shown.memory_change)
    if state["scope"] == ALONE:
        assert moved.tolist() == [state["character"] - 1]
    else:
        assert len(moved) == len(SOURCE), "the encoder lets every character see the edit"
    np.testing.assert_allclose(shown.weight_change.sum(axis=-1), 0, atol=1e-7)


def test_the_model_s_answer_to_the_edited_text_is_what_translate_says():
    for character, new in ((6, "l"), (1, "9"), (12, "9")):
        shown = edit_source.measure(character=character, new=new)
        assert answer_of(shown.says) == translate(date_model(), [shown.text])[0].answer
    assert answer_of(edit_source.measure(6, "l").says) == "2021-07-07", "Juni has become Juli"


def test_one_moved_key_takes_or_gives_weight_of_the_others_in_proportion():
    """In layer 1 the queries do not know the memory: a softmax shares the rest as before."""
    edit, target = 5, np.insert(reading(SOURCE).said[:-1], 0, BEGIN)[None]
    before, other = (
        encode(date_model(), as_source([text])[0])[0] for text in (SOURCE, edit_source.measure(6, "l").text)
    )
    after = before.copy()
    after[:, edit] = other[:, edit]
    (old, _), (new, _) = (decode(date_model(), target, memory)[1] for memory in (before, after))
    rest = np.arange(len(SOURCE)) != edit
    ratios = new[1][..., rest] / old[1][..., rest]
    np.testing.assert_allclose(ratios, ratios[..., :1] * np.ones_like(ratios), rtol=1e-8)
    shown = edit_source.measure(character=edit + 1, new="l", scope=ALONE, layer=1)
    np.testing.assert_allclose(shown.weight_change, (new[1] - old[1])[0].mean(axis=0), atol=1e-8)


def test_an_edit_that_changes_nothing_moves_nothing():
    shown = edit_source.measure(character=1, new="7", scope=READ_AGAIN)
    assert not shown.memory_change.any()
    assert not shown.weight_change.any()
    assert "stays" in edit_source.readout(shown)


@pytest.mark.parametrize("new", ["", "ab"])
def test_an_edit_of_more_or_less_than_one_character_is_refused(new):
    with pytest.raises(ValueError, match="one character"):
        edit_source.measure(new=new)


# When the map misleads


def test_what_is_lost_is_that_of_one_text_at_a_time():
    text, step, character = "6/7/21", 6, 0
    read, params = reading(text), date_model()
    source, target = read.source[None], np.insert(read.said[:-1], 0, BEGIN)[None]
    memory, _ = encode(params, source)
    mask = np.arange(len(text))[None] != character
    unknown = source.copy()
    unknown[0, character] = UNKNOWN
    for way, logits in (
        (HIDDEN, decode(params, target, memory, mask)[0]),
        (SPACE, decode(params, target, encode(params, as_source([" /7/21"])[0])[0])[0]),
        (DELETED, decode(params, target, encode(params, as_source(["/7/21"])[0])[0])[0]),
        (UNREADABLE, decode(params, target, encode(params, unknown)[0])[0]),
    ):
        expected = read.probs[step, read.said[step]] - softmax(logits)[0, step, read.said[step]]
        assert lost_by(text, way)[character, step] == pytest.approx(expected, abs=2e-6)


def test_each_text_lacks_its_own_character():
    source = np.array([5, 6, 7])
    np.testing.assert_array_equal(without_each(source, DELETED)[0], [[6, 7], [5, 7], [5, 6]])
    sources, mask = without_each(source, HIDDEN)
    np.testing.assert_array_equal(sources, [source] * 3)
    np.testing.assert_array_equal(mask[:, 0], ~np.eye(3, dtype=bool))
    np.testing.assert_array_equal(np.argwhere(without_each(source, UNREADABLE)[0] == UNKNOWN), [[0, 0], [1, 1], [2, 2]])


def test_probabilities_of_the_model_s_own_answer_are_those_it_had_while_reading():
    read = reading("7.6.2021")
    memory, _ = encode(date_model(), read.source)
    expected = read.probs[np.arange(len(read.said)), read.said]
    np.testing.assert_allclose(probabilities(date_model(), memory, read.said), expected)


def test_the_dot_acts_through_the_vectors_of_others():
    read = reading("7.6.2021")
    own, others = lost_by_one_vector(date_model(), read.source, read.said)
    assert np.abs(own[1, 9]) < 0.001
    assert others[1, 9] > 0.9
    assert np.abs(lost_by("7.6.2021", HIDDEN)[1, 9]) < 0.001
    assert lost_by("7.6.2021", SPACE)[1, 9] > 0.9


def test_a_digit_that_is_copied_is_lost_with_its_character():
    for way in (HIDDEN, SPACE, DELETED, UNREADABLE):
        shown = map_misleads.measure("June 7th, 2021", 10, way)
        assert shown.attn_weights.argmax() == shown.lost.argmax() == 5
        assert shown.lost[5] > 0.9


def test_some_characters_with_little_weight_decide_and_some_with_much_are_not_needed():
    shown = [map_misleads.measure(**state) for state in map_misleads.states]
    unseen = [numbers for numbers in shown if overlooked(numbers)]
    needless = [numbers for numbers in shown if idle(numbers)]
    assert len(unseen) >= 1
    assert len(needless) > len(shown) / 5
    for numbers in unseen:
        worst = overlooked(numbers)[0]
        assert numbers.attn_weights[worst] < 0.1 < 0.5 < numbers.lost[worst]
        assert "little weight, much lost" in map_misleads.readout(numbers)


@pytest.mark.parametrize("narrow", [False, True])
def test_what_is_framed_is_named(narrow):
    shown = map_misleads.measure()
    words = words_of(map_misleads, {}, narrow)
    for title, found in (("little weight, much lost", overlooked(shown)), ("much weight, little lost", idle(shown))):
        names = " ".join(f"“{shown.text[i]}”" for i in found) or "none"
        assert f"{title}: {names}" in words


# Exchanging one vector


@every_state(patching)
def test_a_memory_with_one_vector_exchanged_is_written_as_greedy_decoding_does(state):
    shown = patching.measure(**state)
    assert list(shown.answers) == [found.answer for found in translate(date_model(), shown.texts)]
    memories = [encode(date_model(), as_source([text])[0][0])[0] for text in shown.texts]
    place = max(shown.exchanged, 1) - 1
    for row, own in enumerate(memories):
        patched = own.copy()
        patched[place] = memories[1 - row][place]
        said = [BEGIN]
        while len(said) <= len(reading(shown.texts[0]).said):
            said.append(int(decode(date_model(), np.array(said), patched)[0][-1].argmax()))
        assert shown.patched[row][place] == answer_of(signs(np.array(said[1:])))


def test_the_vector_of_the_6_alone_spoils_the_answer_and_brings_it_back():
    for text in patching.controls["text"].stops:
        shown = patching.measure(text)
        both = [place for place in range(len(text)) if turns(shown, 0, place) and turns(shown, 1, place)]
        assert both == [text.index("6")]


def test_before_a_vector_is_exchanged_nothing_is_given_away():
    for narrow in (False, True):
        words = words_of(patching, {}, narrow)
        assert "06-06" not in words
        assert "06-06" in words_of(patching, {"exchanged": 3}, narrow)
    assert "yet" in patching.readout(patching.measure())


@pytest.mark.parametrize("narrow", [False, True])
def test_another_wrong_answer_is_called_so_once_it_is_found(narrow):
    said = [
        [words for words in words_of(patching, {"exchanged": n}, narrow) if words.endswith(": still wrong")]
        for n in (0, 1, 8)
    ]
    assert said == [[], ["07-06: still wrong"], ["07-06, 02-06: still wrong"]]


@pytest.mark.parametrize("narrow", [False, True])
def test_the_way_of_the_separator_is_drawn_once_every_vector_is_exchanged(narrow):
    drawn = ["self-attention" in str(words_of(patching, {"exchanged": n}, narrow)) for n in range(9)]
    assert drawn == [False] * 8 + [True]
