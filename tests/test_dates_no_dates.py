import datetime
import re

import numpy as np
import pytest

from attnlib.dates.characters import LONGEST, SOURCE, as_known
from attnlib.dates.no_dates import (
    any_characters,
    any_number,
    date_and_more,
    misspelt_month,
    misspelt_names,
    no_date,
    no_such_day,
    part_of_date,
)
from attnlib.dates.task import draw_date
from attnlib.dates.writing import LANGUAGES
from tests.test_dates_writing import A_DAY, PATTERNS, expression, parsed

JUNE_7TH = datetime.date(2021, 6, 7)


def drawn(rng, kind):
    return {kind(rng, LANGUAGES["English"], JUNE_7TH) for _ in range(5000)}


def found(texts, pattern):
    """What the groups of a pattern hold, which every text must fit."""
    return list(zip(*(re.fullmatch(pattern, text).groups() for text in texts), strict=True))


def test_any_characters_are_one_to_twenty_nine_of_the_alphabet(rng):
    texts = drawn(rng, any_characters)
    assert {len(text) for text in texts} == set(range(1, 30))
    assert set("".join(texts)) == set(SOURCE)


def test_any_number_has_one_to_six_digits(rng):
    texts = drawn(rng, any_number)
    assert all(text.isdigit() for text in texts)
    assert {len(text) for text in texts} == set(range(1, 7))
    assert set("0123456789") <= texts
    lengths = [len(any_number(rng, None, None)) for _ in range(5000)]
    assert 0.15 < np.mean(np.equal(lengths, 1)) < 0.22  # each length is as likely: 1/6 · (1 + 1/10 + 1/100 + …)


def test_a_part_of_a_date_lacks_something(rng):
    assert drawn(rng, part_of_date) == {"June 2021", "7 June", "Monday", "2021", "June"}


def test_a_misspelt_month_stands_where_a_month_does(rng):
    texts = drawn(rng, misspelt_month)
    [words] = found(texts, r"(?:7\.? )?([a-z]{3,9})(?: 7,)? (?:2021|21)")
    assert {len(word) for word in words} == {3, 4, 5, 6, 7, 8, 9}
    forms = {re.sub("[a-z]+", "june", text) for text in texts}
    assert forms == {"7 june 2021", "june 7, 2021", "7. june 2021", "7 june 21"}


def test_more_than_a_date_is_a_date_and_a_time_or_a_word(rng):
    texts = drawn(rng, date_and_more)
    more = {text.split(" ")[-1] for text in texts}
    hours, minutes = found({some for some in more if ":" in some}, r"(\d+):(\d\d)")
    assert set(map(int, hours)) == set(range(24))
    assert set(map(int, minutes)) == set(range(60))
    assert {len(word) for word in more if ":" not in word} == {6, 7, 8, 9}  # as the days of the week


def test_no_such_day_has_a_day_or_a_month_that_is_too_large(rng):
    texts = drawn(rng, no_such_day)
    day, month = r"(?P<day>\d+)", r"(?P<month>\d+)"
    forms = rf"{day}\.{month}\.2021", rf"{month}/{day}/2021", r"2021-(?P<month>\d\d)-(?P<day>\d\d)"
    matches = [match for text in texts for form in forms if (match := re.fullmatch(form, text))]
    numbers = [(int(match["day"]), int(match["month"])) for match in matches]
    assert len(numbers) == len(texts)
    assert all((day == 7) != (month == 6) for day, month in numbers)
    assert {day for day, month in numbers if month == 6} == set(range(32, 100))
    assert {month for day, month in numbers if day == 7} == set(range(13, 100))


def test_what_is_no_date_cannot_be_read_as_one(rng):
    texts = [no_date(rng, draw_date(rng)) for _ in range(3000)]
    assert len(set(texts)) > 1500
    for text in texts:
        assert 1 <= len(text) <= LONGEST
        for name, pattern in PATTERNS:
            if expression(pattern, LANGUAGES[name]).fullmatch(text):
                with pytest.raises(ValueError, match=r"(day|month) (is out of range|must be in)"):  # no such day
                    parsed(pattern, LANGUAGES[name], text)


def test_three_long_names_misspelt_are_cut_to_the_longest_text():
    """Three of "segunda-feira" are 41 characters: once in some ten million texts, and then training would stop."""

    class Rng(np.random.Generator):
        def integers(self, low, high=None):
            return {(19, None): 12, (1, 4): 3, (26, None): 0}[low, high]

    text = misspelt_names(Rng(np.random.PCG64()), LANGUAGES["Portuguese"], A_DAY)
    assert text == "a" * 13 + " " + "a" * 13 + " " + "a" * 12
    as_known(text)


def test_without_a_date_or_a_generator_there_is_none(rng):
    with pytest.raises(TypeError, match=r"date must be a datetime\.date: got None"):
        no_date(rng, None)
    with pytest.raises(TypeError, match=r"rng must be a numpy\.random\.Generator.*: got 0"):
        no_date(0, A_DAY)
