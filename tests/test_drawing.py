"""The drawing kit: how numbers are written, where things lie on a board, and which colours words have."""

import numpy as np
import pytest

from attncourse.drawing.axes import decades
from attncourse.drawing.board import board
from attncourse.drawing.canvas import SMALL, place, sheet
from attncourse.drawing.dots import dots
from attncourse.drawing.label import label
from attncourse.drawing.matrix import matrix, name_columns, name_rows
from attncourse.drawing.numerals import in_words, power_of_ten
from attncourse.drawing.palette import INK, SCORE
from attncourse.figures.compute import cell_arithmetic
from tests.explorers import words_of


@pytest.fixture
def paper():
    return board(sheet(height=200))


def test_a_number_of_any_size_is_written_with_two_digits_and_a_power_of_ten():
    assert [in_words(x) for x in (0.304, 0.00567, 2.44e-5, 9.96e-7)] == ["0.30", "0.0057", "2.4·10⁻⁵", "1.0·10⁻⁶"]
    assert in_words(1e-200) == "below 10⁻³⁰"
    assert [power_of_ten(power) for power in (1, 0, -12)] == ["10", "1", "10⁻¹²"]


def test_numbers_below_an_axis_of_powers_lie_just_below_its_end():
    np.testing.assert_allclose(decades([1.0, 0.01, 1e-40], low=1e-6), [0, -2, -7])


def test_a_sum_of_zero_is_written_without_a_sign():
    assert "−0" not in words_of(cell_arithmetic, {"query": 5, "key": 5})


def test_a_label_is_small_and_in_ink_unless_it_says_otherwise(paper):
    label(paper, 1, 2, "plain")
    label(paper, 1, 2, "bold", "#123456", size=20, weight="semibold")
    plain, bold = paper.texts
    assert (plain.get_position(), plain.get_fontsize(), plain.get_color()) == ((1, 2), SMALL, INK)
    assert (bold.get_fontsize(), bold.get_color(), bold.get_weight()) == (20, "#123456", "semibold")


def test_a_board_is_the_sheet_in_css_pixels_from_the_top_left(paper):
    left, top = paper.transData.transform((0, 0))
    right, bottom = paper.transData.transform((720, 200))
    assert (left, bottom) == pytest.approx((0, 0))
    assert (right, top) == pytest.approx(tuple(paper.figure.bbox.size))


def test_a_matrix_writes_its_numbers_as_sentences_do_or_a_tick(paper):
    numbers = np.array([[-0.0, -0.125, np.nan]])
    matrix(paper, 0, 0, (30, 20), numbers, SCORE, 1, "{:.2f}")
    matrix(paper, 0, 50, (30, 20), numbers, SCORE, 1, "✓")
    assert [text.get_text() for text in paper.texts] == ["0.00", "−0.13", "✓", "✓"]


def test_names_stand_beside_the_middle_of_their_rows_and_columns(paper):
    grid = matrix(paper, 50, 40, (30, 20), np.zeros((2, 3)), SCORE, 1, written=-1)
    name_rows(paper, grid, ["a", "b"])
    name_columns(paper, grid, ["u", "v", "w"])
    places = {text.get_text(): text.get_position() for text in paper.texts}
    assert places == {"a": (45, 50), "b": (45, 70), "u": (65, 34), "v": (95, 34), "w": (125, 34)}


def test_equal_dots_lie_beside_each_other():
    axes = place(sheet(height=200), 0, 0, 100, 100)
    dots(axes, 3, np.array([0.5, 0.5, 0.5]), reach=0.2, size=4)
    dots(axes, 3, np.array([0.5, 0.7]), reach=0.2, size=4, row=True)
    column, row = (line.get_xydata() for line in axes.lines)
    np.testing.assert_allclose(column, [[2.8, 0.5], [3, 0.5], [3.2, 0.5]])
    np.testing.assert_allclose(row, [[0.5, 2.8], [0.7, 3.2]])
