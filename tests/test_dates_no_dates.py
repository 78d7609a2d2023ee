import numpy as np
import pytest

from attnlib.dates.characters import LONGEST, as_known
from attnlib.dates.no_dates import misspelt_names, no_date
from attnlib.dates.task import draw_date
from attnlib.dates.writing import LANGUAGES
from tests.test_dates_writing import A_DAY, PATTERNS, expression, parsed


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
