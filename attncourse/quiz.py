"""Self-test questions that answer back: on the page, in a live notebook, and without JavaScript."""

from collections.abc import Mapping
from html import escape
from typing import NamedTuple

QUIZ_MIME = "application/vnd.attnlib.quiz+json"


class Question(NamedTuple):
    """A question with a few answers, one of them right, and a reason for each."""

    ask: str
    options: Mapping[str, str]  # answer -> what to say to a reader who chose it
    right: str  # one of the answers


class Quiz:
    """A few questions; displays itself as a form on the page and as folded answers elsewhere."""

    def __init__(self, questions: tuple[Question, ...]):
        self.questions = questions

    def __repr__(self) -> str:
        return "\n".join(f"{number}. {question.ask}" for number, question in enumerate(self.questions, 1))

    def _repr_mimebundle_(self, **_) -> dict:
        return {
            "text/plain": repr(self),
            "text/html": "".join(map(_folded, self.questions)),
            QUIZ_MIME: [
                {"ask": ask, "right": right, "options": [{"answer": a, "reason": r} for a, r in options.items()]}
                for ask, options, right in self.questions
            ],
        }


def quiz(*questions: Question) -> Quiz:
    """The self-test at the end of a chapter.

    Raises:
        ValueError: if a question has fewer than two answers or its right one is not among them.
    """
    for question in questions:
        if len(question.options) < 2 or question.right not in question.options:
            raise ValueError(f"a question needs two answers or more, the right one among them: {question.ask!r}")
    return Quiz(questions)


def _folded(question: Question) -> str:
    answers = "".join(
        f"<details><summary>{escape(answer)}</summary><p>{escape(reason)}</p></details>"
        for answer, reason in question.options.items()
    )
    return f"<p><b>{escape(question.ask)}</b></p>{answers}"
