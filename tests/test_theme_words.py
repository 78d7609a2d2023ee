"""No sentence of the text names a shade; those of figures are read in tests/test_explorers_drawn.py."""

import json

import pytest

from tests.notebooks import NOTEBOOKS, ROOT
from tests.shades import shades


def test_a_shade_is_found_and_a_hue_is_not():
    assert shades("Darker is more weight; the pale cells are white.") == ["Darker", "pale", "white"]
    assert shades("Stronger colour is more weight; grey-blue is below zero; the light theme; a black box.") == []


@pytest.mark.parametrize("chapter", NOTEBOOKS, ids=lambda chapter: chapter.stem)
def test_no_notebook_names_a_shade(chapter):
    for cell in json.loads(chapter.read_text("utf-8"))["cells"]:
        if cell["cell_type"] == "markdown":
            assert shades("".join(cell["source"])) == [], "".join(cell["source"])


@pytest.mark.parametrize("page", sorted(ROOT.glob("appendix/*.md")), ids=lambda page: page.stem)
def test_no_appendix_names_a_shade(page):
    assert shades(page.read_text("utf-8")) == []
