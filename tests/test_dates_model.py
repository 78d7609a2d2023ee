import datetime
from importlib import resources

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from attnlib import causal_mask, count_parameters, tree_leaves
from attnlib.dates import model
from attnlib.dates.characters import LONGEST
from attnlib.dates.model import (
    date_loss_vjp,
    exact_matches,
    has_other_year,
    init_date_model,
    is_date,
    load_date_model,
    read,
    translate,
)
from attnlib.dates.task import END, NO_DATE, STEPS, TARGET, TARGET_VOCAB, as_batch, as_texts, sample
from attnlib.dates.train import held_out_dates
from attnlib.dates.writing import LANGUAGES, fill
from attnlib.greedy import Decoded
from attnlib.stored_params import save_arrays
from attnlib.testing import assert_weights

MODEL = load_date_model()
EXACT = load_date_model(dtype=np.float64)
KNOWN = {
    "June 7th, 2021": "2021-06-07",
    "7.6.21": "2021-06-07",
    "6/7/21": "2021-06-07",
    "Montag, 7. Juni 2021": "2021-06-07",
    "le 1er mars 1999": "1999-03-01",
    "31 de dezembro de 1975": "1975-12-31",
    "2024年2月29日": "2024-02-29",
    "20491231": "2049-12-31",
}


# The weights that come with the library


def test_the_file_is_no_larger_than_a_megabyte():
    assert (resources.files("attnlib.dates") / "weights.npz").stat().st_size <= 1_000_000


def test_at_least_99_of_100_held_out_dates_are_exactly_right():
    assert exact_matches(MODEL, held_out_dates(1000)) >= 0.99


def test_at_least_95_of_100_texts_that_are_no_dates_are_told():
    rng = np.random.default_rng(11)
    assert exact_matches(MODEL, [sample(rng, not_dates=1) for _ in range(500)]) >= 0.95


def test_dates_known_by_heart():
    found = translate(MODEL, list(KNOWN))
    assert {one.text: one.answer for one in found} == KNOWN
    assert all(one.is_date and one.confidence > 0.9 for one in found)
    assert translate(MODEL, ["hello"])[0].answer == NO_DATE


def test_the_weights_are_float32_or_the_same_numbers_in_float64():
    assert {leaf.dtype for leaf in tree_leaves(MODEL)} == {np.dtype(np.float32)}
    assert {leaf.dtype for leaf in tree_leaves(EXACT)} == {np.dtype(np.float64)}
    for single, double in zip(tree_leaves(MODEL), tree_leaves(EXACT), strict=True):
        assert_array_equal(single, double)
    assert count_parameters(MODEL) == count_parameters(init_date_model(np.random.default_rng(0))) == 171_392


def test_both_dtypes_give_the_same_answers():
    texts = [text for text, _ in held_out_dates(150, seed=5)]
    for single, double in zip(translate(MODEL, texts), translate(EXACT, texts), strict=True):
        assert single.answer == double.answer
        assert single.confidence == pytest.approx(double.confidence, abs=1e-4)


def test_weights_of_one_s_own_are_loaded_and_another_model_s_refused(tmp_path):
    own = init_date_model(np.random.default_rng(3))
    save_arrays(tmp_path / "own.npz", own)
    for leaf, expected in zip(tree_leaves(load_date_model(tmp_path / "own.npz")), tree_leaves(own), strict=True):
        assert_array_equal(leaf, expected)
    save_arrays(tmp_path / "other.npz", own._replace(source_tokens=own.source_tokens[1:]))
    with pytest.raises(ValueError, match=r"source_tokens in other\.npz must be float32"):
        load_date_model(tmp_path / "other.npz")
    with pytest.raises(TypeError, match="dtype must be float32 or float64: got float16"):
        load_date_model(dtype=np.float16)
    with pytest.raises(FileNotFoundError):
        load_date_model(tmp_path / "none.npz")


# Asking it


def test_an_answer_does_not_depend_on_what_is_asked_beside_it():
    texts = [*KNOWN, "hello", "x" * LONGEST]
    for together, text in zip(translate(EXACT, texts), texts, strict=True):
        [alone] = translate(EXACT, [text])
        assert alone.answer == together.answer
        assert alone.confidence == pytest.approx(together.confidence, rel=1e-9)


def test_upper_and_lower_case_are_the_same_to_it():
    upper, lower = translate(EXACT, ["MÄRZ 7TH, 2021", "märz 7th, 2021"])
    assert upper[1:] == lower[1:]
    assert upper.text == "MÄRZ 7TH, 2021"


