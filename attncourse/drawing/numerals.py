"""How very small numbers are written: with a power of ten."""

_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def power_of_ten(power: int) -> str:
    """0 -> 1, 1 -> 10, −2 -> 10⁻²."""
    return {0: "1", 1: "10"}.get(power, "10" + str(power).translate(_SUPERSCRIPTS))


def in_words(number: float) -> str:
    """A number of any size above zero, in two digits: 0.31, 0.0057, 2.5·10⁻⁵."""
    if number < 1e-30:
        return "below 10⁻³⁰"
    if number >= 1e-3:
        return f"{number:#.2g}" if number < 1 else f"{number:.2g}"
    digits, _, power = f"{number:.1e}".partition("e")
    return f"{digits}·{power_of_ten(int(power))}"
