"""The teaching machinery: explorers, verdicts, questions and checks."""

from attnlib.course import check
from attnlib.course.claims import CLAIMS, Claim
from attnlib.course.controls import Choice, Slider, Switch, Text
from attnlib.course.explorer import Explorer
from attnlib.course.quiz import Question, quiz
from attnlib.course.verdict import FAILS, HOLDS, HOLDS_IF, verdict

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
    "check",
    "quiz",
    "verdict",
]