def test_confidence_is_the_probability_of_the_whole_answer_up_to_its_end():
    for text in ("June 7th, 2021", "hello", "Febtober 99"):
        [found], reading = translate(EXACT, [text]), read(EXACT, text)
        assert reading.said[-1] == END or len(reading.said) == STEPS
        expected = np.prod([probs[token] for token, probs in zip(reading.said, reading.probs, strict=True)])
        assert found.confidence == pytest.approx(expected, rel=1e-9)
    beside, _ = translate(EXACT, ["hello", "June 7th, 2021"])  # the longer answer goes on, the shorter has ended
    assert beside.confidence == pytest.approx(translate(EXACT, ["hello"])[0].confidence, rel=1e-9)


def test_what_is_said_behind_the_end_does_not_lower_the_confidence(monkeypatch):
    said = np.array([[TARGET.index(NO_DATE) + 2, *[END] * (STEPS - 1)]])
    monkeypatch.setattr(model, "greedy", lambda *args, **kwargs: Decoded(said, np.full((1, STEPS, TARGET_VOCAB), 0.5)))
    [found] = translate(MODEL, ["hello"])
    assert (found.answer, found.confidence) == (NO_DATE, 0.25)


def test_no_texts_have_no_answers():
    assert translate(MODEL, []) == translate(MODEL, np.array([], dtype=str)) == []


def test_texts_may_come_in_any_kind_of_list():
    wanted = translate(EXACT, list(KNOWN))
    assert translate(EXACT, iter(KNOWN)) == translate(EXACT, np.array(list(KNOWN))) == wanted


@pytest.mark.parametrize("texts", ["7.6.21", b"7.6.21", None, 7], ids=repr)
def test_one_text_instead_of_a_list_is_refused(texts):
    with pytest.raises(TypeError, match=rf"texts must be a list: got {texts!r}; a single one needs brackets"):
        translate(MODEL, texts)


@pytest.mark.parametrize("text", [b"7.6.21", None, 7, ["7.6.21"], np.array(["7.6.21"])], ids=repr)
def test_a_text_that_is_no_string_is_refused(text):
    for call in (lambda: translate(MODEL, ["7.6.21", text]), lambda: read(MODEL, text)):
        with pytest.raises(TypeError, match="a text must be a string: got"):
            call()


@pytest.mark.parametrize(
    "params", [None, "7.6.21", ["7.6.21"], MODEL.encoder], ids=["None", "text", "texts", "encoder"]
)
def test_a_model_that_is_none_is_refused(params):
    for call in (lambda: translate(params, ["7.6.21"]), lambda: read(params, "7.6.21")):
        with pytest.raises(TypeError, match=rf"params must be TransformerParams, .*: got {type(params).__name__}"):
            call()


def test_exact_matches_of_nothing_or_of_no_pairs_are_refused():
    with pytest.raises(ValueError, match="pairs must hold 1 or more: got none"):
        exact_matches(MODEL, [])
    with pytest.raises(TypeError, match=r"a pair must be two strings, \(text, translation\): got '7\.6\.21'"):
        exact_matches(MODEL, ["7.6.21"])
    with pytest.raises(ValueError, match="batch must be 1 or more: got 0"):
        exact_matches(MODEL, [("7.6.21", "2021-06-07")], batch=0)


def test_the_same_characters_in_another_form_have_the_same_answer():
    for texts in (
        ("7. Ma\u0308rz 2021", "7. März 2021"),
        ("２０２１年６月７日", "2021年6月7日"),
        ("7–6–2021", "7-6-2021"),
    ):
        other, plain = translate(EXACT, texts)
        assert (other.text, other[1:]) == (texts[0], plain[1:])


# What it cannot know


@pytest.mark.parametrize(
    ("text", "date", "other"),
    [
        ("20 July 1949", "1994-07-20", True),
        ("20 July 1949", "1949-07-20", False),
        ("２０ July １９４９", "1994-07-20", True),
        ("20 July 1949", "2049-07-20", True),
        ("19490720", "1994-07-20", True),
        ("20210607", "2021-06-07", False),
        ("07062021", "2021-06-07", False),
        ("7.6.21", "2021-06-07", False),  # no year of four digits
        ("210607", "2021-06-07", False),
        ("Jun. 7th '21", "2021-06-07", False),
        ("2021年6月7日", "2021-06-07", False),
        ("2020/2021-06-07", "2021-06-07", False),  # either
        ("123456 20210", "2021-06-07", False),
    ],
)
def test_a_date_has_another_year_than_the_text_states(text, date, other):
    assert has_other_year(text, date) is other


