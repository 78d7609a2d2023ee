"""A figure's SVG shows what Matplotlib draws, in roles, and says what its shapes say."""

import re
from xml.etree import ElementTree

import numpy as np
import pytest
from matplotlib.patches import Circle, Rectangle

from attncourse.drawing.axes import dress
from attncourse.drawing.board import board
from attncourse.drawing.canvas import place, sheet
from attncourse.drawing.cells import MANY, draw_cells
from attncourse.drawing.label import label
from attncourse.drawing.palette import INK, WEIGHT
from attncourse.drawing.svg import to_svg
from attncourse.drawing.touch import say


def shapes(figure, tag="*"):
    """The elements of the figure's SVG, without those of nothing but axes."""
    root = ElementTree.fromstring("".join(to_svg(figure)))
    return [shape for shape in root.iter() if shape is not root and tag in ("*", shape.tag)]


def test_a_rectangle_lies_where_it_was_put_in_css_pixels():
    figure = sheet(height=200)
    board(figure).add_patch(Rectangle((10, 20), 30.04, 40, facecolor=(WEIGHT, 0.25), edgecolor=INK, linewidth=0.75))
    (rect,) = shapes(figure, "rect")
    assert rect.attrib == {
        "x": "10", "y": "20", "width": "30", "height": "40", "class": "fill-weight line-ink", "fill-opacity": "0.25",
    }  # fmt: skip


def test_words_stay_words_with_their_anchor_and_signs():
    figure = sheet(height=100)
    label(board(figure), 300, 50, "q < k & “v”", ha="center")
    (text,) = shapes(figure, "text")
    assert (text.text, text.get("text-anchor"), text.get("class")) == ("q < k & “v”", "middle", "fill-ink")
    assert float(text.get("x")) == pytest.approx(300, abs=0.1)
    assert float(text.get("y")) == pytest.approx(50, abs=0.1)


def test_where_the_course_s_font_is_not_words_take_the_room_they_would_take_in_it():
    figure = sheet(height=100)
    for y, words in enumerate(("weight", "weight" * 2), 1):
        label(board(figure), 300, 20 * y, words)
    once, twice = (float(width) for width in re.findall(r'textLength="([\d.]+)"', "".join(to_svg(figure, alone=True))))
    assert twice == pytest.approx(2 * once, abs=0.2)
    assert "textLength" not in "".join(to_svg(figure)), "the page brings its font"


def test_what_lies_outside_its_axes_is_cut_off():
    figure = sheet(height=200)
    axes = place(figure, 100, 50, 200, 100)
    axes.axis("off")
    axes.set(xlim=(0, 1), ylim=(0, 1))
    axes.add_patch(Rectangle((0.5, 0.5), 5, 5, facecolor=WEIGHT))
    axes.plot([-3, 4], [0.5, 0.5], color=INK)
    axes.fill([0.2, 0.4, 3], [0.2, 3, 0.2], color=WEIGHT)
    axes.add_patch(Rectangle((2, 2), 1, 1, facecolor=WEIGHT))
    numbers = [[float(x) for x in re.findall(r"-?[\d.]+", path.get("d"))] for path in shapes(figure, "path")]
    (rect,) = shapes(figure, "rect")
    assert (rect.get("x"), rect.get("y"), rect.get("width"), rect.get("height")) == ("200", "50", "100", "50")
    for path in numbers:
        assert all(49.9 <= number <= 300.1 for number in path)
    assert len(numbers) == 2


def test_a_circle_is_a_circle_and_markers_are_one_each():
    figure = sheet(height=200)
    paper = board(figure)
    (line,) = paper.plot([100, 200], [50, 60], "o", color=WEIGHT, markersize=6, markeredgewidth=0)
    say(line, label="loss", x=["1", "2"], y=["0.5", "0.6"], names=["step", "nats"])
    one, other = shapes(figure, "circle")
    assert (one.get("cx"), one.get("cy"), one.get("r")) == ("100", "50", "4")
    assert (other.get("data-x"), other.get("data-y"), other.get("data-names")) == ("2", "0.6", "step|nats")


def test_a_colour_of_no_role_is_written_as_it_is():
    figure = sheet(height=100)
    board(figure).add_patch(Circle((50, 50), 10, facecolor="#123456"))
    (shape,) = shapes(figure)
    assert (shape.get("class"), shape.get("fill")) == ("fill-own", "#123456")


def test_a_curve_with_a_label_says_its_numbers_in_the_words_of_its_axes():
    figure = sheet(height=200)
    axes = dress(place(figure, 50, 20, 300, 150), x="step", y="loss")
    axes.plot([1, 2, 3], [0.5, 0.25, 0.125], color=INK, label="scaled")
    axes.plot([1, 3], [0, 0], color=INK)
    axes.fmt_ydata = "{:.2f}".format
    said = [shape for shape in shapes(figure) if shape.get("data-label")]
    (curve,) = said
    assert curve.get("data-label") == "scaled"
    assert curve.get("data-x") == "1|2|3"
    assert curve.get("data-y") == "0.50|0.25|0.12"
    assert curve.get("data-names") == "step|loss"
    assert len(re.findall("[MLHV]", curve.get("d"))) == 3, "a place for each number"


def test_cells_carry_their_numbers_and_the_masked_one_is_hatched():
    figure = sheet(height=200)
    numbers = np.array([[0.5, np.nan], [0.0, -1.0]])
    draw_cells(place(figure, 0, 0, 100, 100), numbers, WEIGHT, 1, rows="ab", columns="uv", what="weight", part="w")
    cells = [shape for shape in shapes(figure) if shape.get("data-what")]
    said = [(cell.get("data-row"), cell.get("data-column"), cell.get("data-value")) for cell in cells]
    assert said == [("a", "u", "0.5"), ("a", "v", "masked"), ("b", "u", "0"), ("b", "v", "−1")]
    assert cells[0].get("data-of") == "w-r0 w-c0"
    assert any("M" in path.get("d") and path.get("class") == "none line-rule" for path in shapes(figure, "path"))


def test_many_cells_are_few_shapes_and_say_their_numbers_as_a_whole(rng):
    figure = sheet(height=200)
    numbers = rng.uniform(-1, 1, size=(30, 40))
    assert numbers.size > MANY
    draw_cells(place(figure, 0, 0, 400, 200), numbers, WEIGHT, 1, what="weight", form="{:.2f}")
    (table,) = [shape for shape in shapes(figure) if shape.get("data-values")]
    values = table.get("data-values").replace("−", "-").split("|")
    np.testing.assert_allclose(np.array(values, float), numbers.ravel(), atol=0.0051)
    assert len(shapes(figure)) < 100
