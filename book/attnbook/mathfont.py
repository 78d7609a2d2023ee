"""The font of the formulas: STIX Two Math (SIL Open Font License), cut down to the signs that the pages show."""

import unicodedata
from collections.abc import Iterable
from importlib.resources import files
from pathlib import Path

from fontTools import subset

from attnbook.mathml import styled

SOURCE = files("ziamath") / "fonts" / "STIXTwoMath-Regular.ttf"


def signs(formulas: Iterable[str]) -> str:
    """Every sign that the formulas need, in order.

    A single letter is drawn in italics, which is another sign of the font.
    """
    plain = {sign for formula in formulas for sign in formula if sign.isprintable()}
    slanted = {styled(sign, "ITALIC") for sign in plain if unicodedata.category(sign).startswith("L")}
    return "".join(sorted(plain | slanted | {"ℎ"}))


def write_font(text: str, target: Path) -> None:
    """Write the part of the font that draws ``text``, with the larger forms of its brackets and roots."""
    options = subset.Options(flavor="woff2", layout_features=["ssty"], hinting=False, name_IDs=[0, 1, 2, 13, 14])
    font = subset.load_font(str(SOURCE), options)
    subsetter = subset.Subsetter(options)
    subsetter.populate(text=text)
    subsetter.subset(font)
    font["head"].modified = font["head"].created  # the same signs give the same bytes
    font.recalcTimestamp = False
    subset.save_font(font, str(target), options)