def test_no_held_out_date_is_said_to_have_another_year():
    assert not any(found.other_year for found in translate(MODEL, [text for text, _ in held_out_dates(1000)]))


def test_a_confident_date_of_a_year_outside_training_is_marked_if_it_is_wrong():
    """Years that the text states in four digits: the model answers with one that it knows, and is sure."""
    rng = np.random.default_rng(0)
    pairs = []
    for year in [*range(1900, 1950), *range(2050, 2100)]:
        date = datetime.date(year, 1, 1) + datetime.timedelta(days=int(rng.integers(365)))
        pairs += [(fill("{d} {month} {y}", language, date), date.isoformat()) for language in LANGUAGES.values()]
    found = translate(MODEL, [text for text, _ in pairs])
    wrong = [one for one, (_, date) in zip(found, pairs, strict=True) if one.answer != date]
    sure = [one for one in wrong if one.is_date and one.confidence >= 0.9]
    assert len(sure) > len(pairs) / 4
    assert all(one.other_year for one in sure)
    assert not any(one.other_year for one, (_, date) in zip(found, pairs, strict=True) if one.answer == date)


@pytest.mark.parametrize("text", ["", "x" * (LONGEST + 1)])
def test_a_text_that_is_empty_or_too_long_is_restated(text):
    for call in (lambda: translate(MODEL, ["7.6.21", text]), lambda: read(MODEL, text)):
        with pytest.raises(ValueError, match=f"a text must have 1 to 40 characters: got {len(text)} in"):
            call()


@pytest.mark.parametrize("text", ["June 7th, 2021", "hello", "lunedì 7 giugno 2021"])
def test_a_reading_has_the_answer_and_every_map_of_every_step(text):
    reading = read(EXACT, text)
    steps = len(reading.said)
    assert as_texts([reading.said]) == [translate(EXACT, [text])[0].answer]
    assert reading.source.shape == (len(text),)
    assert reading.probs.shape == (steps, TARGET_VOCAB)
    assert_allclose(reading.probs.sum(axis=1), 1, rtol=1e-12)
    assert_array_equal(reading.probs.argmax(axis=1), reading.said)
    sizes = ((len(text), len(text)), (steps, steps), (steps, len(text)))
    for part, mask, size in zip(reading.maps, (None, causal_mask(steps, steps), None), sizes, strict=True):
        assert [weights.shape for weights in part] == [(4, *size)] * 2
        for weights in part:
            assert_weights(weights, mask)


def test_exact_matches_count_whole_answers():
    assert exact_matches(MODEL, list(KNOWN.items())) == 1.0
    pairs = [("7.6.21", "2021-06-07"), ("7.6.21", "2021-06-08"), ("7.6.21", "2021-06"), ("hello", NO_DATE)]
    assert exact_matches(MODEL, pairs) == 0.5
    assert exact_matches(MODEL, pairs, batch=3) == 0.5


def test_a_date_is_a_day_of_the_calendar_in_one_form_only():
    assert is_date("2021-06-07")
    assert is_date("2024-02-29")
    for answer in ("2021-02-29", "2021-13-01", "20210607", "2021-6-7", "2021-W23-1", NO_DATE, "", "----------"):
        assert not is_date(answer)


# Training it


def test_before_training_it_knows_nothing_and_afterwards_all():
    batch = as_batch(list(KNOWN.items()))
    assert date_loss_vjp(init_date_model(np.random.default_rng(0)), batch)[0] > np.log(TARGET_VOCAB)
    assert date_loss_vjp(MODEL, batch)[0] < 0.02


def test_the_loss_is_the_mean_over_every_character_asked_for_and_no_padding(rng):
    params = init_date_model(rng, np.float64)
    short, long = ("hm", NO_DATE), ("le 7 juin 2021", "2021-06-07")
    together, one, other = (float(date_loss_vjp(params, as_batch(p))[0]) for p in ([short, long], [short], [long]))
    assert together == pytest.approx((2 * one + 11 * other) / 13, rel=1e-12)  # "?" and the end; ten and the end


def test_a_reading_ends_with_the_sign_for_the_end():
    said = read(load_date_model(), "no date at all").said
    assert said.tolist().index(END) == len(said) - 1 < STEPS - 1
