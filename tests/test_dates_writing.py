import datetime
import re
from functools import lru_cache

import numpy as np
import pytest

from attnlib.dates.characters import LONGEST, SOURCE
from attnlib.dates.task import FIRST, LAST, draw_date
from attnlib.dates.writing import LANGUAGES, NUMBERS, fill, ordinal_ending, write

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


def test_all_languages_patterns_and_cases_are_drawn_and_a_third_in_numbers(rng):
    texts = [write(rng, A_DAY) for _ in range(6000)]
    lower = {text.lower() for text in texts}
    assert lower == {fill(pattern, LANGUAGES[name], A_DAY).lower() for name, pattern in PATTERNS}
    in_numbers = {fill(pattern, LANGUAGES["English"], A_DAY) for pattern in NUMBERS}
    assert np.mean([text in in_numbers for text in texts]) == pytest.approx(1 / 3, abs=0.03)
    assert {"June 7th, 2021", "june 7th, 2021", "JUNE 7TH, 2021"} <= set(texts)


@pytest.mark.parametrize("date", ["2021-06-07", None, 7], ids=repr)
def test_only_a_date_can_be_written(rng, date):
    with pytest.raises(TypeError, match=rf"date must be a datetime\.date: got {date!r}"):
        write(rng, date)
    with pytest.raises(TypeError, match=r"rng must be a numpy\.random\.Generator.*: got 0"):
        write(0, A_DAY)
