"""Self-test questions that answer back: on the page, in a live notebook, and without JavaScript."""

from collections.abc import Mapping
from hashlib import sha256
from html import escape
from typing import NamedTuple

QUIZ_MIME = "application/vnd.attnlib.quiz+json"
SHUFFLE = 2  # another number, another order: with this one the right answers of the course stand in all places alike


class Question(NamedTuple):
    """A question with a few answers, one of them right, and a reason for each."""

    ask: str
    options: Mapping[str, str]  # answer -> what to say to a reader who chose it
    right: str  # one of the answers

    def shuffled(self) -> "Question":
        """The same with its answers in an order that their words decide, and no author: at each run the same."""

        def place(answer: str) -> bytes:
            return sha256(f"{SHUFFLE}\n{self.ask}\n{answer}".encode()).digest()

        return self._replace(options={answer: self.options[answer] for answer in sorted(self.options, key=place)})


class Quiz:
    """A few questions; displays itself as a form on the page and as folded answers elsewhere."""

    def __init__(self, questions: tuple[Question, ...]):
        self.questions = [question.shuffled() for question in questions]

    def __repr__(self) -> str:
        return "\n".join(f"{number}. {question.ask}" for number, question in enumerate(self.questions, 1))

    def _repr_mimebundle_(self, **_) -> dict:
        return {
            "text/plain": repr(self),
            "text/html": "".join(_folded(i, question) for i, question in enumerate(self.questions, 1)),
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


def _folded(number: int, question: Question) -> str:
    """A question for a live notebook: an answer opens, and says whether it was the right one."""
    answers = "".join(
        f"<details><summary>{escape(answer)}</summary>"
        f"<p><b>{'Right.' if answer == question.right else 'Not this one.'}</b> {escape(reason)}</p></details>"
        for answer, reason in question.options.items()
    )
    return f"<p><b>{number}. {escape(question.ask)}</b></p>{answers}"
