"""The experiment with the real translator: what it does to a model, and that what is stored fits together.

On small random parameters, so that no weights of others are needed; with them, some of the result is computed again.
"""

import json

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from attncourse.results import load_result
from attnlib import init_multi_head, multi_head_attention
from attnlib.translator.installed import is_installed
from attnlib.translator.model import as_params, decode, encode, memory_heads
from experiments import translator, translator_removals
from experiments.translator_removals import DELETED, HIDDEN, OTHERS, OWN, UNKNOWN, UNREADABLE, WAYS, Step, without
from experiments.word_links import crossings, linked, linked_pieces, read_linked, words_of
from tests.notebooks import ROOT
from tests.test_translator import GOLDEN, SAID
from tests.test_translator_model import HEADS, SOURCE, marian_arrays

RESULT = load_result("translator")
PAIRS = {pair.source: pair for pair in read_linked()}

needs_weights = pytest.mark.skipif(
    not is_installed(), reason="the translator's weights are not installed: make translator"
)


@pytest.fixture
def params(rng):
    return as_params(marian_arrays(rng), HEADS)


# Links by hand


def test_numbers_behind_a_word_are_places_in_the_source():
    pair = linked("She opened a bank account.", "Ela/1 abriu/2 uma/3 conta/5 bancária./4,5 sim")
    assert pair.said == "Ela abriu uma conta bancária. sim"
    assert pair.links == [{0}, {1}, {2}, {4}, {3, 4}, set()]


def test_tokens_belong_to_the_word_that_they_are_a_part_of():
    assert words_of(["_", "hid", "_its", "_to", "y", ".", "</s>"]) == [0, 0, 1, 2, 2, None, None]
    pair = linked("red car", "carro/2 vermelho/1")
    assert linked_pieces(pair, ["_red", "_c", "ar", "</s>"], ["_car", "ro", "_vermelho", "</s>"]) == [
        [1, 2],
        [1, 2],
        [0],
        [],
    ]


def test_neighbours_cross_if_they_stand_the_other_way_round():
    assert crossings(linked("a red car", "um/1 carro/3 vermelho/2")) == [(1, 2)]
    assert crossings(linked("a b c", "x/1,2 y/2 z/3")) == []


def test_every_pair_is_one_of_the_sentences_and_its_links_are_words_of_it():
    assert len(PAIRS) == 24
    for text, pair in PAIRS.items():
        assert pair.said == SAID[text]
        assert set().union(*pair.links) <= set(range(len(text.split())))


# Removals


@pytest.mark.parametrize("token", range(len(SOURCE)))
def test_each_way_takes_one_token_away(params, token):
    memory, others = encode(params, SOURCE)[0], np.arange(len(SOURCE)) != token
    hidden, mask = without(params, SOURCE, token, HIDDEN)
    assert_array_equal(hidden, memory)
    assert_array_equal(mask, others)
    assert_array_equal(without(params, SOURCE, token, DELETED)[0], encode(params, SOURCE[others])[0])
    unreadable, _ = without(params, SOURCE, token, UNREADABLE)
    assert_array_equal(unreadable, encode(params, np.where(others, SOURCE, UNKNOWN))[0])
    own, rest = (without(params, SOURCE, token, way)[0] for way in (OWN, OTHERS))
    for mixed, from_unreadable in ((own, ~others), (rest, others)):
        assert_array_equal(mixed[from_unreadable], unreadable[from_unreadable])
        assert_array_equal(mixed[~from_unreadable], memory[~from_unreadable])


def test_a_step_counts_ties_as_costliest():
    step = Step(np.zeros((2, 3, 4)), np.array([0.5, 0.495, 0.2, 0.0]), np.zeros(4, bool))
    assert_array_equal(step.costliest(tied=0.01), [True, True, False, False])


def test_another_token_is_never_the_heaviest(rng):
    weights = np.array([0.1, 0.6, 0.3])
    assert {translator_removals.another(rng, weights) for _ in range(50)} == {0, 2}


# Heads


