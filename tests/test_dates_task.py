import datetime
import re
from functools import lru_cache
from itertools import islice

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from attnlib.dates import task as dates
from attnlib.dates.task import (
    BEGIN,
    END,
    FIRST,
    LANGUAGES,
    LAST,
    LONGEST,
    NO_DATE,
    NUMBERS,
    PADDING,
    SOURCE,
    STEPS,
    TARGET,
    UNKNOWN,
    as_batch,
    as_source,
    as_texts,
    date_batches,
    draw_date,
    fill,
    no_date,
    ordinal_ending,
    sample,
    write,
)

A_DAY = datetime.date(2021, 6, 7)
PATTERNS = [(name, pattern) for name, language in LANGUAGES.items() for pattern in (*language.patterns, *NUMBERS)]


@lru_cache(None)
def expression(pattern, language):
    """A regular expression for the texts of a pattern, written without the library."""
    shorts = [month[: language.short] for month in language.months]
    kinds = {
        "d": r"(?P<day>\d{1,2})(?:er)?",
        "dd": r"(?P<day>\d\d)",
        "m": r"(?P<month>\d{1,2})",
        "mm": r"(?P<month>\d\d)",
        "month": f"(?P<name>{'|'.join(language.months)})",
        "mon": f"(?P<short>{'|'.join(shorts)})",
        "y": r"(?P<year>\d{4})",
        "yy": r"(?P<two>\d\d)",
        "th": "(?:st|nd|rd|th)",
        "weekday": f"(?P<weekday>{'|'.join(language.weekdays)})",
    }
    parts = re.split(r"\{(\w+)\}", pattern)
    return re.compile("".join(kinds[part] if i % 2 else re.escape(part) for i, part in enumerate(parts)))


def parsed(pattern, language, text):
    """The date in a text that was written with this pattern."""
    found = expression(pattern, language).fullmatch(text).groupdict()
    year = int(found["year"]) if "year" in found else int(found["two"]) + (1900 if int(found["two"]) >= 50 else 2000)
    if "month" in found:
        month = int(found["month"])
    else:
        names = language.months if "name" in found else [month[: language.short] for month in language.months]
        month = 1 + names.index(found.get("name") or found["short"])
    date = datetime.date(year, month, int(found["day"]))
    assert "weekday" not in found or found["weekday"] == language.weekdays[date.weekday()]
    return date


# Ways to write a date


@pytest.mark.parametrize(
    ("language", "pattern", "text"),
    [
        ("English", "{month} {d}{th}, {y}", "June 7th, 2021"),
        ("English", "{d} {mon} {yy}", "7 Jun 21"),
        ("English", "{mon}. {d}{th} '{yy}", "Jun. 7th '21"),
        ("English", "{weekday}, {month} {d}, {y}", "Monday, June 7, 2021"),
        ("English", "{m}/{d}/{yy}", "6/7/21"),
        ("German", "{weekday}, {d}. {month} {y}", "Montag, 7. Juni 2021"),
        ("German", "{dd}.{mm}.{yy}", "07.06.21"),
        ("French", "le {d} {month} {y}", "le 7 juin 2021"),
        ("Spanish", "el {d} de {month} de {y}", "el 7 de junio de 2021"),
        ("Italian", "{weekday} {d} {month} {y}", "lunedì 7 giugno 2021"),
        ("Portuguese", "{weekday}, {d} de {month} de {y}", "segunda-feira, 7 de junho de 2021"),
        ("Dutch", "{d} {month} {y}", "7 juni 2021"),
        ("Dutch", "{y}年{m}月{d}日", "2021年6月7日"),
        ("Dutch", "{y}{mm}{dd}", "20210607"),
    ],
)
def test_texts_known_by_heart(language, pattern, text):
    assert pattern in (*LANGUAGES[language].patterns, *NUMBERS)
    assert fill(pattern, LANGUAGES[language], A_DAY) == text


@pytest.mark.parametrize(("language", "pattern"), PATTERNS, ids=str)
def test_every_way_to_write_a_date_can_be_read_back(rng, language, pattern):
    days = [
        *(draw_date(rng) for _ in range(60)),
        *(datetime.date(2024, month, 1) for month in range(1, 13)),
        FIRST,
        LAST,
    ]
    for date in [*days, datetime.date(2024, 2, 29), datetime.date(1999, 12, 31)]:
        assert parsed(pattern, LANGUAGES[language], fill(pattern, LANGUAGES[language], date)) == date


def test_no_two_dates_share_a_text():
    """Else there would be no right answer. All days of a few years, in all ways, upper and lower case alike."""
    read = {}
    for year in (1951, 2010, 2012, 2049):
        for ordinal in range(datetime.date(year, 1, 1).toordinal(), datetime.date(year, 12, 31).toordinal() + 1):
            date = datetime.date.fromordinal(ordinal)
            for name, pattern in PATTERNS:
                text = fill(pattern, LANGUAGES[name], date).lower()
                assert read.setdefault(text, date) == date, text


