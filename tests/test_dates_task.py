import datetime
import re
from itertools import islice

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from attnlib.dates.characters import LONGEST, SOURCE, as_known
from attnlib.dates.task import (
    BEGIN,
    END,
    FIRST,
    HELD_OUT,
    LAST,
    NO_DATE,
    PADDING,
    STEPS,
    TARGET,
    TARGET_VOCAB,
    UNKNOWN,
    as_batch,
    as_source,
    as_texts,
    date_batches,
    draw_date,
    sample,
)

# Samples


def test_samples_are_texts_with_their_day_and_eight_in_a_hundred_are_no_dates(rng):
    pairs = [sample(rng) for _ in range(4000)]
    answers = [answer for _, answer in pairs if answer != NO_DATE]
    assert 1 - len(answers) / 4000 == pytest.approx(0.08, abs=0.015)
    for answer in answers:
        assert FIRST <= datetime.date.fromisoformat(answer) <= LAST
    assert {answer[:3] for answer in answers} == {"195", "196", "197", "198", "199", "200", "201", "202", "203", "204"}


def test_the_share_that_is_no_date_can_be_chosen(rng):
    assert NO_DATE not in {sample(rng, not_dates=0)[1] for _ in range(500)}
    assert {sample(rng, not_dates=1)[1] for _ in range(100)} == {NO_DATE}


def test_a_sample_may_be_of_a_day_that_training_never_sees(rng):
    answers = [sample(rng, held_out=True, not_dates=0)[1] for _ in range(50)]
    assert {datetime.date.fromisoformat(answer).toordinal() % HELD_OUT for answer in answers} == {0}


@pytest.mark.parametrize(("day", "end"), [(FIRST, min), (LAST, max)], ids=str)
def test_the_first_day_and_the_last_may_be_drawn_and_none_beyond(day, end):
    class Extreme(np.random.Generator):
        def integers(self, low, high):
            return end(low, high - 1)

    assert draw_date(Extreme(np.random.PCG64()), held_out=day.toordinal() % HELD_OUT == 0) == day


def test_one_day_in_ten_is_held_out_and_no_other(rng):
    training = {draw_date(rng) for _ in range(3000)}
    held_out = {draw_date(rng, held_out=True) for _ in range(3000)}
    assert not training & held_out
    assert {date.toordinal() % 10 for date in held_out} == {0}
    assert {date.toordinal() % 10 for date in training} == set(range(1, 10))
    days = sorted(held_out)
    assert (days[0] - FIRST).days < 100
    assert (LAST - days[-1]).days < 100


def test_no_batch_of_training_has_a_day_that_is_held_out():
    for batch in islice(date_batches(0, 64), 40):
        for answer in as_texts(batch.wanted):
            assert answer == NO_DATE or datetime.date.fromisoformat(answer).toordinal() % 10


# Batches


def test_every_character_has_a_number_of_its_own():
    assert len(set(SOURCE)) == len(SOURCE)
    assert len(set(TARGET)) == len(TARGET)
    numbers = [as_source([character])[0].item() for character in SOURCE]
    assert sorted(numbers) == list(range(UNKNOWN + 1, UNKNOWN + 1 + len(SOURCE)))


def test_a_batch_depends_on_its_seed_and_step_alone():
    whole = list(islice(date_batches(7, 8), 5))
    later = list(islice(date_batches(7, 8, first_step=3), 3))
    for one, other in zip(whole[2:], later, strict=True):
        for a, b in zip(one, other, strict=True):
            assert_array_equal(a, b)
    sources = {batch.source.tobytes() for batch in (*whole, *islice(date_batches(8, 8), 5))}
    assert len(sources) == 10


def test_a_batch_by_hand():
    batch = as_batch([("7.6.21", "2021-06-07"), ("hm", NO_DATE)])
    assert_array_equal(batch.lengths, [6, 2])
    assert batch.source.shape == (2, 6)
    assert "".join(SOURCE[code - 2] for code in batch.source[0]) == "7.6.21"
    assert_array_equal(batch.source[1, 2:], PADDING)
    assert "".join(TARGET[code - 2] for code in batch.wanted[0, :10]) == "2021-06-07"
    assert batch.wanted[0, 10] == END
    assert_array_equal(batch.wanted[1], [TARGET.index("?") + 2, END, *[-1] * (STEPS - 2)])


def test_the_decoder_reads_what_it_should_have_said_one_step_before(rng):
    batch = next(date_batches(0, 64))
    assert batch.target.shape == batch.wanted.shape == (64, STEPS)
    assert_array_equal(batch.target[:, 0], BEGIN)
    asked = batch.wanted[:, :-1] >= 0
    assert_array_equal(batch.target[:, 1:][asked], batch.wanted[:, :-1][asked])
    assert batch.target.min() >= 0  # where nothing is asked it reads some token all the same


