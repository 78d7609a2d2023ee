"""Times in words."""


def duration(seconds: float) -> str:
    """A time in words, without more digits than it deserves."""
    number, unit = (seconds, "second") if seconds < 90 else (seconds / 60, "minute")
    number = max(1, round(number))
    return f"{number} {unit}{'s' * (number != 1)}"
