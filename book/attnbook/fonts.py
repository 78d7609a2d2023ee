"""Cuts a font down to the signs that the pages show."""

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

from fontTools import subset


def cut(font: Path, text: str, target: Path, mend: Callable[[Any], None] = lambda font: None, **options: Any) -> None:
    """Write the part of a font that draws ``text`` as WOFF2; the same signs give the same bytes.

    Args:
        font: the whole font.
        text: every sign that is wanted.
        target: the file to write.
        mend: changes what is left of the font before it is written.
        options: fontTools' own, such as ``layout_features``.
    """
    logging.getLogger("fontTools").setLevel(logging.WARNING)  # a build need not tell of every table of the font
    chosen = subset.Options(flavor="woff2", hinting=False, name_IDs=[0, 1, 2, 13, 14], **options)
    chosen.drop_tables += ["FFTM"]  # an editor's dates
    with subset.load_font(str(font), chosen) as left:
        subsetter = subset.Subsetter(chosen)
        subsetter.populate(text=text)
        subsetter.subset(left)
        mend(left)
        left["head"].modified = left["head"].created
        left.recalcTimestamp = False
        subset.save_font(left, str(target), chosen)
