"""Every explorer is drawn whole, in roles, with words and numbers, in both layouts; and no picture changes unseen."""

import re
from html import unescape
from xml.etree import ElementTree

import pytest
from matplotlib.colors import to_hex

from attncourse.drawing.canvas import NARROW, SMALL, WIDE
from attncourse.drawing.palette import ON_DARK, ON_LIGHT, ROLES
from attncourse.drawing.svg import to_svg
from attncourse.drawing.typeface import families
from tests.explorers import all_explorers, corners, texts
from tests.golden import make_states
from tests.shades import shades

CSS_DPI = 96
QUOTED = re.compile("“[^”]*”|_[a-z]+")  # a text that a figure reads, or a word of it: the house in it may be white
COLOURS = {role.light.lower() for role in ROLES}

both_layouts = pytest.mark.parametrize("layout", ["wide", "narrow"])


@pytest.fixture(scope="module", params=all_explorers().values(), ids=all_explorers())
def explorer(request):
    return request.param


@pytest.fixture(scope="module")
def drawings(explorer):
    """Layout → figure of the first, default and last stops, each drawn once for all tests."""
    return make_states.drawings(explorer)


def own_colours(explorer):
    """Colours are the subject of one explorer, which alone has others than the palette's."""
    return explorer.name == "mixing-values"


def lies_on(page, box):
    return page.x0 <= box.x0 and page.y0 <= box.y0 and box.x1 <= page.x1 and box.y1 <= page.y1


@both_layouts
def test_all_states_have_the_size_of_the_sheet(drawings, layout):
    """That every bundle stays small in bytes, the site's build checks."""
    sizes = {tuple(round(inches * CSS_DPI) for inches in figure.get_size_inches()) for figure in drawings[layout]}
    assert len(sizes) == 1, "the page would jump"
    ((width, height),) = sizes
    assert width == (NARROW if layout == "narrow" else WIDE)
    assert height <= (700 if layout == "narrow" else 460)


@both_layouts
def test_no_text_is_small_or_cut_off(explorer, drawings, layout):
    for state, figure in zip(corners(explorer), drawings[layout], strict=True):
        page = figure.bbox.padded(1)
        for text in texts(figure):
            assert text.get_fontsize() >= SMALL, f"{text.get_text()!r} is set in {text.get_fontsize()} points"
            assert lies_on(page, text.get_window_extent()), f"{text.get_text()!r} is cut off in {state}"


@both_layouts
def test_no_line_or_frame_is_cut_off(explorer, drawings, layout):
    """What is drawn on the bare sheet; axes with limits of their own cut on purpose."""
    for state, figure in zip(corners(explorer), drawings[layout], strict=True):
        page = figure.bbox.padded(0.5)
        for axes in (axes for axes in figure.axes if not axes.axison):
            for shape in (*axes.lines, *axes.patches):
                stroke = shape.get_linewidth() / 2 * figure.dpi / 72
                assert lies_on(page, shape.get_window_extent().padded(stroke)), f"{shape} is cut off in {state}"


@both_layouts
def test_every_word_has_a_colour_of_the_palette(explorer, drawings, layout):
    allowed = COLOURS | ({ON_LIGHT.lower(), ON_DARK.lower()} if own_colours(explorer) else set())
    for figure in drawings[layout]:
        assert {to_hex(text.get_color()) for text in texts(figure)} <= allowed


@both_layouts
def test_no_word_or_sentence_names_a_shade(explorer, drawings, layout):
    words = [text.get_text() for figure in drawings[layout] for text in texts(figure)]
    for text in (explorer.caption, *map(explorer.readout, explorer.numbers), *words):
        assert shades(QUOTED.sub("", text)) == [], text


@both_layouts
def test_it_is_drawn_in_roles_on_one_line_a_shape_with_all_its_words(explorer, drawings, layout):
    figure = drawings[layout][corners(explorer).index(explorer.defaults)]
    words = sorted(text.get_text().replace("\n", "") for text in texts(figure) if "$" not in text.get_text())
    assert all(text.get_fontfamily() == families() for text in texts(figure)), "words are measured in another font"
    opening, *lines, closing = to_svg(figure)
    assert closing == "</svg>"
    roles = {role.name for role in ROLES} | ({"own"} if own_colours(explorer) else set())
    for line in lines:
        assert ElementTree.fromstring(line) is not None
        assert "style=" not in line, "a strict Content-Security-Policy forbids it"
        assert "NaN" not in line.partition(" data-")[0]
        assert "nan" not in line.partition(" data-")[0]
        used = re.findall(r"(?:fill|line)-([a-z-]+)", re.search(r'class="([^"]*)"', line)[1])
        assert set(used) <= roles
    drawn = "".join(sorted("".join(unescape(x) for x in re.findall(r"<text[^>]*>([^<]*)</text>", "".join(lines)))))
    assert drawn.strip() == "".join(sorted("".join(words))).strip()
    assert any(re.search(r' data-(words|value|x|values)="', line) for line in lines), "nothing says its numbers"
    width, height = re.search(r'viewBox="0 0 (\d+) (\d+)"', opening).groups()
    assert int(width) == (NARROW if layout == "narrow" else WIDE)
    assert 100 < int(height) < 700


def test_what_is_drawn_is_what_was_drawn(explorer, drawings):
    make_states.assert_kept(explorer, "figures", make_states.drawn(explorer, drawings))
