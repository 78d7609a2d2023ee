"""The font of the formulas: STIX Two Math (SIL Open Font License), cut down to the signs that the pages show."""

import unicodedata
from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path

from attnbook.fonts import cut
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
    package = find_spec("ziamath")
    if package is None or package.origin is None:
        raise ModuleNotFoundError("the formulas' font comes with ziamath: pip install -r requirements.txt")
    cut(Path(package.origin).parent / FONT, text, target, mend=narrow_roots, layout_features=["ssty"])


def narrow_roots(font) -> None:
    """Make every size of the root sign as wide as the smallest.

    Chromium leaves room behind each root for the widest sign that the font has, which parts √d from what follows.
    """
    variants = font["MATH"].table.MathVariants
    root = font.getBestCmap()[ord("√")]
    sizes = variants.VertGlyphConstruction[variants.VertGlyphCoverage.glyphs.index(root)]
    larger = {variant.VariantGlyph for variant in sizes.MathGlyphVariantRecord}
    larger |= {part.glyph for part in sizes.GlyphAssembly.PartRecords}
    width = font["hmtx"][root][0]
    for name in sorted(larger - {root}):
        advance, bearing = font["hmtx"][name]
        outline = font["glyf"][name]
        outline.coordinates.scale((width / advance, 1))
        outline.coordinates.toInt()
        outline.recalcBounds(font["glyf"])
        font["hmtx"][name] = (width, round(bearing * width / advance))
