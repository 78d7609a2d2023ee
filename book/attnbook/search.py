"""What the search knows: every section, claim and function of the book, with its words and its address.

Sphinx's own index leads to pages, of which a chapter's is thirty screens long, and leaves numbers out.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path

from bs4 import BeautifulSoup, Tag

_SILENT = (
    "annotation, .cell_output .highlight, .headerlink, script, noscript, svg, .controls, .copy, .eqno, .kept, "
    ".progress :is(table, dialog, button, .model, [hidden])"
)
_INLINE = {"a", "abbr", "b", "code", "em", "i", "small", "span", "strong", "sub", "sup"}
_PARTS = "aside.verdict, dl.py, section"  # what has an entry of its own inside a section


def entries(html: str, address: str, order: int) -> Iterator[dict[str, str | int]]:
    """The parts of a page that a search can find.

    Each has its address ``to``, the ``page`` and ``title`` that name it, its ``text``, and how early it is wanted:
    ``rank`` is 0 for a claim, 1 for the library, 2 for a section, 3 for exercises and the checks that go with them.

    Args:
        html: the page.
        address: where it lies, from the site's root.
        order: of the page in the book.
    """
    article = BeautifulSoup(html, "html.parser").find("article")
    if article is None:
        return
    for silent in article.select(_SILENT):
        silent.decompose()
    page = _words(article.find("h1"))
    for part in article.select(_PARTS):
        if not (anchor := part.get("id") or next((dt["id"] for dt in part.select("dt[id]")), "")):
            continue
        title = _words(_head(part))
        yield {
            "to": f"{address}#{anchor}",
            "page": page,
            "title": title,
            "text": _own_words(part),
            "rank": _rank(part, anchor, page, title),
            "order": order,
        }


def _head(part: Tag) -> Tag | None:
    """What names a part: the claim of a verdict, the call of a function, the heading of a section."""
    if part.name == "aside":
        return part.select_one(".claim")
    return part.find("dt" if part.name == "dl" else re.compile("h[1-6]"))


def _rank(part: Tag, anchor: str, page: str, title: str) -> int:
    if part.name == "aside":
        return 0
    if anchor.startswith("attnlib."):
        return 1
    exercise = any("Exercises" in _words(_head(above)) for above in [part, *part.find_parents("section")])
    return 3 if exercise or part.name == "dl" else 2


def _own_words(part: Tag) -> str:
    """The words of a part without its heading and without those that have an entry of their own.

    A line is what a browser can find in one piece: a block's text, up to a formula.
    """
    inner, head = set(map(id, part.select(_PARTS))), _head(part)
    words: list[str] = []

    def collect(tag: Tag) -> None:
        for child in tag.children:
            if not isinstance(child, Tag):
                words.append(str(child).replace("\n", " "))
            elif id(child) not in inner and child is not head:
                piece = child.name not in _INLINE
                words.append("\n" if piece else "")
                if child.name == "math":
                    words.append(child.get_text())
                else:
                    collect(child)
                words.append("\n" if piece else "")

    collect(part)
    lines = "".join(words).split("\n")
    return "\n".join(line for line in (" ".join(line.split()) for line in lines) if line)


def _words(tag: Tag | None) -> str:
    return " ".join(tag.get_text().split()) if tag else ""


def write_search_data(pages: dict[str, str], target: Path) -> None:
    """Write all entries as a script, which also a page from a folder may load, and a page that may fetch nothing.

    Args:
        pages: address → HTML, in the book's order.
        target: the script.
    """
    found = [entry for i, (address, html) in enumerate(pages.items()) for entry in entries(html, address, i)]
    target.write_text(f"const PASSAGES = {json.dumps(found, ensure_ascii=False, separators=(',', ':'))};\n", "utf-8")