def test_only_the_french_first_is_an_ordinal_and_only_in_words():
    first = datetime.date(2021, 3, 1)
    assert fill("{d} {month} {y}", LANGUAGES["French"], first) == "1er mars 2021"
    assert fill("{d} {month} {y}", LANGUAGES["French"], A_DAY) == "7 juin 2021"
    assert fill("{d} {month} {y}", LANGUAGES["Italian"], first) == "1 marzo 2021"
    assert all("er" not in fill(pattern, LANGUAGES["French"], first) for pattern in NUMBERS)


def test_english_ordinals():
    endings = {1: "st", 2: "nd", 3: "rd", 21: "st", 22: "nd", 23: "rd", 31: "st"}
    assert [ordinal_ending(day) for day in range(1, 32)] == [endings.get(day, "th") for day in range(1, 32)]


def test_languages_have_twelve_months_and_seven_days_that_differ():
    for language in LANGUAGES.values():
        assert len(set(language.months)) == len({month[: language.short] for month in language.months}) == 12 or (
            not any("{mon}" in pattern for pattern in language.patterns)
        )
        assert len(language.months) == 12
        assert len(set(language.weekdays)) == 7


def test_every_text_fits_the_alphabet_and_the_longest_length():
    days = [datetime.date(2023, month, day) for month in range(1, 13) for day in range(20, 29)]
    texts = {fill(pattern, LANGUAGES[name], date) for name, pattern in PATTERNS for date in days}
    assert max(map(len, texts)) <= LONGEST
    assert {character for text in texts for character in text.lower()} <= set(SOURCE)
    assert len(set(SOURCE)) == len(SOURCE)
    assert len(set(TARGET)) == len(TARGET)


def test_all_languages_patterns_and_cases_are_drawn_and_a_third_in_numbers(rng):
    texts = [write(rng, A_DAY) for _ in range(6000)]
    lower = {text.lower() for text in texts}
    assert lower == {fill(pattern, LANGUAGES[name], A_DAY).lower() for name, pattern in PATTERNS}
    in_numbers = {fill(pattern, LANGUAGES["English"], A_DAY) for pattern in NUMBERS}
    assert np.mean([text in in_numbers for text in texts]) == pytest.approx(1 / 3, abs=0.03)
    assert {"June 7th, 2021", "june 7th, 2021", "JUNE 7TH, 2021"} <= set(texts)


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


def test_what_is_no_date_cannot_be_read_as_one(rng):
    texts = [no_date(rng) for _ in range(3000)]
    assert len(set(texts)) > 1500
    for text in texts:
        assert 1 <= len(text) <= LONGEST
        for name, pattern in PATTERNS:
            if expression(pattern, LANGUAGES[name]).fullmatch(text):
                with pytest.raises(ValueError, match=r"(day|month) (is out of range|must be in)"):  # no such day
                    parsed(pattern, LANGUAGES[name], text)


def test_three_long_names_misspelt_are_cut_to_the_longest_text():
    """Three of "segunda-feira" are 41 characters: once in some ten million texts, and then training would stop."""
    sevens = iter([5, 3])  # Portuguese, and names

    class Rng(np.random.Generator):
        def integers(self, low, high=None):
            if low == 7:
                return next(sevens)
            return {(19, None): 12, (1, 4): 3, (26, None): 0}.get((low, high), 730_001)

    text = no_date(Rng(np.random.PCG64()))
    assert text == "a" * 13 + " " + "a" * 13 + " " + "a" * 12
    as_source([text])


# Batches


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
    source, lengths = as_source(["7Ω☃6", "Ⅷ"])
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


def test_texts_that_are_empty_or_too_long_are_restated():
    with pytest.raises(ValueError, match="a text must have 1 to 40 characters: got 0 in ''"):
        as_source(["7.6.21", ""])
    with pytest.raises(ValueError, match="a text must have 1 to 40 characters: got 41 in 'xxx"):
        as_source(["x" * 41])
    as_source(["x" * 40])


@pytest.mark.parametrize("answer", ["2021-06-07T", "2021-06-071", "June", "２"])
def test_an_answer_of_other_characters_or_too_many_is_restated(answer):
    with pytest.raises(ValueError, match=r"a translation has at most 10 characters of '0123456789-\?': got "):
        as_batch([("7.6.21", answer)])


def test_held_out_days_are_drawn_evenly_over_the_century(rng):
    years = [draw_date(rng, held_out=True).year for _ in range(2000)]
    counts = np.bincount([(year - 1950) // 10 for year in years], minlength=10)
    assert counts.min() > 140
    assert dates.HELD_OUT == 10
