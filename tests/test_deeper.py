"""Sections that go deeper are closed on the page and in JupyterLab, and a chapter's two layers can be told apart."""

import json
from types import SimpleNamespace

from docutils import nodes
from docutils.core import publish_doctree

from attnbook.deeper import fold, plain_summaries
from attnbook.notebooks import COLLAPSED, cells_of, layers


def markdown(source, closed=False):
    return {"cell_type": "markdown", "metadata": {COLLAPSED: True} if closed else {}, "source": source}


CELLS = [
    markdown("# Title"),
    markdown("## Why $d_k$?"),
    markdown("### Going deeper: floats (3 minutes)", closed=True),
    markdown("more on floats"),
    markdown("#### A detail"),
    markdown("### Another road"),
    markdown("## Going deeper: in practice (5 minutes)", closed=True),
    markdown("### PyTorch"),
    markdown("## Summary"),
]


def test_a_closed_section_ends_at_the_next_heading_of_its_level_or_above():
    road, deeper = layers(CELLS)
    assert [cell["source"] for cell in deeper] == [
        "### Going deeper: floats (3 minutes)",
        "more on floats",
        "#### A detail",
        "## Going deeper: in practice (5 minutes)",
        "### PyTorch",
    ]
    assert [cell["source"] for cell in road] == ["# Title", "## Why $d_k$?", "### Another road", "## Summary"]


def test_a_closed_section_within_a_closed_one_does_not_end_it():
    cells = [markdown("## Deep", closed=True), markdown("### Deeper", closed=True), markdown("### Still in the first")]
    assert layers(cells) == ([], cells)


def test_the_source_of_a_cell_is_one_string_whether_stored_as_lines_or_not(tmp_path):
    path = tmp_path / "a.ipynb"
    path.write_text(json.dumps({"cells": [markdown(["# A\n", "b"]), markdown("# A\nb")]}), "utf-8")
    assert {cell["source"] for cell in cells_of(path)} == {"# A\nb"}


def folded(tmp_path, opening):
    """The page of a chapter with one closed section, the one on floats."""
    path = tmp_path / "a.ipynb"
    path.write_text(json.dumps({"cells": CELLS}), "utf-8")
    app = SimpleNamespace(env=SimpleNamespace(doc2path=lambda name: str(path)))
    page = publish_doctree(
        f"Why?\n====\n\n{opening}\n\nGoing deeper: floats (3 minutes)\n"
        "--------------------------------\n\nMore.\n\nNext\n====\n\nOpen.\n",
        settings_overrides={"doctitle_xform": False},
    )
    fold(app, page, "a")
    return page


def test_on_a_page_the_heading_of_a_closed_section_opens_it(tmp_path):
    page = folded(tmp_path, "Open.")
    [deep] = [section for section in page.findall(nodes.section) if "floats" in section["names"][0]]
    assert [child.astext() for child in deep] == [
        '<details class="deeper"><summary>',
        "Going deeper: floats (3 minutes)",
        "</summary>",
        "More.",
        "</details>",
    ]
    assert page.astext().count("<details") == 1


def test_a_closed_section_that_the_text_names_is_linked(tmp_path):
    first, second = folded(tmp_path, "See *floats*, *really*. *Floats* are odd.").findall(nodes.reference)
    assert (first.astext(), first["refid"]) == ("floats", "going-deeper-floats-3-minutes")
    assert (second.astext(), second["refid"]) == ("Floats", "going-deeper-floats-3-minutes")


def test_a_heading_that_opens_its_section_holds_no_link():
    html = '<summary><h3>Floats<a class="headerlink" href="#f">#</a></h3></summary>'
    assert plain_summaries(html) == "<summary><h3>Floats</h3></summary>"
    assert plain_summaries(html.replace("summary", "div")) == html.replace("summary", "div")
