"""The fonts of the text: Source Sans Pro (SIL Open Font License), cut down to the signs that the pages show."""

from collections.abc import Iterable
from functools import cache
from html.parser import HTMLParser
from pathlib import Path

import matplotlib
from fontTools.ttLib import TTFont

from attnbook.fonts import cut
from attncourse.drawing.typeface import font_file

STYLES = {"Regular": "text-regular.woff2", "Semibold": "text-semibold.woff2", "It": "text-italic.woff2"}
MORE = "text-more.woff2"  # the signs that Source Sans Pro lacks, from DejaVu Sans, which comes with Matplotlib
FALLBACK = Path(matplotlib.get_data_path(), "fonts", "ttf", "DejaVuSans.ttf")

_ALWAYS = "".join(map(chr, range(0x20, 0x7F)))  # the scripts write words of their own
_FEATURES = ["kern", "mark", "mkmk", "ccmp", "locl", "liga"]
_OTHER_FONTS = {"script", "style", "math", "pre", "code"}


class _Text(HTMLParser):
    """Collects the words of a page that are set in the text's own font."""

    def __init__(self) -> None:
        super().__init__()
        self.inside: list[str] = []
        self.words: list[str] = []

    def handle_starttag(self, tag, attrs):
        if tag in _OTHER_FONTS:
            self.inside.append(tag)

    def handle_endtag(self, tag):
        if self.inside and self.inside[-1] == tag:
            self.inside.pop()

    def handle_data(self, data):
        if not self.inside:
            self.words.append(data)


def signs(pages: Iterable[str], *more: str) -> str:
    """Every sign that the pages show outside code and formulas, and those of ``more`` words, in order.

    Args:
        pages: the HTML of all pages.
        more: words that scripts will show, such as those of the figures' other states.
    """
    text = _Text()
    for page in pages:
        text.feed(page)
        text.reset()
        text.inside.clear()
    return "".join(sorted({sign for words in (_ALWAYS, *text.words, *more) for sign in words if sign.isprintable()}))


def write_fonts(text: str, folder: Path) -> str:
    """Write the part of each style that draws ``text``, and of DejaVu Sans what they lack; returns what none draws."""
    for style, name in STYLES.items():
        cut(font_file(style), text, folder / name, layout_features=_FEATURES)
    more, none = _lacking(text)
    (folder / MORE).unlink(missing_ok=True)
    if more:
        cut(FALLBACK, more, folder / MORE, layout_features=_FEATURES)
    return none


def more_css(text: str) -> str:
    """The rule that offers DejaVu Sans for the signs that a style of the text's font lacks; nothing if none does."""
    more, _ = _lacking(text)
    if not more:
        return ""
    return (
        f'@font-face{{font-family:"DejaVu Sans";src:url("{MORE}") format("woff2");font-display:swap;'
        f"unicode-range:{','.join(f'U+{ord(sign):X}' for sign in more)}}}"
    )


def _lacking(text: str) -> tuple[str, str]:
    """The signs that some style lacks: those that DejaVu Sans has, and those that it lacks, too."""
    known, found = set.intersection(*(_known(font_file(style)) for style in STYLES)), _known(FALLBACK)
    lacking = [sign for sign in text if ord(sign) not in known]
    return (
        "".join(sign for sign in lacking if ord(sign) in found),
        "".join(sign for sign in lacking if ord(sign) not in found),
    )


@cache
def _known(file: Path) -> set[int]:
    with TTFont(file, lazy=True) as font:
        return set(font.getBestCmap())
