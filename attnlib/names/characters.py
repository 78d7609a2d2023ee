"""The letters that the model reads and writes."""

import reprlib

LETTERS = "abcdefghijklmnopqrstuvwxyz"
EDGE = 0  # the token before a name and behind it; letters are 1 to 26
VOCAB = 1 + len(LETTERS)
LONGEST = 15  # letters of a name


def as_letters(text):
    """A name, or its beginning, in small letters.

    Raises:
        TypeError: if it is no string.
        ValueError: if it has other signs than a to z, or more than LONGEST letters.
    """
    if not isinstance(text, str):
        raise TypeError(f"a name must be a string: got {reprlib.repr(text)}")
    letters = text.strip().lower()
    for sign in letters:
        if sign not in LETTERS:
            raise ValueError(f"a name has the letters a to z only: got {sign!r} in {reprlib.repr(text)}")
    if len(letters) > LONGEST:
        raise ValueError(f"a name has at most {LONGEST} letters: got {len(letters)} in {reprlib.repr(text)}")
    return letters
