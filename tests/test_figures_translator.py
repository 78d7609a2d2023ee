"""What the figures of the real translator show is what the experiment stored, and what they count is counted right."""

import numpy as np
import pytest

from attncourse.figures.translator import translator_alignment, translator_encoder, translator_removals
from attncourse.figures.translator.stored import HEADS, LAYERS, result, sentence, sentences
from attncourse.figures.translator.translator_removals import ALIGNING, MATTERS, MEAN
from tests.explorers import every_state, numbers_in, said_by, words_of

ALL = translator_alignment, translator_encoder, translator_removals
HALF = 0.005  # what a weight in hundredths may be off


def stored(text, *where):
    part = result()["sentences"][text]
    for name in where:
        part = part[name]
    return np.array(part) / 1000


@pytest.mark.parametrize("explorer", ALL, ids=lambda explorer: explorer.name)
def test_sentences_are_short(explorer):
    assert max(map(len, explorer.describe()["readouts"])) <= 320


def test_every_head_of_both_sides_is_stored():
    for text in sentences():
        source, said, *_ = sentence(text)
        assert stored(text, "cross").shape == (2, HEADS, len(said), len(source))
    for text in sentences(with_encoder=True):
        seq = len(sentence(text).source)
        assert stored(text, "encoder").shape == (LAYERS, HEADS, seq, seq)


# The encoder


@every_state(translator_encoder)
def test_the_encoder_s_rows_are_weights_and_the_shares_are_of_them(state):
    shown = translator_encoder.measure(**state)
    weights = stored(state["text"], "encoder")[state["layer"] - 1, state["head"] - 1]
    assert np.abs(weights.sum(axis=1) - 1).max() < 0.01
    assert np.abs(shown.attn_weights - weights).max() <= HALF + 1e-9
    assert sum(shown.shares.values()) == pytest.approx(1)
    assert min(shown.shares.values()) >= -0.011  # what rounding four others may take from the rest
    on_itself = np.trace(weights[:-2, :-2]) / len(weights)
    assert shown.shares["itself"] == pytest.approx(on_itself, abs=0.011)


def test_the_framed_row_is_that_of_the_word_to_watch():
    asking = {text: translator_encoder.measure(text=text) for text in sentences(with_encoder=True)}
    assert [shown.tokens[shown.asking] for shown in asking.values()] == ["_bank", "_bank", "_red", "_its"]


@pytest.mark.parametrize("narrow", [False, True])
def test_every_weight_of_the_encoder_can_be_read_by_pointing_at_it(narrow):
    shown = translator_encoder.measure()
    said = said_by(translator_encoder, {}, "value", narrow)
    assert sorted(said) == sorted(f"{weight:.2f}" for weight in shown.attn_weights.ravel())
    words = words_of(translator_encoder, {}, narrow)
    assert {f"{share:.2f}" for share in shown.shares.values()} <= set(words)
    in_words = {f"{weight:.2f}" for weight in shown.attn_weights[shown.asking] if weight >= 0.1}
    assert {word.removeprefix("0") if narrow else word for word in in_words} <= set(words)


# Alignment


@every_state(translator_alignment)
def test_the_largest_weights_on_links_are_counted(state):
    shown = translator_alignment.measure(**state)
    rows = [(weights, links) for weights, links in zip(shown.attn_weights, shown.links, strict=True) if links]
    agreed = sum(weights[links].max() == weights.max() and int(weights.argmax()) in links for weights, links in rows)
    assert shown.agreed == agreed
    found = numbers_in(translator_alignment.readout(shown).partition("Layer")[2])
    assert found == [state["layer"], state["head"], agreed, len(rows), 24, shown.everywhere, 100]


def test_the_default_head_gives_nothing_away():
    shown = translator_alignment.measure()
    best = max(translator_alignment.numbers, key=lambda numbers: numbers.everywhere)
    assert (best.layer, best.head) == (2, 1)
    assert shown.everywhere < 60 < 90 < best.everywhere


def test_words_that_change_places_cross_in_the_frames():
    links = translator_alignment.measure().links
    said = translator_alignment.measure().said
    car, red = said.index("_carro"), said.index("_vermelho")
    assert red == car + 1
    assert links[red][0] == links[car][0] - 1


# Removals


@every_state(translator_removals)
def test_heaviest_and_costliest_are_the_largest_of_their_rows(state):
    shown = translator_removals.measure(**state)
    lost = stored(state["text"], "lost", state["way"]).T
    cross = stored(state["text"], "cross")
    weights = cross[1, 0] if state["heads"] == ALIGNING else cross.mean(axis=(0, 1))
    assert np.abs(shown.attn_weights - weights).max() <= HALF + 1e-9
    assert np.abs(shown.lost - np.clip(lost, 0, 1)).max() <= HALF + 1e-9
    for step, counted in enumerate(shown.counted):
        assert shown.attn_weights[step, shown.heaviest[step]] == shown.attn_weights[step].max()
        most = np.round(shown.lost[step].max() - shown.lost[step], 2) <= 0.01
        assert shown.costliest[step] == np.flatnonzero(most).tolist()
        if counted:
            assert shown.lost[step].max() > MATTERS
            assert shown.agreed[step] == (shown.heaviest[step] in shown.costliest[step])
    assert not any(np.array(shown.agreed) & ~np.array(shown.counted))


def test_points_and_ends_are_not_counted():
    for state in translator_removals.states[:: len(translator_removals.states) // 8]:
        shown = translator_removals.measure(**state)
        assert not any(shown.counted[i] for i, token in enumerate(shown.said) if token in (".", "end"))


def test_the_map_misleads_somewhere_in_the_first_sentence():
    shown = translator_removals.measure(heads=MEAN)
    assert 0 < sum(shown.agreed) < sum(shown.counted)
    assert "looks most at" in translator_removals.readout(shown)


def test_tied_losses_are_all_framed():
    shown = translator_removals.measure(text="My cat hid its toy under the sofa.", way="deleted")
    toy = shown.said.index("_brinquedo")
    assert [shown.source[j] for j in shown.costliest[toy]] == ["_to", "y"]
    assert sum(shown.agreed) == 9


@pytest.mark.parametrize("narrow", [False, True])
def test_both_maps_say_their_numbers(narrow):
    shown = translator_removals.measure()
    said = said_by(translator_removals, {}, "value", narrow)
    assert sorted(said) == sorted(f"{x:.2f}" for x in [*shown.attn_weights.ravel(), *shown.lost.ravel()])
