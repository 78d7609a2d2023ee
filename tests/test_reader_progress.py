"""The page's table of what is done has the names that ``check.progress()`` counts, and leads to the exercises."""

import json
import re
from html import unescape

from attnbook.boxes import question_html, question_key
from attnbook.progress import progress_html
from attncourse import check
from attncourse.check.progress import HEAD
from attncourse.quiz import QUIZ_MIME
from tests.notebooks import CHAPTERS, ROOT, stored

HTML = progress_html(ROOT)
TAG = re.compile(r"<[^>]+>")


def names(section: str, tag: str = "td") -> list[str]:
    return " ".join(re.findall(rf'<{tag} data-of="{section}" data-names="([^"]*)"', HTML)).split()


def test_the_table_has_each_exercise_part_and_test_once():
    asked = names("passed")
    assert sorted(name for name in asked if not name.startswith("catch.")) == sorted(check.__all__)
    assert len(asked) == len(set(asked)) == len(check.__all__) + len(CHAPTERS)
    assert names("parts") == names("parts", "span")
    assert len(set(names("parts"))) == 10


def test_before_anything_is_done_the_table_is_that_of_python():
    shown = check.progress()
    assert re.findall(r'<th scope="col">(.*?)</th>', HTML) == HEAD
    seen = re.sub(r'<span class="unseen">.*?</span>', "", HTML)
    rows = [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row) for row in re.findall(r"<tr>(.*?)</tr>", seen)][1:]
    assert [[unescape(TAG.sub("", cell)) for cell in row] for row in rows] == shown.rows
    assert unescape(TAG.sub("", re.search(r'<p class="model">(.*?)<span class="read"', HTML)[1])) == shown.last


def test_every_chapter_is_linked_to_where_its_exercises_begin():
    assert re.findall(r'href="([^"]+)"', HTML) == [f"chapters/{path.stem}.html#exercises" for path in CHAPTERS]


def test_a_question_in_other_words_is_another_question():
    questions = [question for chapter in CHAPTERS for quiz in stored(chapter, QUIZ_MIME) for question in quiz]
    keys = [question_key(question["ask"]) for question in questions]
    assert len(set(keys)) == len(keys)
    first = questions[0]
    assert f'data-question="{keys[0]}"' in question_html([first])
    assert f'data-question="{keys[0]}"' not in question_html([first | {"ask": f"{first['ask']} Really?"}])


def test_no_two_cells_of_the_course_share_an_id_under_which_code_is_kept():
    ids = [cell["id"] for path in CHAPTERS for cell in json.loads(path.read_text("utf-8"))["cells"]]
    assert len(set(ids)) == len(ids)