def test_texts_there_and_back():
    answers = ["2021-06-07", NO_DATE, "", "1950-01-01"]
    assert as_texts(as_batch([("x", answer) for answer in answers]).wanted) == answers
    assert as_texts([[4, 5, BEGIN, 6, END, 7], [4, 5, 6, 7, 8, 9]]) == ["234", "234567"]
    assert as_texts(np.zeros((0, STEPS), int)) == []


def test_case_does_not_count_and_what_is_not_in_the_alphabet_is_unknown():
    upper, lower = (as_source([text])[0] for text in ("JUNI 7 MÄRZ", "juni 7 märz"))
    assert_array_equal(upper, lower)
    source, lengths = as_source(["7Ω☃6", "ß"])
    assert_array_equal(source[0] == UNKNOWN, [False, True, True, False])
    assert_array_equal(lengths, [4, 1])


def test_every_character_is_one_number_even_if_its_lower_case_is_two():
    source, lengths = as_source(["İ" * LONGEST])
    assert source.shape == (1, LONGEST)
    assert_array_equal(lengths, [LONGEST])
    assert_array_equal(source, UNKNOWN)


def test_no_texts_are_an_empty_batch():
    source, lengths = as_source([])
    assert source.shape == (0, 0)
    assert lengths.shape == (0,)


def test_one_form_for_each_character():
    for text, known in (("7\xa0juin\xa02021", "7 juin 2021"), ("7. Ma\u0308rz 2021", "7. März 2021"), ("６–７", "6-7")):
        assert as_known(text) == known
        for found, expected in zip(as_source([text]), as_source([known]), strict=True):
            assert_array_equal(found, expected)


@pytest.mark.parametrize("texts", ["7.6.21", b"7.6.21", None, 7, 7.6, datetime.date(2021, 6, 7)], ids=repr)
def test_what_is_no_list_of_texts_is_refused(texts):
    with pytest.raises(TypeError, match=rf"texts must be a list: got {re.escape(repr(texts))}; a single one needs"):
        as_source(texts)


@pytest.mark.parametrize("text", [b"7.6.21", None, 7, ["7.6.21"], datetime.date(2021, 6, 7)], ids=repr)
def test_a_text_that_is_no_string_is_refused(text):
    with pytest.raises(TypeError, match=rf"a text must be a string: got {re.escape(repr(text))}"):
        as_source(["7.6.21", text])
    with pytest.raises(TypeError, match=r"a text must be a string|a pair must be two strings"):
        as_batch([(text, "2021-06-07")])


def test_texts_may_come_in_any_kind_of_list():
    wanted = as_source(["7.6.21", "hm"])
    for texts in (("7.6.21", "hm"), np.array(["7.6.21", "hm"]), iter(["7.6.21", "hm"]), {"7.6.21": 1, "hm": 2}):
        for found, expected in zip(as_source(texts), wanted, strict=True):
            assert_array_equal(found, expected)


def test_no_pairs_are_an_empty_batch():
    assert [part.shape for part in as_batch([])] == [(0, 0), (0,), (0, STEPS), (0, STEPS)]


@pytest.mark.parametrize("pairs", ["ab", None, 7, [("7.6.21",)], ["ab"], [("7.6.21", None)], [("7.6.21", "?", "?")]])
def test_what_is_no_list_of_pairs_is_refused(pairs):
    with pytest.raises(TypeError, match=r"pairs must be a list: got|a pair must be two strings, .*: got"):
        as_batch(pairs)


@pytest.mark.parametrize(
    "tokens", [[2, 3], [[0.5]], [[TARGET_VOCAB]], "2021", None, [[None]], np.zeros((1, 2, 3), int)]
)
def test_tokens_that_were_never_said_are_refused(tokens):
    with pytest.raises(ValueError, match=r"tokens must be integers below 14, \(batch, steps\): got"):
        as_texts(tokens)


def test_a_batch_has_a_size_and_chance_a_generator():
    with pytest.raises(ValueError, match="batch must be 1 or more: got 0"):
        next(date_batches(0, 0))
    with pytest.raises(TypeError, match="batch must be an integer: got '8'"):
        next(date_batches(0, "8"))
    with pytest.raises(ValueError, match="first_step must be 1 or more: got 0"):
        next(date_batches(0, 8, first_step=0))
    for call in (sample, draw_date):
        with pytest.raises(TypeError, match=r"rng must be a numpy\.random\.Generator.*: got 0"):
            call(0)


@pytest.mark.parametrize("answer", ["2021-06-07T", "2021-06-071", "June", "２"])
def test_an_answer_of_other_characters_or_too_many_is_restated(answer):
    with pytest.raises(ValueError, match=r"a translation has at most 10 characters of '0123456789-\?': got "):
        as_batch([("7.6.21", answer)])


def test_held_out_days_are_drawn_evenly_over_the_century(rng):
    years = [draw_date(rng, held_out=True).year for _ in range(2000)]
    counts = np.bincount([(year - 1950) // 10 for year in years], minlength=10)
    assert counts.min() > 140
    assert HELD_OUT == 10
