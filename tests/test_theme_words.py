"""No sentence names a shade: what is dark in one theme is light in the other."""

import json
import re

import pytest

from tests.explorers import all_explorers, corners, words_of
from tests.notebooks import CHAPTERS, ROOT

SHADES = re.compile(
    r"\b(dark|darker|darkest|darkness|light(?:er|est)? (?:cell|shade|colour|area|square)s?|pale|paler|palest|"
    r"white|whiter|black|blacker|bright|brighter|brightest|dim|dimmer)\b",
    re.IGNORECASE,
)
NAMED = re.compile(
    r"black.box|white.noise|`[^`]*`|dark theme|light theme", re.IGNORECASE
)  # which name no shade of a figure


def shades(text: str) -> list[str]:
    return SHADES.findall(NAMED.sub("", text))


def test_a_shade_is_found_and_a_hue_is_not():
    assert shades("Darker is more weight; the pale cells are white.") == ["Darker", "pale", "white"]
    assert shades("Stronger colour is more weight; grey-blue is below zero; the light theme; a black box.") == []


@pytest.mark.parametrize("explorer", all_explorers().values(), ids=lambda explorer: explorer.name)
def test_no_figure_names_a_shade(explorer):
    words = [word for state in corners(explorer) for word in words_of(explorer, state)]
    for text in (explorer.caption, *map(explorer.readout, explorer.numbers), *words):
        assert shades(text) == [], text


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda chapter: chapter.stem)
def test_no_chapter_names_a_shade(chapter):
    for cell in json.loads(chapter.read_text("utf-8"))["cells"]:
        if cell["cell_type"] == "markdown":
            assert shades("".join(cell["source"])) == [], "".join(cell["source"])


@pytest.mark.parametrize("page", sorted(ROOT.glob("appendix/*.md")), ids=lambda page: page.stem)
def test_no_appendix_names_a_shade(page):
    assert shades(page.read_text("utf-8")) == []
