"""A chapter's own solutions, and the three things that are tested of every exercise's check."""

import linecache
import re
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pytest

import attnlib
from attncourse import check
from tests.notebooks import code_cells


class Recorder:
    """Stands where a notebook has ``check``, and keeps the answers that it is given."""

    def __init__(self):
        self.answers = {}

    def __getattr__(self, exercise):
        def record(*answers, keep=True, **named):
            named = {f"{exercise}.{name}": answer for name, answer in named.items()}
            self.answers |= named or dict.fromkeys([exercise], *answers)

        return record


def solutions_of(chapter: Path) -> dict[str, Callable]:
    """Exercise -> what the chapter's solution cell hands to its check."""
    recorder = Recorder()
    namespace = {**vars(attnlib), "__name__": "__main__", "np": np, "rng": np.random.default_rng(0), "check": recorder}
    for number, cell in enumerate(code_cells(chapter, tag="solution")):
        source, place = "".join(cell["source"]), f"<solution {number} of {chapter.stem}>"
        linecache.cache[place] = len(source), None, source.splitlines(keepends=True), place  # as in a notebook
        exec(compile(source, place, "exec"), namespace)
    return recorder.answers


def exercise_tests(solutions: Mapping[str, Callable], wrong: Mapping[str, list[tuple[Callable, str]]]) -> tuple:
    """Three test functions for a module to keep under names that pytest collects.

    Args:
        solutions: exercise -> the notebook's own solution.
        wrong: exercise -> wrong answers, each with a pattern that the check must say about it.
    """
    exercises = pytest.mark.parametrize("exercise", wrong)
    cases = [(exercise, *case) for exercise, answers in wrong.items() for case in answers]
    ids = [f"{exercise}-{i}" for exercise, answers in wrong.items() for i in range(len(answers))]

    @exercises
    def the_notebooks_solution_passes(exercise):
        assert repr(getattr(check, exercise)(solutions[exercise])) == f"✓ {exercise}: every property holds"

    @exercises
    def an_empty_answer_is_named_as_such(exercise):
        assert "does the function return something" in repr(getattr(check, exercise)(lambda *args: None))

    @pytest.mark.parametrize(("exercise", "answer", "reason"), cases, ids=ids)
    def a_wrong_answer_fails_for_the_right_reason(exercise, answer, reason):
        said = repr(getattr(check, exercise)(answer))
        assert said.startswith(f"✗ {exercise}: ")
        assert re.search(reason, said), said

    return the_notebooks_solution_passes, an_empty_answer_is_named_as_such, a_wrong_answer_fails_for_the_right_reason
