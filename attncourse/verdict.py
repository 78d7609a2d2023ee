"""A claim's verdict, checked in code and stored where a program can read it."""

from collections.abc import Mapping
from html import escape
from typing import Literal

from attncourse.claims import CLAIMS

Ruling = Literal["holds", "holds-if", "fails"]

HOLDS: Ruling = "holds"
HOLDS_IF: Ruling = "holds-if"
FAILS: Ruling = "fails"

RULINGS: dict[Ruling, str] = {
    HOLDS: "holds",
    HOLDS_IF: "holds under a condition",
    FAILS: "fails as written",
}

VERDICT_MIME = "application/vnd.attnlib.verdict+json"


class Verdict:
    """What the experiment said about one claim; displays itself as a small box."""

    def __init__(self, id: str, ruling: Ruling, evidence: str):
        self.id, self.ruling, self.evidence = id, ruling, evidence

    def __repr__(self) -> str:
        return f"Claim {self.id} {RULINGS[self.ruling]}: {self.evidence}"

    def _repr_mimebundle_(self, **_) -> dict:
        claim = escape(CLAIMS[self.id].text)
        return {
            "text/plain": repr(self),
            "text/html": (
                f"<p><b>Claim {self.id}</b> <i>{claim}</i><br>"
                f"<b>{RULINGS[self.ruling].capitalize()}.</b> {escape(self.evidence)}</p>"
            ),
            VERDICT_MIME: {"id": self.id, "verdict": self.ruling, "evidence": self.evidence},
        }


def verdict(id: str, ruling: Ruling, evidence: str, because: Mapping[str, bool]) -> Verdict:
    """State what the numbers of this cell say about one claim of the notes.

    Args:
        id: the claim, such as ``"2.1"``.
        ruling: ``HOLDS``, ``HOLDS_IF`` or ``FAILS``.
        evidence: one or two sentences with the numbers computed in the cell.
        because: the conditions that carry the ruling: what must be true → whether it is.

    Raises:
        ValueError: if the id or the ruling is unknown, or no condition is given.
        AssertionError: if a condition is false: the numbers do not support the verdict.
    """
    if id not in CLAIMS:
        raise ValueError(f"there is no claim {id!r}: the notes have {', '.join(CLAIMS)}")
    if ruling not in RULINGS:
        raise ValueError(f"a verdict is HOLDS, HOLDS_IF or FAILS, not {ruling!r}")
    if not because:
        raise ValueError(f"verdict {id} rests on nothing: give at least one condition")
    broken = [condition for condition, is_true in because.items() if not is_true]
    if broken:
        raise AssertionError(f"the numbers do not support the verdict on claim {id}: not true that {'; '.join(broken)}")
    return Verdict(id, ruling, evidence)
