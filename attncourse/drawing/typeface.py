"""The course's typeface, Source Sans Pro: narrow, open, with even figures; what it lacks comes from DejaVu Sans.

Matplotlib measures words with it, and the page sets them in it, so that nothing overlaps on either.
"""

from dataclasses import replace
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from matplotlib.font_manager import FontProperties, fontManager

FAMILY = ["Source Sans Pro", "DejaVu Sans"]
X_HEIGHT = 0.486  # of the first, in font sizes: any other is shown so large that its small letters are as high
WEIGHTS = {"Regular": 400, "Semibold": 600}
_BOLD = ("DejaVu Sans", "normal", 700)


def font_file(style: str) -> Path:
    """Where the package ``font-source-sans-pro`` keeps a style: Regular, Semibold, It.

    Raises:
        ModuleNotFoundError: if the package is not installed.
    """
    package = find_spec("font_source_sans_pro")
    if package is None or package.origin is None:
        raise ModuleNotFoundError("figures are set in Source Sans Pro: pip install font-source-sans-pro")
    return Path(package.origin).parent / "files" / f"SourceSansPro-{style}.ttf"


@cache
def font(size: float, weight: str = "normal") -> FontProperties:
    """The typeface in a size, in points: made once, for Matplotlib checks every part of a font that it is told of."""
    return FontProperties(family=families(), size=size, weight=weight)


@cache
def families() -> list[str]:
    """The families to ask Matplotlib for, in order; the first call tells it where they are."""
    for style in WEIGHTS:
        fontManager.addfont(font_file(style))
    bold = next(font for font in fontManager.ttflist if (font.name, font.style, font.weight) == _BOLD)
    fontManager.ttflist.append(replace(bold, weight=WEIGHTS["Semibold"]))  # which DejaVu Sans has not
    return FAMILY
