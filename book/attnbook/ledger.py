"""The ledger of the 26 claims: read from the notebooks' stored verdicts, never written by hand."""

import re
from collections.abc import Iterable, Iterator
from html import escape
from pathlib import Path
from typing import NamedTuple

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

from attnbook.boxes import anchor
from attnbook.chapters import CHAPTERS
from attnbook.notebooks import cells_of, heading
from attnbook.sentences import sentence_html
from attncourse.claims import CLAIMS, Claim
from attncourse.verdict import FAILS, HOLDS, HOLDS_IF, RULINGS, VERDICT_MIME

_AMOUNT = re.compile(r"(?<![\w&#.])[−-]?\d+(?:[.,]\d+)*(?:e[−-]?\d+)?%?(?![\w])")


class Record(NamedTuple):
    """A verdict as it is stored in a notebook."""

    id: str
    verdict: str
    evidence: str
    notebook: Path
    question: str  # the heading that it stands under: what a learner asks


def collect(notebooks: Iterable[Path]) -> list[Record]:
    """Every verdict in the notebooks' outputs, in the order of the claims.

    Raises:
        ValueError: if a claim has two verdicts, or a verdict names no claim or no known ruling or answers no question.
    """
    found: dict[str, Record] = {}
    for notebook in notebooks:
        for question, data in verdicts_of(notebook):
            record = Record(data["id"], data["verdict"], data["evidence"], notebook, question)
            if record.id not in CLAIMS:
                raise ValueError(f"{notebook.name}: there is no claim {record.id!r}")
            if record.verdict not in RULINGS:
                raise ValueError(f"{notebook.name}: claim {record.id} has the unknown verdict {record.verdict!r}")
            if not question:
                raise ValueError(f"{notebook.name}: claim {record.id} stands under no question (a heading ##)")
            if record.id in found:
                raise ValueError(
                    f"claim {record.id} has two verdicts: {found[record.id].notebook.name}, {notebook.name}"
                )
            found[record.id] = record
    return [found[id] for id in CLAIMS if id in found]


def verdicts_of(notebook: Path) -> Iterator[tuple[str, dict[str, str]]]:
    """Each stored verdict, with the heading of the second level that it stands under."""
    question = ""
    for cell in cells_of(notebook):
        if (found := heading(cell)) and found[0] == 2:
            question = found[1]
        for output in cell.get("outputs", []):
            if VERDICT_MIME in output.get("data", {}):
                yield question, output["data"][VERDICT_MIME]


def count(records: Iterable[Record]) -> str:
    """One sentence: how many claims are decided, and how."""
    verdicts = [record.verdict for record in records]
    decided = f"{len(verdicts)} of {len(CLAIMS)} claims are decided so far"
    if len(verdicts) == len(CLAIMS):
        decided = f"All {len(CLAIMS)} claims are decided"
    return (
        f"{decided}: {_number(verdicts.count(HOLDS), 'hold')}, "
        f"{_number(verdicts.count(HOLDS_IF), 'hold')} only under a condition, "
        f"{_number(verdicts.count(FAILS), 'fail')} as written."
    )


def _number(count: int, verb: str) -> str:
    return f"{count} {verb}{'s' if count == 1 else ''}"


def table(records: Iterable[Record], root: str = "../") -> str:
    """The ledger as an HTML table, a group of rows for each chapter.

    Args:
        records: the verdicts so far.
        root: relative address of the site's root.
    """
    known = {record.id: record for record in records}
    groups = []
    for chapter in CHAPTERS:
        claims = [claim for claim in CLAIMS.values() if claim.chapter == chapter.number]
        rows = "".join(_row(claim, known.get(claim.id), root) for claim in claims)
        title = (
            f'<tr class="group"><th colspan="3" scope="rowgroup">{chapter.number}. {escape(chapter.title)}</th></tr>'
        )
        groups.append(f"<tbody>{title}{rows}</tbody>")
    names = "Question and claim", "Verdict", "What the experiment found"
    head = "".join(f'<th scope="col">{name}</th>' for name in names)
    return f'<table class="ledger"><thead><tr>{head}</tr></thead>{"".join(groups)}</table>'


def _row(claim: Claim, record: Record | None, root: str) -> str:
    said = f'<span class="number">{claim.id}</span> {sentence_html(claim.text)}'
    if record is None:
        return f'<tr><td>{said}</td><td><span class="badge badge-open">Open</span></td><td></td></tr>'
    where = f"{root}chapters/{record.notebook.stem}.html#{anchor(claim.id)}"
    question = f'<a class="question" href="{where}">{escape(record.question)}</a>'
    verdict = f'<span class="badge badge-{record.verdict}">{RULINGS[record.verdict].capitalize()}</span>'
    evidence = _AMOUNT.sub(r'<b class="amount">\g<0></b>', sentence_html(record.evidence))
    return f"<tr><td>{question}{said}</td><td>{verdict}</td><td>{evidence}</td></tr>"


def notebooks(root: Path) -> list[Path]:
    """The notebooks of all chapters that are written."""
    return [path for chapter in CHAPTERS if (path := chapter.notebook(root))]


class FromNotebooks(SphinxDirective):
    """A directive that shows something of the stored verdicts, and is read again in every build."""

    def records(self) -> list[Record]:
        """The verdicts in the book's notebooks."""
        self.env.note_reread()
        return collect(notebooks(Path(self.env.srcdir)))


class ClaimsLedger(FromNotebooks):
    """``{claims-ledger}``: the table of all claims."""

    def run(self) -> list[nodes.Node]:
        """The table, as HTML."""
        return [nodes.raw("", table(self.records(), "../" * self.env.docname.count("/")), format="html")]


class ClaimsCount(FromNotebooks):
    """``{claims-count}``: one sentence on how many are decided."""

    def run(self) -> list[nodes.Node]:
        """The sentence, as a paragraph."""
        return [nodes.paragraph("", count(self.records()))]


def setup(app) -> None:
    """Make the two directives known."""
    app.add_directive("claims-ledger", ClaimsLedger)
    app.add_directive("claims-count", ClaimsCount)
