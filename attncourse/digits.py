"""Numbers as sentences and figures write them, the same on every machine."""

ROUNDING = 1e-9  # a smaller change of numbers around 1 is none: machines round differently


def product_of(shape: tuple[int, ...]) -> str:
    """A shape as it is written: 64 × 128."""
    return " × ".join(map(str, shape))


def in_digits(number: float, form: str = "{:.2f}") -> str:
    """A number with a minus sign, never −0, in which a half is rounded away from zero: 0.125 is 0.13.

    A number that is a half but for rounding would otherwise be written as the machine's last bit decides.
    """
    words = form.format(round(number * (1 + 1e-7), 9))
    return words.replace("-", "−" if any(digit in words for digit in "123456789") else "")
