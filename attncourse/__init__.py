"""The teaching machinery: explorers, verdicts, questions and checks."""

from attncourse import check
from attncourse.claims import CLAIMS, Claim
from attncourse.controls import Choice, Slider, Switch, Text
from attncourse.explorer import Explorer
from attncourse.listing import listing
from attncourse.quiz import Question, quiz
from attncourse.table import table
from attncourse.training import Training
from attncourse.verdict import FAILS, HOLDS, HOLDS_IF, verdict

__all__ = [
    "CLAIMS",
    "FAILS",
    "HOLDS",
    "HOLDS_IF",
    "Choice",
    "Claim",
    "Explorer",
    "Question",
    "Slider",
    "Switch",
    "Text",
    "Training",
    "check",
    "listing",
    "quiz",
    "table",
    "verdict",
]
