"""The font of the formulas: STIX Two Math (SIL Open Font License), cut down to the signs that the pages show."""

import unicodedata
from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path

from fontTools import subset

from attnbook.mathml import styled

FONT = "fonts/STIXTwoMath-Regular.ttf"  # in ziamath, a package that draws formulas as SVG and carries the font


def signs(formulas: Iterable[str]) -> str:
    """Every sign that the formulas need, in order.

    A single letter is drawn in italics, which is another sign of the font.
    """
    plain = {sign for formula in formulas for sign in formula if sign.isprintable()}
    slanted = {styled(sign, "ITALIC") for sign in plain if unicodedata.category(sign).startswith("L")}
    drawn = {"√", "ℎ"}  # the browser draws the root; Unicode has no 𝑕 but ℎ
    return "".join(sorted(plain | slanted | drawn))


def write_font(text: str, target: Path) -> None:
    """Write the part of the font that draws ``text``, with the larger forms of its brackets and roots.

    Raises:
        ModuleNotFoundError: if the package that carries the font is not installed.
    """
    options = subset.Options(flavor="woff2", layout_features=["ssty"], hinting=False, name_IDs=[0, 1, 2, 13, 14])
    package = find_spec("ziamath")
    if package is None or package.origin is None:
        raise ModuleNotFoundError("the formulas' font comes with ziamath: pip install -r requirements.txt")
    font = subset.load_font(str(Path(package.origin).parent / FONT), options)
    subsetter = subset.Subsetter(options)
    subsetter.populate(text=text)
    subsetter.subset(font)
    font["head"].modified = font["head"].created  # the same signs give the same bytes
    font.recalcTimestamp = False
    subset.save_font(font, str(target), options)
