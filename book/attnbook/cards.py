"""``{chapter-cards}``: the seven chapters on the first page, with a picture of each that is written."""

import re
from html import escape
from pathlib import Path

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

from attnbook.chapters import CHAPTERS, Chapter
from attnbook.drawing import load
from attnbook.explorers import still_html
from attnbook.mathml import to_words
from attnbook.notebooks import cells_of, stored
from attnbook.pictures import drawn
from attnbook.sentences import sentence_html
from attncourse.claims import CLAIMS
from attncourse.explorer import EXPLORER_MIME


class ChapterCards(SphinxDirective):
    """A list of cards, in the order of the chapters."""

    def run(self) -> list[nodes.Node]:
        """The list, as HTML."""
        self.env.note_reread()
        root = Path(self.env.srcdir)
        cards = "".join(card(chapter, chapter.notebook(root), self.env.app) for chapter in CHAPTERS)
        return [nodes.raw("", f'<ol class="cards">{cards}</ol>', format="html")]


def card(chapter: Chapter, notebook: Path | None, app) -> str:
    """One chapter: linked and with its picture if it is written, with its claims if it is not."""
    title, promise = f"{chapter.number}. {escape(chapter.title)}", escape(chapter.promise)
    if notebook is None:
        claims = [claim for claim in CLAIMS.values() if claim.chapter == chapter.number]
        items = "".join(f'<li><span class="number">{claim.id}</span> {escape(claim.text)}</li>' for claim in claims)
        return (
            f'<li class="card prepared"><h3>{title}</h3><p>{promise}</p><details>'
            f"<summary>In preparation: {len(claims)} claims</summary><ul>{items}</ul></details></li>"
        )
    link = f"chapters/{notebook.stem}.html"
    return (
        f'<li class="card"><a href="{link}"><h3>{title}</h3><p>{promise}</p>{_picture(chapter, notebook, app)}</a>'
        f'<p class="needs">{sentence_html(time_and_needs(notebook))}</p></li>'
    )


def time_and_needs(notebook: Path) -> str:
    """How long a chapter takes and what it needs: the line in italics near its head, in plain words."""
    first = next((cell["source"] for cell in cells_of(notebook) if cell["cell_type"] == "markdown"), "")
    found = re.search(r"^\*(\d+ minutes.*?)\*$", first, re.MULTILINE)
    plain = re.sub(r"\[([^\]]+)\]\([^)]*\)|`", r"\1", found[1]) if found else ""
    return re.sub(r"\$([^$]+)\$", lambda formula: to_words(formula[1]), plain)


def _picture(chapter: Chapter, notebook: Path, app) -> str:
    """The first frame of the chapter's picture; none if the notebook does not show it, for then it is not drawn.

    It adorns a link, whose name would else go on with all its numbers.
    """
    if chapter.picture not in {described["source"] for described in stored(notebook, EXPLORER_MIME)}:
        return ""
    explorer = load(chapter.picture)
    return f'<div aria-hidden="true">{still_html(drawn(app, explorer).first)}</div>'


def setup(app) -> None:
    """Make the directive known."""
    app.add_directive("chapter-cards", ChapterCards)
