"""Verdicts and questions as plain HTML; both can be read without JavaScript."""

from hashlib import sha256
from html import escape
from typing import Any

from attnbook.sentences import sentence_html
from attncourse.claims import CLAIMS
from attncourse.verdict import RULINGS


def anchor(claim_id: str) -> str:
    """The id of a claim's verdict on its chapter's page: ``claim-2-1``."""
    return f"claim-{claim_id.replace('.', '-')}"


def verdict_html(record: dict[str, Any]) -> str:
    """The box that states a claim, its verdict and the numbers behind it."""
    claim = CLAIMS[record["id"]]
    ruling = record["verdict"]
    return (
        f'<aside class="verdict {ruling}" id="{anchor(claim.id)}" aria-label="Verdict on claim {claim.id}">'
        f'<p class="claim"><span class="number">Claim {claim.id}</span> {sentence_html(claim.text)}</p>'
        f'<p class="ruling"><strong class="badge">{RULINGS[ruling].capitalize()}</strong> '
        f"{sentence_html(record['evidence'])}</p></aside>"
    )


def question_html(questions: list[dict[str, Any]]) -> str:
    """The self-test: native radio buttons, and below each question its answers for readers without JavaScript."""
    return (
        '<form class="quiz" data-record autocomplete="off">'
        + "".join(_question(i, question) for i, question in enumerate(questions, 1))
        + "</form>"
    )


def question_key(ask: str) -> str:
    """What an answer is kept under: a question in other words is another question."""
    return sha256(ask.encode()).hexdigest()[:8]


def _question(number: int, question: dict[str, Any]) -> str:
    options = "".join(
        f'<label><input type="radio" name="question-{number}" '
        f'data-right="{str(option["answer"] == question["right"]).lower()}" '
        f'data-reason="{escape(sentence_html(option["reason"]))}"> '
        f"<span>{sentence_html(option['answer'])}</span></label>"
        for option in question["options"]
    )
    right = next(option for option in question["options"] if option["answer"] == question["right"])
    return (
        f'<fieldset data-question="{question_key(question["ask"])}">'
        f"<legend>{number}. {sentence_html(question['ask'])}</legend>{options}"
        '<p class="reason" role="status"></p>'
        f"<noscript><details><summary>Answer</summary><p>{sentence_html(right['answer'] + ': ' + right['reason'])}</p>"
        "</details></noscript></fieldset>"
    )
