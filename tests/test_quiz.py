"""Questions keep their reasons, and a question without a right answer is refused."""

import pytest

from attnbook.boxes import question_html
from attncourse import Question, quiz
from attncourse.quiz import QUIZ_MIME
from tests.notebooks import CHAPTERS, stored

ASKED = Question("Is 0 < 1?", {"yes": "It is <less>.", "no": "Count again."}, right="yes")


def test_every_answer_keeps_its_reason():
    [question] = quiz(ASKED)._repr_mimebundle_()[QUIZ_MIME]
    assert {option["answer"]: option["reason"] for option in question["options"]} == ASKED.options


def test_the_order_of_the_answers_is_decided_by_the_question_alone():
    options = dict.fromkeys("abcdef", "")
    one = Question("?", options, "a").shuffled()
    other = Question("?", dict(reversed(options.items())), "b").shuffled()
    assert list(one.options) == list(other.options) != list(options)
    assert list(Question("??", options, "a").shuffled().options) != list(one.options)


def test_a_live_notebook_says_of_each_opened_answer_whether_it_was_right():
    html = quiz(ASKED)._repr_mimebundle_()["text/html"]
    assert "<summary>yes</summary><p><b>Right.</b> It is &lt;less&gt;.</p>" in html
    assert "<summary>no</summary><p><b>Not this one.</b> Count again.</p>" in html
    assert html.startswith("<p><b>1. Is 0 &lt; 1?</b></p>")


def questions_of(chapter):
    return [question for asked in stored(chapter, QUIZ_MIME) for question in asked]


def answers_of(question):
    return [option["answer"] for option in question["options"]]


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda chapter: chapter.stem)
def test_the_right_answer_is_seldom_the_longest(chapter):
    longest = [q["ask"] for q in questions_of(chapter) if len(q["right"]) == max(map(len, answers_of(q)))]
    assert len(longest) <= 2, longest


def test_the_right_answers_of_the_course_stand_in_all_places_alike():
    asked = [question for chapter in CHAPTERS for question in questions_of(chapter)]
    places = [answers_of(question).index(question["right"]) for question in asked if len(question["options"]) == 4]
    if len(places) < 20:
        pytest.skip("too few questions")
    assert max(map(places.count, range(4))) <= 0.4 * len(places), [places.count(place) for place in range(4)]


def test_no_question_and_no_right_answer_comes_twice_in_the_course():
    asked = [question for chapter in CHAPTERS for question in questions_of(chapter)]
    for kind in ("ask", "right"):
        words = [question[kind].lower() for question in asked]
        assert [text for text in set(words) if words.count(text) > 1] == []


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
