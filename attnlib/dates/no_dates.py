"""Texts that are no dates, though most look like one."""

from attnlib.dates.characters import LONGEST, SOURCE
from attnlib.dates.writing import LANGUAGES, NUMBERS, check_date, fill, pick


def no_date(rng, date):
    """A text that is no date: letters, a number, or a date with a part missing, misspelt, not alone, or too large.

    Args:
        rng: a ``numpy.random.Generator``.
        date: a ``datetime.date``, of which it is made.

    Raises:
        TypeError: if it is no ``datetime.date``.
    """
    check_date(date)
    language = pick(rng, tuple(LANGUAGES.values()))
    kinds = (any_characters, any_number, part_of_date, misspelt_names, misspelt_month, date_and_more, no_such_day)
    return pick(rng, kinds)(rng, language, date)


def any_characters(rng, language, date):
    """Up to 29 of the alphabet."""
    return "".join(pick(rng, SOURCE) for _ in range(rng.integers(1, 30)))


def any_number(rng, language, date):
    """One of up to six digits."""
    return str(rng.integers(10 ** int(rng.integers(1, 7))))


def part_of_date(rng, language, date):
    """A date with the day, the month or the year missing."""
    return fill(pick(rng, ("{month} {y}", "{d} {month}", "{weekday}", "{y}", "{month}")), language, date)


def misspelt_names(rng, language, date):
    """One to three words, as long as months and days of the week are."""
    names = (*language.months, *language.weekdays)
    misspelt = " ".join(letters(rng, pick(rng, names)) for _ in range(rng.integers(1, 4)))
    return misspelt[:LONGEST]  # three of "segunda-feira" are longer


def misspelt_month(rng, language, date):
    """A date whose month is only as long as one."""
    pattern = pick(rng, ("{d} {0} {y}", "{0} {d}, {y}", "{d}. {0} {y}", "{d} {0} {yy}"))
    misspelt = letters(rng, pick(rng, language.months))
    return pattern.format(misspelt, d=date.day, y=date.year, yy=f"{date.year % 100:02}")


def date_and_more(rng, language, date):
    """A date, and a time or a word behind it."""
    more = (f"{rng.integers(24)}:{rng.integers(60):02}", letters(rng, pick(rng, language.weekdays)))
    return f"{fill(pick(rng, NUMBERS), language, date)} {pick(rng, more)}"


def no_such_day(rng, language, date):
    """A date whose day or month is too large."""
    day, month = (int(n) for n in rng.integers((32, 13), 100))
    broken = ((day, date.month), (date.day, month))[rng.integers(2)]
    return pick(rng, ("{0}.{1}.{2}", "{1}/{0}/{2}", "{2}-{1:02}-{0:02}")).format(*broken, date.year)


def letters(rng, word):
    """As many letters as the word has, at random."""
    return "".join(pick(rng, "abcdefghijklmnopqrstuvwxyz") for _ in word)
