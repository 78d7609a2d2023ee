"""What a reader has done is kept in one file, whole or not at all, and shown chapter by chapter."""

import json

import pytest

from attncourse import check, kept
from attncourse.check.base import checker
from attncourse.check.progress import CHAPTERS, Progress, exercises
from attncourse.check.require import require


@checker
def double(answer):
    require(answer(2) == 4, "2 becomes 4")


class TestKeeping:
    def test_what_was_kept_is_loaded_again(self):
        kept.keep_exercise("double")
        kept.keep_part("softmax", "def f(x):\n    return 'é'\n")
        kept.keep_exercise("triple")
        assert kept.load() == kept.Kept(["double", "triple"], {"softmax": "def f(x):\n    return 'é'\n"})

    def test_only_a_right_answer_is_kept_and_no_worked_solution(self, kept_file):
        assert not double(lambda x: 3 * x)
        assert double(lambda x: 2 * x, keep=False)
        assert not kept_file.exists()
        assert double(lambda x: 2 * x)
        assert json.loads(kept_file.read_text("utf-8")) == {"passed": ["double"], "parts": {}}

    def test_an_exercise_that_is_passed_twice_is_written_once(self, kept_file):
        double(lambda x: 2 * x)
        written = kept_file.stat().st_mtime_ns
        double(lambda x: 2 * x)
        assert kept_file.stat().st_mtime_ns == written

    def test_the_file_is_never_half_written(self, kept_file, monkeypatch):
        kept.keep_exercise("double")
        before = kept_file.read_text("utf-8")
        monkeypatch.setattr("os.replace", lambda *paths: (_ for _ in ()).throw(OSError("full")))
        assert kept.keep_exercise("triple") == " (not kept: full)"
        assert kept_file.read_text("utf-8") == before

    def test_a_folder_that_refuses_leaves_the_answer_right_and_says_so(self, tmp_path, monkeypatch):
        monkeypatch.setattr("attncourse.kept.FILE", tmp_path / "missing" / "file.json")
        assert double(lambda x: 2 * x)
        assert repr(double(lambda x: 2 * x)).startswith("✓ double: every property holds (not kept: ")
        assert check.build(softmax=SOFTMAX)
        assert "values are right (not kept: " in repr(check.build(softmax=SOFTMAX))

    @pytest.mark.parametrize(
        "held", ["", "{", "[]", '{"passed": 1, "parts": {}}', '{"passed": [1], "parts": {}}', "\0"]
    )
    def test_a_file_that_holds_something_else_is_left_alone_and_named(self, held, kept_file):
        kept_file.write_text(held, "utf-8")
        assert "(not kept: " in repr(double(lambda x: 2 * x))
        assert "move it away to begin anew" in repr(double(lambda x: 2 * x))
        assert repr(check.progress()).endswith("move it away to begin anew")
        assert check.build(softmax=SOFTMAX)
        assert kept_file.read_text("utf-8") == held

    def test_what_the_page_has_put_into_the_file_stays_in_it(self, kept_file):
        own = {"code": {"838650e0": "x = 'é'"}, "place": {"page": "a"}, "later": [1, None]}
        kept_file.write_text(json.dumps({"code": {}, "passed": ["double"], "parts": {}} | own), "utf-8")
        kept.keep_exercise("triple")
        kept.keep_part("softmax", SOFTMAX)
        held = json.loads(kept_file.read_text("utf-8"))
        assert held == {"passed": ["double", "triple"], "parts": {"softmax": SOFTMAX}} | own

    def test_the_worked_solutions_of_nobody_depend_on_what_was_kept(self, kept_file):
        before = repr(check.build(softmax=SOFTMAX, keep=False))
        kept.keep_part("softmax", "def f(scores):\n    return None")
        assert repr(check.build(softmax=SOFTMAX, keep=False)) == before
        assert check.build(attention=ATTENTION, keep=False)


SOFTMAX = "def f(s):\n    e = np.exp(s - s.max(-1, keepdims=True))\n    return e / e.sum(-1, keepdims=True)"
ATTENTION = """
def my_attention(query, key, value, mask):
    weights = softmax(np.where(mask, query @ key.mT / key.shape[-1] ** 0.5, -np.inf))
    return weights @ value, weights
"""


class TestProgress:
    def test_it_counts_what_is_done_in_each_chapter(self):
        kept.keep_exercise("next_letter")
        kept.keep_exercise("cosine_attention")
        kept.keep_exercise("catch.layer_norm")
        check.build(softmax=SOFTMAX)
        shown = check.progress()
        [first, *_, sixth, _] = shown.rows
        assert first[:4] == ["1 Compute attention by hand", "●○", "●", "○"]
        assert first[4].startswith("1 of ")
        assert sixth[1:4] == ["○○", "○", "●"]
        assert repr(shown).endswith(
            "1 of 10 parts of the date model are yours. Read a date with what you have: "
            "check.model()('June 7th, 2021')."
        )

    def test_it_looks_the_same_as_text_and_as_a_table(self):
        shown = Progress({"next_letter"}, set())
        assert len({len(line) for line in repr(shown).splitlines()[1:8]}) == 1
        assert shown._repr_markdown_().startswith("| Chapter | Exercises | Build | Catch | Further |\n| --- |")
        assert "●○" in repr(shown)
        assert "●○" in shown._repr_markdown_()

    def test_every_exercise_belongs_to_a_chapter(self):
        found = [name for chapter in CHAPTERS for name in exercises(chapter.checks)]
        assert sorted(found) == sorted(check.__all__)

    def test_every_chapter_has_a_part_to_build_and_a_test_to_write(self):
        assert all(row[2] and len(row[3]) == 1 for row in Progress(set(), set()).rows)
