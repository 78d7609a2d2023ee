"""The tables of the appendix on conformity: made from what ``conformity/results`` holds, never written by hand."""

import json
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

PASSES = "passes"
OPERATIONS = {
    "softmax": "softmax",
    "log_softmax": "log_softmax",
    "attention": "attention",
    "fast_attention": "attention in blocks",
    "multi_head_attention": "multi-head attention",
    "layer_norm": "LayerNorm",
    "rms_norm": "RMSNorm",
}


def table(head: Iterable[str], rows: Iterable[Iterable[object]], numbers: int = 0) -> str:
    """A table in Markdown, the last columns, so many, aligned to the right."""
    names = list(head)
    rule = ["---"] * (len(names) - numbers) + ["---:"] * numbers
    return "\n".join("| " + " | ".join(map(str, row)) + " |" for row in (names, rule, *rows))


def counted(result: dict[str, Any]) -> str:
    """How many cases of each group pass, and how far the farthest number is."""
    groups: dict[str, list[list[Any]]] = {}
    for row in result["rows"]:
        groups.setdefault(row[0], []).append(row)
    rows = [(f"`{name}`", *amounts(cases)) for name, cases in groups.items()]
    head = ("What", "Cases", "Pass", "Out of reach", "Largest share of the allowed difference")
    return table(head, [*rows, ("All", *amounts(result["rows"]))], numbers=4)


def amounts(cases: list[list[Any]]) -> tuple[object, ...]:
    """The numbers of one row: cases, those that pass, those out of reach, the largest share."""
    passing = [case for case in cases if case[2] == PASSES]
    largest = max((case[4] for case in passing), default=0)
    return len(cases), len(passing), len(cases) - len(passing), percent(largest)


def percent(share: float) -> str:
    """A share with as many digits as it needs: 98 %, 0.02 %."""
    return f"{100 * share:.2g} %" if share < 0.995 else "100 %"


def reasons(result: dict[str, Any]) -> str:
    """Why cases are out of reach, the most frequent reason first."""
    found = Counter((row[5], row[0]) for row in result["rows"] if row[2] != PASSES)
    groups: dict[str, Counter[str]] = {}
    for (reason, group), count in found.items():
        groups.setdefault(reason, Counter())[group] += count
    rows = [
        (sum(count.values()), reason.replace("|", "\\|"), ", ".join(f"`{group}` {n}" for group, n in count.items()))
        for reason, count in sorted(groups.items(), key=lambda item: -sum(item[1].values()))
    ]
    return table(("Cases", "Why", "Where"), rows)


def every_case(result: dict[str, Any]) -> str:
    """Each case with its largest difference, the share of what is allowed, or why it is out of reach."""
    rows = []
    for _, case, outcome, error, share, reason in result["rows"]:
        passing = outcome == PASSES
        rows.append(
            (f"`{case}`", "passes" if passing else reason, *([f"{error:.0e}", percent(share)] if passing else ["", ""]))
        )
    return table(("Case", "Outcome", "Largest difference", "Share of what is allowed"), rows, numbers=2)


def ratios(result: dict[str, Any]) -> str:
    """attnlib's float32 error, as a multiple of the plain formula's."""
    rows = [(OPERATIONS[row[0]], row[1], f"{row[4]:.2g}", f"{row[7]:.2g}") for row in result["rows"]]
    return table(("What", "Numbers", "Output, at most 2", "Gradient, at most 3"), rows, numbers=2)


def habits(result: dict[str, Any]) -> str:
    """Who does what: a row for each answer to a question, with the libraries and settings that give it."""
    answers: dict[tuple[str, str], list[str]] = {}
    for thing, library, setting, found in result["rows"]:
        answers.setdefault((thing, found), []).append(f"{library} ({setting})" if setting else library)
    things = list(dict.fromkeys(thing for thing, _ in answers))
    asked = sorted(answers, key=lambda answer: things.index(answer[0]))
    return table(("What", "Found", "Who"), [(*answer, "; ".join(answers[answer])) for answer in asked])


def versions(result: dict[str, Any]) -> str:
    """What a result was made with."""
    names = {"python": "Python", "numpy": "NumPy", "torch": "PyTorch", "jax": "JAX", "keras": "Keras", "onnx": "ONNX"}
    made = ", ".join(f"{names[name]} {number.partition('+')[0]}" for name, number in result["versions"].items())
    return f"`{result['command']}`, with {made}."


VIEWS: dict[str, Callable[[dict[str, Any]], str]] = {
    "counted": counted,
    "reasons": reasons,
    "every-case": every_case,
    "ratios": ratios,
    "habits": habits,
    "versions": versions,
}


class Conformity(SphinxDirective):
    """``{conformity} onnx counted``: one view of one result."""

    required_arguments = 2

    def run(self) -> list[nodes.Node]:
        """The view, as the page's own Markdown."""
        name, view = self.arguments
        path = Path(self.env.srcdir) / "conformity" / "results" / f"{name}.json"
        self.env.note_dependency(str(path))
        text = VIEWS[view](json.loads(path.read_text("utf-8")))
        return self.parse_text_to_nodes(text)


def setup(app) -> None:
    """Make the directive known."""
    app.add_directive("conformity", Conformity)
