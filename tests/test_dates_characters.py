import unicodedata

import pytest

from attnlib.dates.characters import SOURCE, as_known, plain
from attnlib.dates.task import sample


@pytest.mark.parametrize(
    ("text", "known"),
    [
        ("7\xa0juin\xa02021", "7 juin 2021"),  # no-break spaces
        ("7\u202fjuin\u20092021", "7 juin 2021"),  # narrow, thin
        ("7\u3000juin\t2021\u2028", "7 juin 2021 "),
        ("7. Ma\u0308rz 2021", "7. März 2021"),  # a letter and its accent
        ("lunedi\u0300", "lunedì"),
        ("７．６．２０２１", "7.6.2021"),
        ("２０２１年６月７日", "2021年6月7日"),
        ("2021年㋅㏦", "2021年6月7日"),
        ("Ｊｕｎｅ　７ｔｈ，　２０２１", "June 7th, 2021"),
        *((f"2021{dash}06{dash}07", "2021-06-07") for dash in "‐‑‒–—―−－﹘﹣"),
        *((f"Jun. 7th {sign}21", "Jun. 7th '21") for sign in "’‘‛ʼ′´`＇"),
        *((f"6{stroke}7{stroke}21", "6/7/21") for stroke in "⁄∕／"),
        ("7. Ju\xadni 2021", "7. Juni 2021"),  # a soft hyphen
        ("\ufeff\u200e7.6.21\u200f\u200b", "7.6.21"),  # marks of order and direction, a space of no width
        ("7. Ma\u00ad\u0308rz", "7. März"),
        ("", ""),
    ],
)
def test_what_looks_alike_is_the_character_that_the_model_knows(text, known):
    assert plain(text) == known
    assert set(plain(text).lower()) <= set(SOURCE)


def test_what_the_model_has_learnt_stays_as_it_is(rng):
    for text in [SOURCE, *(sample(rng, not_dates=0.5)[0] for _ in range(3000))]:
        assert plain(text) == text


def test_what_is_plain_stays_plain(rng):
    texts = [chr(code) for code in range(0x3000)]
    texts += ["".join(map(chr, rng.integers(0x3000, size=20))) for _ in range(500)]
    for text in map(plain, texts):
        assert plain(text) == text
        assert unicodedata.is_normalized("NFKC", text)


def test_texts_that_are_empty_or_too_long_are_restated():
    for empty in ("", "\ufeff", "\xad\u200b"):
        with pytest.raises(ValueError, match="a text must have 1 to 40 characters: got 0 in '"):
            as_known(empty)
    with pytest.raises(ValueError, match="a text must have 1 to 40 characters: got 41 in 'xxx"):
        as_known("x" * 41)
    assert as_known("x" * 40) == "x" * 40
    assert as_known("a\u0308" * 40) == "ä" * 40  # forty as the model reads them


def test_the_fault_of_a_long_text_is_short():
    with pytest.raises(ValueError, match=r"got 1000000 in 'x+\.\.\.x+'$"):
        as_known("x" * 1_000_000)
