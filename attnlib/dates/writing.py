"""The ways that people write a date: in numbers, or with the names of seven languages."""

import datetime
from typing import NamedTuple

from attnlib.arguments import as_generator


class Language(NamedTuple):
    """Names, and ways to write a date with them."""

    months: tuple[str, ...]
    weekdays: tuple[str, ...]
    patterns: tuple[str, ...]
    short: int = 3  # letters of an abbreviated month


def words(text):
    """The words of a text, as a tuple."""
    return tuple(text.split())


NUMBERS = (
    *("{d}.{m}.{y}", "{dd}.{mm}.{y}", "{d}.{m}.{yy}", "{dd}.{mm}.{yy}"),
    *("{m}/{d}/{y}", "{mm}/{dd}/{y}", "{m}/{d}/{yy}"),  # with strokes the month comes first, as in the United States
    *("{y}-{mm}-{dd}", "{y}/{mm}/{dd}", "{y}.{m}.{d}", "{y}{mm}{dd}", "{d}-{m}-{y}", "{y}年{m}月{d}日"),
)

LANGUAGES = {
    "English": Language(
        words("January February March April May June July August September October November December"),
        words("Monday Tuesday Wednesday Thursday Friday Saturday Sunday"),
        ("{month} {d}{th}, {y}", "{month} {d}, {y}", "the {d}{th} of {month} {y}", "{d} {month} {y}", "{mon} {d}, {y}",
         "{d} {mon} {yy}", "{mon}. {d}{th} '{yy}", "{weekday}, {month} {d}, {y}", "{weekday} {d} {mon} {y}"),
    ),
    "German": Language(
        words("Januar Februar März April Mai Juni Juli August September Oktober November Dezember"),
        words("Montag Dienstag Mittwoch Donnerstag Freitag Samstag Sonntag"),
        ("{d}. {month} {y}", "den {d}. {month} {y}", "{weekday}, {d}. {month} {y}", "{d}. {mon} {yy}"),
    ),
    "French": Language(
        words("janvier février mars avril mai juin juillet août septembre octobre novembre décembre"),
        words("lundi mardi mercredi jeudi vendredi samedi dimanche"),
        ("{d} {month} {y}", "le {d} {month} {y}", "{weekday} {d} {month} {y}"),
    ),
    "Spanish": Language(
        words("enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre"),
        words("lunes martes miércoles jueves viernes sábado domingo"),
        ("{d} de {month} de {y}", "el {d} de {month} de {y}", "{weekday}, {d} de {month} de {y}", "{d} {mon} {y}"),
    ),
    "Italian": Language(
        words("gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre"),
        words("lunedì martedì mercoledì giovedì venerdì sabato domenica"),
        ("{d} {month} {y}", "il {d} {month} {y}", "{weekday} {d} {month} {y}"),
    ),
    "Portuguese": Language(
        words("janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro"),
        words("segunda-feira terça-feira quarta-feira quinta-feira sexta-feira sábado domingo"),
        ("{d} de {month} de {y}", "{weekday}, {d} de {month} de {y}"),
    ),
    "Dutch": Language(
        words("januari februari maart april mei juni juli augustus september oktober november december"),
        words("maandag dinsdag woensdag donderdag vrijdag zaterdag zondag"),
        ("{d} {month} {y}", "{weekday} {d} {month} {y}"),
    ),
}  # fmt: skip


def write(rng, date):
    """The date in one of the ways that people write it: a third in numbers, the rest in one of the languages.

    Raises:
        TypeError: if it is no ``datetime.date``.
    """
    check_date(date)
    language = pick(rng, tuple(LANGUAGES.values()))
    pattern = pick(rng, NUMBERS if rng.random() < 1 / 3 else language.patterns)
    return pick(rng, (str, str.lower, str.upper))(fill(pattern, language, date))


def check_date(date):
    """It is a date.

    Raises:
        TypeError: if it is no ``datetime.date``.
    """
    if not isinstance(date, datetime.date):
        raise TypeError(f"date must be a datetime.date: got {date!r}")


def fill(pattern, language, date):
    """The pattern with the parts of the date in it."""
    month = language.months[date.month - 1]
    first = date.day == 1 and language is LANGUAGES["French"] and pattern not in NUMBERS
    return pattern.format(
        d=f"{date.day}er" if first else date.day,
        dd=f"{date.day:02}",
        m=date.month,
        mm=f"{date.month:02}",
        month=month,
        mon=month[: language.short],
        y=date.year,
        yy=f"{date.year % 100:02}",
        th=ordinal_ending(date.day),
        weekday=language.weekdays[date.weekday()],
    )


def ordinal_ending(day):
    """The letters behind an English ordinal: 1st, 2nd, 3rd, 4th, 11th."""
    return "th" if 11 <= day <= 13 else {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")


def pick(rng, choices):
    """One of several, each as likely."""
    return choices[as_generator(rng).integers(len(choices))]
