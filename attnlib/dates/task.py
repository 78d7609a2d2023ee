"""Dates as people write them, and the same dates in ISO 8601: a task of translation with a right answer.

``sample`` draws a date, a language and a way to write it. Of the texts, 8 % are no dates, and the right answer
to them is "?". One day in ten is never drawn for training, in any language: those test what was learned.
"""

import datetime
from typing import NamedTuple

import numpy as np

from attnlib.arguments import as_generator

FIRST, LAST = datetime.date(1950, 1, 1), datetime.date(2049, 12, 31)  # two digits of a year are then enough
HELD_OUT = 10  # every tenth day
NO_DATE = "?"
NOT_DATES = 0.08  # their share
LONGEST = 40  # characters of a text


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

PADDING, UNKNOWN = 0, 1  # of the source
SOURCE = "0123456789abcdefghijklmnopqrstuvwxyzáàâãäçèéêíìóôõöúùûüñß年月日.,/-' "
BEGIN, END = 0, 1  # of the target
TARGET = f"0123456789-{NO_DATE}"
SOURCE_VOCAB, TARGET_VOCAB = len(SOURCE) + 2, len(TARGET) + 2
STEPS = len("2021-06-07") + 1  # characters of an answer, and the sign for its end

SOURCE_CODES = {character: code for code, character in enumerate(SOURCE, start=2)}
TARGET_CODES = {character: code for code, character in enumerate(TARGET, start=2)}


class DateBatch(NamedTuple):
    """Texts and their translations, as numbers."""

    source: np.ndarray  # (batch, seq_source) integers, PADDING behind the end
    lengths: np.ndarray  # (batch,)
    target: np.ndarray  # (batch, STEPS) integers: what the decoder reads, BEGIN first
    wanted: np.ndarray  # (batch, STEPS): what it should say next; −1 where nothing is asked


def date_batches(seed, batch, first_step=1):
    """Endless batches of training dates; each depends on the seed and its step alone, so training can be resumed.

    Args:
        seed: an integer.
        batch: texts in a batch.
        first_step: number of the first batch, counted from 1.

    Yields:
        ``DateBatch``
    """
    step = first_step
    while True:
        rng = np.random.default_rng([seed, step])
        yield as_batch([sample(rng) for _ in range(batch)])
        step += 1


def sample(rng, held_out=False, not_dates=NOT_DATES):
    """A text and its translation.

    Args:
        rng: a ``numpy.random.Generator``.
        held_out: whether to draw one of the days that training never sees.
        not_dates: the share of texts that are no dates, from 0 to 1.

    Returns:
        ``(text, iso)``, such as ``("June 7th, 2021", "2021-06-07")``, or ``(text, "?")``.
    """
    if as_generator(rng).random() < not_dates:
        return no_date(rng), NO_DATE
    date = draw_date(rng, held_out)
    return write(rng, date), date.isoformat()


def draw_date(rng, held_out=False):
    """A day between FIRST and LAST, of those held out or of the others."""
    while True:
        ordinal = int(as_generator(rng).integers(FIRST.toordinal(), LAST.toordinal() + 1))
        if (ordinal % HELD_OUT == 0) == held_out:
            return datetime.date.fromordinal(ordinal)


def write(rng, date):
    """The date in one of the ways that people write it: a third in numbers, the rest in one of the languages."""
    language = pick(rng, tuple(LANGUAGES.values()))
    pattern = pick(rng, NUMBERS if rng.random() < 1 / 3 else language.patterns)
    return pick(rng, (str, str.lower, str.upper))(fill(pattern, language, date))


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


def no_date(rng):
    """A text that is no date: letters, a number, a date with a part missing, misspelt, not alone, or too large."""
    date = draw_date(rng)
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


def pick(rng, choices):
    """One of several, each as likely."""
    return choices[as_generator(rng).integers(len(choices))]


def as_batch(pairs):
    """Texts and translations as a ``DateBatch``.

    Args:
        pairs: a list of ``(text, iso)``.

    Raises:
        ValueError: if a text is empty or longer than LONGEST, or a translation has other characters than TARGET.
    """
    texts, answers = zip(*pairs, strict=True)
    source, lengths = as_source(texts)
    wanted = np.full((len(pairs), STEPS), -1)
    for row, answer in zip(wanted, answers, strict=True):
        if not set(answer) <= set(TARGET) or len(answer) >= STEPS:
            raise ValueError(f"a translation has at most {STEPS - 1} characters of {TARGET!r}: got {answer!r}")
        row[: len(answer) + 1] = [*(TARGET_CODES[character] for character in answer), END]
    target = np.concatenate([np.full((len(pairs), 1), BEGIN), np.maximum(wanted[:, :-1], 0)], axis=1)
    return DateBatch(source, lengths, target, wanted)


def as_source(texts):
    """Texts as numbers: (batch, longest of them), PADDING behind the end, and their lengths (batch,).

    Raises:
        ValueError: if a text is empty or longer than LONGEST characters.
    """
    for text in texts:
        if not 0 < len(text) <= LONGEST:
            raise ValueError(f"a text must have 1 to {LONGEST} characters: got {len(text)} in {text!r}")
    codes = [[SOURCE_CODES.get(character.lower(), UNKNOWN) for character in text] for text in texts]
    lengths = np.array([len(row) for row in codes], dtype=int)
    source = np.full((len(codes), lengths.max(initial=0)), PADDING)
    for row, code in zip(source, codes, strict=True):
        row[: len(code)] = code
    return source, lengths


def as_texts(tokens):
    """What was said: tokens of the target, (batch, steps), as texts up to the sign for the end."""
    texts = []
    for row in np.asarray(tokens).tolist():
        ends = [*row, END].index(END)
        texts.append("".join(TARGET[code - 2] if code >= 2 else "" for code in row[:ends]))
    return texts