def test_a_silenced_head_adds_nothing_and_the_others_what_they_did(rng):
    params, x = init_multi_head(rng, 12, 3)._replace(b_o=rng.normal(size=12)), rng.normal(size=(5, 12))
    whole, _ = multi_head_attention(params, x, x, x)
    parts = [whole - multi_head_attention(translator.silenced(params, head), x, x, x)[0] for head in range(3)]
    assert_allclose(sum(parts) + params.b_o, whole, rtol=1e-10, atol=1e-12)
    assert all(np.abs(part).max() > 0.01 for part in parts)


@pytest.mark.parametrize("side", ["encoder", "cross"])
def test_a_head_is_silenced_in_its_layer_alone(params, side):
    changed = translator.with_head_off(params, side, 1, 2)
    pairs = zip(
        [layer.attention for layer in (*params.encoder.layers,)] + [layer.cross_attention for layer in params.decoder],
        [layer.attention for layer in (*changed.encoder.layers,)]
        + [layer.cross_attention for layer in changed.decoder],
        strict=True,
    )
    different = [i for i, (old, new) in enumerate(pairs) if (old.w_o != new.w_o).any()]
    assert different == [1 if side == "encoder" else len(params.encoder.layers) + 1]
    said, heads = np.array([4, 9]), memory_heads(params, encode(params, SOURCE)[0])
    new_heads = memory_heads(changed, encode(changed, SOURCE)[0])
    assert (decode(changed, said, new_heads)[0] != decode(params, said, heads)[0]).any()


def test_cosines_of_rows(rng):
    a = rng.normal(size=(3, 5))
    assert_allclose(np.diag(translator.cosines(a, 2 * a)), 1, rtol=1e-12)
    assert_allclose(translator.cosines(np.eye(3), np.ones((2, 3))), 3**-0.5, rtol=1e-12)


# What is stored


def test_the_stored_translations_are_the_engine_s():
    shown = RESULT["sentences"]
    assert list(shown) == list(PAIRS)[: translator.SETTINGS.shown]
    for text, found in shown.items():
        assert found["translation"] == SAID[text]
        assert found["links"] == linked_pieces(PAIRS[text], found["source"], found["said"])
        assert (len(found["probs"]), len(found["cross"][0][0])) == (len(found["said"]), len(found["said"]))
        for way in WAYS:
            assert np.shape(found["lost"][way]) == (len(found["source"]), len(found["said"]))
            assert len(found["instead"][way]) == len(found["source"])


def test_the_stored_alignments_are_the_golden_ones():
    for text, golden in GOLDEN["numbers"].items():
        if text in RESULT["sentences"]:
            stored = np.array(RESULT["sentences"][text]["cross"])[-1, 0] / 1000
            assert_allclose(stored, golden["alignment"], atol=1.1e-3)


def test_all_that_is_asked_is_stored():
    assert list(RESULT["removal"]) == list(WAYS)
    assert len(RESULT["heads_off"]["encoder"]) == 48
    assert len(RESULT["heads_off"]["cross"]) == 16
    for found in RESULT["removal"].values():
        assert np.shape(found["heads"]) == (2, 8)
        assert 0 < found["counted"] <= found["tokens"]


@needs_weights
def test_a_part_of_the_result_comes_out_again():
    text = next(iter(PAIRS))
    again, stored = translator.shown(PAIRS[text], with_encoder=True), RESULT["sentences"][text]
    for name in ("source", "said", "translation", "links", "instead"):
        assert again[name] == stored[name]
    for name in ("encoder", "cross", "probs"):
        assert_allclose(again[name], stored[name], atol=2)
    for way in WAYS:
        assert_allclose(again["lost"][way], stored["lost"][way], atol=3)
    assert_allclose(translator.alignment()["heads"], RESULT["found"]["alignment"]["heads"], atol=0.006)
    assert translator.pointed(translator.EXAMPLE) == RESULT["found"]["example"]
    assert translator.bank()["said"] == RESULT["found"]["bank"]["said"]
    assert_allclose(translator.bank()["within"], RESULT["found"]["bank"]["within"], atol=2e-3)


