"""The cells of a matrix, as they are written: what they say, and how few bytes many of them take."""

import numpy as np
import pytest

from attncourse.drawing.board import board
from attncourse.drawing.canvas import sheet
from attncourse.drawing.cells import MANY, Cells, _runs
from attncourse.drawing.palette import WEIGHT
from attncourse.drawing.svg import to_svg


def written(numbers: np.ndarray, **look) -> list[str]:
    paper = board(sheet(height=200))
    paper.add_artist(Cells(numbers, WEIGHT, 1, (10, 20), (4, 3), **look))
    return to_svg(paper.figure)[1:-1]


def test_a_cell_says_its_row_its_column_and_its_number():
    [line] = written(np.array([[0.5]]), rows=["its"], columns=["cat"], what="weight")
    assert all(
        words in line for words in ('data-row="its"', 'data-column="cat"', 'data-what="weight"', 'data-value="0.5"')
    )


def test_quiet_cells_are_one_shape_a_shade_and_say_nothing():
    lines = written(np.array([[1.0, 0.0, 1.0], [0.5, 1.0, 0.0]]), rows=["a", "b"], what="weight", quiet=True)
    assert len(lines) == 2
    assert not any("data-" in line for line in lines)


def test_many_cells_say_all_their_numbers_in_one_shape():
    numbers = np.linspace(0, 1, MANY + 20).reshape(20, -1)
    [said] = [line for line in written(numbers, what="weight", form="{:.2f}") if "data-values" in line]
    assert said.count("|0.") > MANY - 20
    assert 'data-what="weight"' in said


@pytest.mark.parametrize("turned", [False, True])
def test_runs_lie_along_whichever_side_needs_fewer(turned):
    striped = np.tile([[True], [False]], (3, 8))  # three whole rows of six
    cells, sizes = _runs(striped.T if turned else striped)
    assert cells == [(0, row) if turned else (row, 0) for row in (0, 2, 4)]
    assert sizes == [(1, 8) if turned else (8, 1)] * 3


def test_runs_cover_the_chosen_cells_once():
    chosen = np.random.default_rng(0).random((9, 7)) < 0.5
    covered = np.zeros(chosen.shape, int)
    for (row, column), (wide, tall) in zip(*_runs(chosen), strict=True):
        covered[row : row + tall, column : column + wide] += 1
    np.testing.assert_array_equal(covered, chosen)


def test_boxes_of_one_shade_are_written_in_steps_from_their_corners():
    [line] = written(np.array([[1.0, 0.0, 1.0]]), quiet=True)
    assert 'd="M10 20h4v3h-4zM18 20h4v3h-4z"' in line
