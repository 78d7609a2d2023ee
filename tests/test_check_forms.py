"""The forty worked solutions pass in whatever form they hand over their numbers."""

import numpy as np
import pytest

from attncourse import check
from tests.exercises import solutions_of
from tests.notebooks import CHAPTERS

SOLUTIONS = {exercise: answer for chapter in CHAPTERS for exercise, answer in solutions_of(chapter).items()}


def mapped(result, numbers, several):
    """The result with ``numbers`` applied to each array or number, and ``several`` to each tuple of them."""
    if callable(result):
        return answering(result, numbers, several)
    if isinstance(result, tuple):
        return several(mapped(part, numbers, several) for part in result)
    return numbers(result)


def answering(answer, numbers, several=tuple):
    return lambda *args: mapped(answer(*args), numbers, several)


def as_float32(number):
    return np.float32(number) if np.asarray(number).dtype == np.float64 else number


def stacked(parts):
    """A tuple as one array, where its parts are arrays of one shape."""
    parts = tuple(parts)
    shapes = {getattr(part, "shape", None) for part in parts}
    return np.stack(parts) if len(shapes) == 1 and shapes != {None} else parts


FORMS = {
    "float32": (as_float32, tuple),
    "nested lists": (lambda number: np.asarray(number).tolist(), list),
    "rows": (lambda number: list(number) if np.ndim(number) else number, tuple),
    "lists for tuples": (lambda number: number, list),
    "stacks for tuples": (lambda number: number, stacked),
    "arrays for numbers": (np.asarray, tuple),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("exercise", check.__all__)
def test_solution_passes_in_every_form(exercise, form):
    result = getattr(check, exercise)(answering(SOLUTIONS[exercise], *FORMS[form]))
    assert result, repr(result)


@pytest.mark.parametrize("exercise", check.__all__)
def test_changed_argument_is_named_and_nothing_else(exercise):
    """Whatever array comes in, alone or in a tuple, is filled with another number after the work is done."""
    changed = []

    def answer(*args):
        result = SOLUTIONS[exercise](*args)
        own = 1 if exercise == "cached_attention" else 0
        for arg in args[own:]:
            for array in arg if isinstance(arg, tuple) else [arg]:
                if isinstance(array, np.ndarray):
                    result = result.copy() if isinstance(result, np.ndarray) else result  # it may be a view
                    array.fill(3)
                    changed.append(array)
        return result

    said = repr(getattr(check, exercise)(answer))
    assert not changed or "arguments must stay as they are: your function changed arg" in said


@pytest.mark.parametrize("exercise", check.__all__)
def test_second_array_that_should_have_been_dropped_is_named(exercise):
    """What ``attention`` returns, where its output alone is due."""
    said = repr(getattr(check, exercise)(lambda *args: (np.ones((3, 7)), np.ones((3, 5)))))
    assert "inhomogeneous" not in said
    assert "this check itself failed" not in said
    assert said.startswith("✗")
