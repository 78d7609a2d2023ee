"""The characters that the model reads, and the one form of each, whatever keyboard, page or table a text comes from."""

import reprlib
import unicodedata

SOURCE = "0123456789abcdefghijklmnopqrstuvwxyzáàâãäçèéêíìóôõöúùûüñß年月日.,/-' "
LONGEST = 40  # characters of a text
ALIKE = {"-": "‐‒–—―−", "'": "‘’‛ʼ′`", "/": "⁄∕"}  # which NFKC leaves as they are
KNOWN = str.maketrans({sign: known for known, signs in ALIKE.items() for sign in signs})


def plain(text):
    """The text in Unicode's form NFKC, with one hyphen, apostrophe, stroke and space, and nothing invisible.

    So "７．６．２１" becomes "7.6.21", a letter and its accent one character, and a no-break space a space.
    """
    text = text.replace("´", "'")  # of which NFKC would make a space and an accent
    seen = "".join(" " if sign.isspace() else sign for sign in text if unicodedata.category(sign) != "Cf")
    return unicodedata.normalize("NFKC", seen).translate(KNOWN)


def as_known(text):
    """The text as the model reads it: ``plain``, and of 1 to LONGEST characters.

    Raises:
        TypeError: if it is no string.
        ValueError: if it is empty or too long.
    """
    if not isinstance(text, str):
        raise TypeError(f"a text must be a string: got {reprlib.repr(text)}")
    known = plain(text)
    if not 0 < len(known) <= LONGEST:
        raise ValueError(f"a text must have 1 to {LONGEST} characters: got {len(known)} in {reprlib.repr(text)}")
    return known
