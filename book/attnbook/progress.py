"""``{reader-progress}``: on the first page, what a reader has done; and a line in each chapter that leads there."""

from collections.abc import Sequence
from html import escape
from pathlib import Path

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

from attnbook.chapters import CHAPTERS
from attnbook.runtime import MEGABYTES
from attncourse.capstone.parts import PARTS
from attncourse.check.progress import CHAPTERS as CHECKED
from attncourse.check.progress import HEAD, READ, READING, YOURS, asked

ANCHOR = "your-progress"  # the heading above the directive

FRAME = """<div class="progress" data-record>
<noscript><p>Scripts are off, so this page keeps nothing. In your notebooks, <code>check.progress()</code> tells what
you have done.</p></noscript>
<div class="scripted">
<p>What you write, what passes, your answers and where you stopped are kept in this browser only:
no account, no tracking.</p>
<p class="refused" hidden><strong>Your browser keeps nothing of this: it is lost when you leave the page.</strong></p>
<div class="pst-scrollable-table-container"><table>
<caption>● done, ○ not yet. Build is a part of your own Transformer, Catch a test that catches bugs.</caption>
<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>
<p class="model">{model}</p>
<p class="buttons"><button type="button" class="save">Save to a file</button>
<button type="button" class="load">Load from a file</button>
<button type="button" class="forget">Forget everything</button></p>
<input type="file" accept=".json,application/json" hidden>
<p role="status"></p>
<dialog aria-labelledby="forget-what"><p id="forget-what">Forget what you wrote, what passed, your answers and where you
stopped? Only a file that you have saved brings it back.</p>
<p class="buttons"><button type="button" class="confirm">Forget everything</button>
<button type="button" class="cancel">Keep it</button></p></dialog>
</div></div>"""

LINE = (
    '<p class="kept scripted" data-record>What you do here is kept in this browser only: '
    '<a href="{address}">your progress</a>. The first run fetches Python, {megabytes} MB at most.</p>'
)


def progress_html(root: Path) -> str:
    """The table that ``check.progress()`` prints, with nothing done yet, and what can be done with the record.

    Args:
        root: the folder of the book's sources, where the chapters' notebooks are looked for.
    """
    head = "".join(f'<th scope="col">{name}</th>' for name in HEAD)
    rows = "".join(_row(number, root) for number in range(1, len(CHECKED) + 1))
    read = f'<span class="read" hidden> {READ} <code>{escape(READING, quote=False)}</code>.</span>'
    return FRAME.format(head=head, rows=rows, model=f"{_count('span', 'parts', list(PARTS))} {YOURS}{read}")


def _row(number: int, root: Path) -> str:
    title = f"{number} {escape(CHECKED[number - 1].title)}"
    if notebook := CHAPTERS[number - 1].notebook(root):
        title = f'<a href="chapters/{notebook.stem}.html#exercises">{title}</a>'
    names = asked(number)
    cells = _dots("passed", names.exercises), _dots("parts", names.build), _dots("passed", names.catch)
    return f'<tr><th scope="row">{title}</th>{"".join(cells)}{_count("td", "passed", names.further)}</tr>'


def _dots(section: str, names: Sequence[str]) -> str:
    """A cell with a dot for each name; a screen reader is told how many are done."""
    return (
        f'<td data-of="{section}" data-names="{" ".join(names)}"><span aria-hidden="true">{"○" * len(names)}</span>'
        f'<span class="unseen">0 of {len(names)}</span></td>'
    )


def _count(tag: str, section: str, names: Sequence[str]) -> str:
    return f'<{tag} data-of="{section}" data-names="{" ".join(names)}">0 of {len(names)}</{tag}>'


class ReaderProgress(SphinxDirective):
    """The table and its buttons; a script fills it in."""

    def run(self) -> list[nodes.Node]:
        """The table, as HTML."""
        self.env.note_reread()
        return [nodes.raw("", progress_html(Path(self.env.srcdir)), format="html")]


def lead_there(app, doctree, docname: str) -> None:
    """Say under a chapter's heading "Exercises" that what is done there is kept, and link to it."""
    for section in doctree.findall(nodes.section):
        if docname.startswith("chapters/") and section[0].astext() == "Exercises":
            address = f"{app.builder.get_relative_uri(docname, app.config.root_doc)}#{ANCHOR}"
            section.insert(1, nodes.raw("", LINE.format(address=address, megabytes=MEGABYTES["core"]), format="html"))


def setup(app) -> None:
    """Make the directive known, and the scripts that keep and show the record."""
    app.add_directive("reader-progress", ReaderProgress)
    app.connect("doctree-resolved", lead_there)
    for script in ("record.js", "place.js", "progress.js"):
        app.add_js_file(script)