def test_the_page_says_what_was_found():
    """The numbers in the prose of ``appendix/read_a_translator.ipynb`` and of the experiments' README."""
    links, through, off = RESULT["found"]["alignment"], RESULT["found"]["through"], RESULT["heads_off"]
    heads = np.array(links["heads"])
    assert np.round(np.sort(heads.ravel())[-2:], 2).tolist() == [0.87, 0.97]
    assert heads.argmax() == 8, "head 1 of layer 2 points"
    assert np.round(np.sort(heads.ravel())[-2] * 100) < np.round(100 * links["mean"]) == 89
    crossed = np.rint(links["crossed"] * np.array(links["heads_crossed"][1]))
    assert (links["crossed"], crossed[0], int((crossed == 34).sum())) == (36, 33, 4)
    assert round(heads[0, 5], 2) == 0.15
    assert [f"{share:.2f}" for share in links["heads_before"][0][4:6]] == ["0.67", "0.72"]
    for name, low, high in (
        ("mean", 0.77, 0.81),
        ("changed_by_heaviest", 0.67, 0.82),
        ("changed_by_another", 0.04, 0.08),
    ):
        found = sorted(part[name] for part in RESULT["removal"].values())
        assert (round(found[0], 2), round(found[-1], 2)) == (low, high)
    decisive = [RESULT["removal"][way]["light_and_decisive"] for way in WAYS]
    assert decisive[0] == pytest.approx(1 / 200, abs=0.001)
    assert decisive[1:] == pytest.approx([1 / 12, 1 / 12], abs=0.005)
    light = [through[name] for name in ("light_own", "light_others", "light_neither")]
    assert light == [7, 102, 53]
    assert sum(light) == through["light"] == 162
    changed = {head: part["changed"] for head, part in off["cross"].items()}
    assert max(changed, key=changed.get) == "1.6"
    assert (round(changed["1.6"], 2), round(changed["2.1"], 2)) == (0.18, 0.03)
    assert changed["1.5"] < 0.01
    assert max(part["changed"] for part in off["encoder"].values()) < 0.03


def test_whom_a_bank_asks_is_what_the_page_says():
    river, account = list(RESULT["sentences"].values())[:2]
    weights = np.array(river["encoder"])[:, :, river["source"].index("_bank")] / 1000
    assert (round(weights[1, 1, 7], 2), round(weights[4, 6, 5], 2)) == (0.76, 0.83)
    assert (weights.max(), weights[5, 5, river["source"].index("_the")]) == (0.994, 0.994)
    others = np.array(account["encoder"])[:, :, account["source"].index("_bank")] / 1000
    assert round(others[5, 3, 4], 2) == 0.96
    assert others.max() == others[5, 5, account["source"].index("_a")] == 0.99
    assert [int((part.argmax(axis=-1) == part.shape[-1] - 1).sum()) for part in (weights, others)] == [18, 26]


def test_a_bank_is_what_the_page_says():
    bank = RESULT["found"]["bank"]
    assert [round(bank[side][layer], 2) for side in ("within", "between") for layer in (0, 6)] == [
        0.99,
        0.91,
        0.97,
        0.8,
    ]
    sentence = RESULT["sentences"]["I sat on the bank of the river."]
    without = dict(zip(sentence["source"], sentence["instead"][DELETED], strict=True))
    assert {token for token, said in without.items() if "margem" not in said} == {"_bank"}
    assert not any("banco" in said for way in WAYS for said in sentence["instead"][way])
    assert "margem do" in without["_of"]
    assert "margem do" in without["_river"]
    margem, banco = ([text for text, said in bank["said"].items() if word in said] for word in ("margem", "banco"))
    assert [text for text in translator.VARIANTS if text in banco] == [
        "I sat on the bank of the company.",
        "I sat on the bank.",
        "A duck was sleeping on the muddy bank.",
        "The fishermen pulled their boats onto the bank.",
    ]
    assert set(translator.VARIANTS) == {text for text in translator.VARIANTS if (text in margem) != (text in banco)}


def test_the_page_s_own_sentence_is_the_stored_one():
    example = RESULT["found"]["example"]
    page = json.loads((ROOT / "appendix" / "read_a_translator.ipynb").read_text("utf-8"))
    [cell] = [cell for cell in page["cells"] if cell["id"] == "tr-translate"]
    assert f'text = "{example["text"]}"' in "".join(cell["source"])
    assert len(example["said"]) == len(example["looks_at"])
