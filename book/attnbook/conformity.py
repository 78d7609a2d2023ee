"""The tables of the appendix on conformity: made from what ``conformity/results`` holds, never written by hand."""

import json
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

from attncourse.drawing.numerals import in_words

PASSES = "passes"
_NBSP = "\u00a0"  # a space where no line breaks
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
    rows = [(named(group), *amounts(cases)) for group, cases in groups.items()]
    head = ("What", "Pass", "Largest difference, % of what is allowed")
    return table(head, [*rows, ("All", *amounts(result["rows"]))], numbers=2)


def named(group: str) -> str:
    """A function or a layer without the modules it is in, and what stands behind its name."""
    name, *more = group.rpartition(".")[2].split(" ", 1)
    return " ".join([f"`{name}`", *more])


def amounts(cases: list[list[Any]]) -> tuple[str, str]:
    """The numbers of one row: how many of the cases pass, and the largest share."""
    passing = [case for case in cases if case[2] == PASSES]
    return f"{len(passing)} of {len(cases)}", percent(max((case[4] for case in passing), default=0))


def percent(share: float) -> str:
    """A share with as many digits as it needs: 98, 0.02."""
    return f"{100 * share:.2g}" if share < 0.995 else "100"


def reasons(result: dict[str, Any]) -> str:
    """Why cases are out of reach, the most frequent reason first."""
    found = Counter((row[5], row[0]) for row in result["rows"] if row[2] != PASSES)
    groups: dict[str, Counter[str]] = {}
    for (reason, group), count in found.items():
        groups.setdefault(reason, Counter())[group] += count
    rows = []
    for reason, count in sorted(groups.items(), key=lambda item: -sum(item[1].values())):
        where = ", ".join(f"{named(group)}{_NBSP}{n}" for group, n in count.items())
        rows.append((reason.replace("|", "\\|"), where, sum(count.values())))
    return table(("Why", "Where", "Cases"), rows, numbers=1)


def every_case(result: dict[str, Any]) -> str:
    """Each case with its largest difference, the share of what is allowed, or why it is out of reach."""
    rows = []
    for _, case, outcome, largest, share, reason in result["rows"]:
        numbers = (in_words(largest) if largest else "0", percent(share)) if outcome == PASSES else ("", "")
        rows.append((f"`{case.removeprefix('test_')}`", reason or outcome, *numbers))
    return table(("Case", "Outcome", "Largest difference", "% of what is allowed"), rows, numbers=2)


def ratios(result: dict[str, Any]) -> str:
    """attnlib's float32 errors, and each as a multiple of the plain formula's."""
    rows = []
    for operation, numbers, output, _, of_output, gradient, _, of_gradient in result["rows"]:
        errors = (in_words(output), f"{of_output:.2g}", in_words(gradient), f"{of_gradient:.2g}")
        rows.append((f"{OPERATIONS[operation]}, {numbers.replace(' = ', f'{_NBSP}={_NBSP}')}", *errors))
    head = ("What", "Output's error", "times plain, at most 2", "Gradient's error", "times plain, at most 3")
    return table(head, rows, numbers=4)


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
        found = self.parse_text_to_nodes(text)
        for node in found:
            node["classes"].append("conformity")
        return found


def setup(app) -> None:
    """Make the directive known."""
    app.add_directive("conformity", Conformity)
