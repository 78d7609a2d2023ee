from types import SimpleNamespace
from xml.etree import ElementTree as ET

import pytest
from docutils import nodes

from attnbook.math import visit_math
from attnbook.mathml import to_mathml, to_words


def words(latex, tag):
    return [element.text for element in ET.fromstring(to_mathml(latex)).iter(tag)]


def tags(latex):
    return [element.tag for element in ET.fromstring(to_mathml(latex)).find("mrow")]


def test_a_displayed_formula_says_so():
    assert ET.fromstring(to_mathml("x", display=True)).get("display") == "block"
    assert ET.fromstring(to_mathml("x")).get("display") == "inline"


def test_a_transpose_is_spoken_as_one():
    power = next(ET.fromstring(to_mathml(r"QK^\top")).iter("msup"))
    assert power.get("intent") == "transpose($turned)"
    assert (power[0].text, power[0].get("arg")) == ("K", "turned")
    assert "intent" not in to_mathml("K^2")


def test_less_than_and_ampersand_do_not_break_the_page():
    assert "&lt;" in to_mathml(r"a < b")
    assert "&amp;" in to_mathml(r"a \& b")
    assert words(r"a < b", "mo") == ["<"]


@pytest.mark.parametrize("latex", [r"\mathrm{softmax}", r"\text{softmax}", r"\operatorname{softmax}"])
def test_an_upright_word_is_one_element(latex):
    root = ET.fromstring(to_mathml(latex))
    assert [element.text for element in root.iter() if element.text] == ["softmax"]


def test_an_upright_single_letter_stays_upright():
    assert words(r"\mathrm{d}x", "mtext") == ["d"]


def test_a_function_name_is_an_identifier_and_not_an_operator():
    assert words(r"\operatorname{Var}(x)", "mi") == ["Var", "x"]


@pytest.mark.parametrize(
    ("latex", "spaces"),
    [(r"\log p", 1), (r"\log(p)", 0), (r"2\log p", 2), (r"-\log p_y", 1), (r"(\log p)", 1), (r"\exp\left(x\right)", 0)],
)
def test_a_thin_space_parts_a_function_from_a_bare_neighbour(latex, spaces):
    assert to_mathml(latex).count("<mspace") == spaces


def test_a_subscripted_function_is_still_a_function():
    assert tags(r"\max_j s") == ["msub", "mspace", "mi"]


def test_limits_may_move_below_a_starred_operator():
    root = ET.fromstring(to_mathml(r"\operatorname*{arg\,max}_j s_j", display=True))
    name = next(element for element in root.iter("mo") if element.text and "max" in element.text)
    assert name.get("movablelimits") == "true"
    assert name.get("lspace") == "0"


@pytest.mark.parametrize(
    ("latex", "letter"),
    [(r"\mathbb{R}", "ℝ"), (r"\mathbb{E}", "𝔼"), (r"\mathbf{x}", "𝐱"), (r"\boldsymbol{x}", "𝒙"), (r"\mathbf{1}", "𝟏")],
)
def test_fonts_become_letters_that_browsers_know(latex, letter):
    text = to_mathml(latex)
    assert letter in text
    assert "mathvariant" not in text


@pytest.mark.parametrize("name", ["aligned", "align", "align*"])
def test_aligned_equations_are_a_table_without_numbers(name):
    text = to_mathml(rf"\begin{{{name}}} a &= b \\ &= c \end{{{name}}}", display=True)
    root = ET.fromstring(text)
    assert len(list(root.iter("mtr"))) == 2
    assert [cell.get("columnalign") for cell in root.iter("mtd")] == ["right", "left"] * 2
    assert "(1)" not in text


def test_cases_have_one_row_a_case_and_one_brace():
    root = ET.fromstring(to_mathml(r"\begin{cases} 0 & \text{if } j \le i \\ -\infty & \text{otherwise} \end{cases}"))
    assert len(list(root.iter("mtr"))) == 2
    assert [element.text for element in root.iter("mo")].count("{") == 1


def test_a_matrix_keeps_its_brackets_to_itself():
    root = ET.fromstring(to_mathml(r"A = \begin{bmatrix} 1 & 0 \\ 2 & 3 \end{bmatrix} + \sum_i x_i"))
    group = next(row for row in root.iter("mrow") if row.find("mtable") is not None)
    assert [child.tag for child in group] == ["mo", "mtable", "mo"]


def test_a_norm_does_not_grow_with_its_neighbours():
    root = ET.fromstring(to_mathml(r"\lVert J \rVert_F"))
    assert [element.get("stretchy") for element in root.iter("mo")] == ["false", "false"]


@pytest.mark.parametrize(
    "latex",
    [
        r"\operatorname{softmax}\!\left(\frac{Q K^\top}{\sqrt{d_k}}\right) V",
        r"J = \operatorname{diag}(p) - p\,p^\top",
        r"\hat{y} = \tfrac12 \bar{x}, \quad \sum_{i=1}^{n} x_i",
        r"\underbrace{a + b}_{\text{two}} \in \mathbb{R}^{n \times d_k}",
    ],
)
def test_no_command_is_left_over(latex):
    assert "\\" not in to_mathml(latex)


def signs_with_form(latex):
    return [element.get("form") for element in ET.fromstring(to_mathml(latex)).iter("mo") if element.text == "−"]


def test_a_minus_that_starts_a_term_is_not_a_subtraction():
    assert signs_with_form(r"-\infty") == ["prefix"]
    assert signs_with_form(r"a = -b") == ["prefix"]
    assert signs_with_form(r"a - b") == [None]
    assert signs_with_form(r"(a) - b") == [None]


def test_infinity_is_a_thing_and_not_an_operator():
    assert words(r"-\infty", "mi") == ["∞"]


def test_a_long_formula_in_a_line_can_scroll_and_a_short_one_needs_not_to():
    def written(words):
        body = []
        with pytest.raises(nodes.SkipNode):
            visit_math(SimpleNamespace(body=body), nodes.math(words, words))
        return "".join(body)

    assert written(r"\mathrm{softmax}(QK^\top)V").startswith('<span class="formula"><math')
    assert written("d_k").startswith("<math")


@pytest.mark.parametrize(
    ("latex", "words"),
    [
        (r"d_\mathrm{model}", "d_model"),
        (r"q \cdot k", "q · k"),
        (r"\lVert q \rVert", "‖q‖"),
        ("a_{ij}", "a_ij"),
        (r"\log n", "log n"),
    ],
)
def test_a_formula_can_be_read_where_there_is_no_mathml(latex, words):
    assert to_words(latex) == words
