"""A number in a sentence reads the same on every machine."""

import pytest

from attncourse.digits import in_digits


@pytest.mark.parametrize(
    ("number", "form", "words"),
    [
        (-0.31, "{:.2f}", "−0.31"),
        (-1e-12, "{:.2f}", "0.00"),
        (-1e-12, "{:g}", "0"),
        (-0.004, "{:.2f}", "0.00"),
        (3.0, "{:g}", "3"),
        (1, "✓", "✓"),
    ],
)
def test_a_number_in_a_sentence_has_a_minus_sign_and_no_minus_zero(number, form, words):
    assert in_digits(number, form) == words


@pytest.mark.parametrize(
    ("half", "form", "words"), [(0.125, "{:.2f}", "0.13"), (27.5, "{:.0f}", "28"), (0.2055, "{:.1%}", "20.6%")]
)
def test_a_half_is_rounded_away_from_zero_whatever_its_last_digit(half, form, words):
    for sign, minus in ((1, ""), (-1, "−")):
        assert {in_digits(sign * half * (1 + off), form) for off in (0, 1e-9, -1e-9)} == {minus + words}
