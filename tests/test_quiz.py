"""Questions keep their reasons, and a question without a right answer is refused."""

import pytest

from attnbook.boxes import question_html
from attncourse import Question, quiz
from attncourse.quiz import QUIZ_MIME

ASKED = Question("Is 0 < 1?", {"yes": "It is <less>.", "no": "Count again."}, right="yes")


def test_every_answer_keeps_its_reason():
    [stored] = quiz(ASKED)._repr_mimebundle_()[QUIZ_MIME]
    assert stored["options"] == [
        {"answer": "yes", "reason": "It is <less>."},
        {"answer": "no", "reason": "Count again."},
    ]


def test_page_has_one_native_button_an_answer_and_marks_the_right_one():
    html = question_html(quiz(ASKED)._repr_mimebundle_()[QUIZ_MIME])
    assert html.count('type="radio"') == 2
    assert html.count('data-right="true"') == 1
    assert "It is &lt;less&gt;." in html
    assert "<noscript>" in html


def test_question_whose_right_answer_is_missing_is_refused():
    with pytest.raises(ValueError, match="the right one among them"):
        quiz(Question("?", {"a": "", "b": ""}, right="c"))
    with pytest.raises(ValueError, match="two answers or more"):
        quiz(Question("?", {"a": ""}, right="a"))
