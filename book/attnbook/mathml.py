"""From LaTeX to the MathML that browsers draw.

latex2mathml writes MathML 3; browsers draw the smaller MathML Core, which has no font attributes and leaves the spacing
of function names to the author. The steps here close that gap.
"""

import re
import unicodedata
from html import unescape
from itertools import pairwise
from xml.etree import ElementTree as ET

from latex2mathml.converter import convert_to_element

_THIN = "0.167em"  # TeX's thin space
_OPENING, _CLOSING = set("([{⟨⌊⌈"), set(")]}⟩⌋⌉|‖!")
_FENCES = _OPENING | _CLOSING - {"!"}
_STYLES = {
    "bold": "BOLD",
    "italic": "ITALIC",
    "bold-italic": "BOLD ITALIC",
    "double-struck": "DOUBLE-STRUCK",
    "monospace": "MONOSPACE",
    "sans-serif": "SANS-SERIF",
}


def to_mathml(latex: str, display: bool = False) -> str:
    """The MathML of one formula, as text.

    Args:
        latex: the formula, without dollar signs.
        display: whether it stands on a line of its own.
    """
    math = convert_to_element(_prepare(latex), display="block" if display else "inline")
    del math.attrib["xmlns"]  # HTML needs none
    _tidy(math)
    return ET.tostring(math, encoding="unicode")


def to_words(latex: str) -> str:
    """A formula in plain text, where there is no MathML: the title of a link."""
    return _in_a_line(ET.fromstring(to_mathml(latex))).strip()


def _in_a_line(element: ET.Element) -> str:
    parts = [_in_a_line(child) for child in element]
    if element.tag == "msub":
        return "_".join(parts)
    if element.tag == "mspace":
        return " "
    return f" {element.text} " if element.text in ("·", "=") else (element.text or "") + "".join(parts)


def _prepare(latex: str) -> str:
    """Replace what latex2mathml does not know by what it knows."""
    latex = latex.replace(r"\!", "").strip()
    # In a table of its own, "aligned" is "align*"; the numbers are Sphinx's.
    latex = re.sub(r"\\(begin|end)\{(?:aligned|align)\}", r"\\\1{align*}", latex)
    # An upright word is one word, not a product of letters.
    latex = re.sub(r"\\mathrm\{([A-Za-z ]+)\}", r"\\text{\1}", latex)
    latex = latex.replace(r"\operatorname*", r"\operatornamewithlimits")
    return re.sub(
        r"(\\operatorname(?:withlimits)?)\{([^{}]+)\}",
        lambda m: m[1] + "{" + m[2].replace(r"\,", "\N{THIN SPACE}") + "}",
        latex,
    )


def _tidy(element: ET.Element) -> None:
    for child in element:
        _tidy(child)
    element.text = unescape(element.text) if element.text else element.text
    _use_letters_for_fonts(element)
    if element.tag == "mo":
        _tidy_operator(element)
    if element.tag in ("msub", "msup", "msubsup"):
        _let_brackets_grow(element)
    if element.tag == "msup" and "".join(element[1].itertext()) == "⊤":
        element[0].set("arg", "turned")  # a screen reader then says "transpose of K", not "K to the power of tack"
        element.set("intent", "transpose($turned)")
    if element.tag in ("mrow", "math", "mtd", "mstyle", "msqrt"):
        _unwrap(element)
        _keep_fences_to_their_matrix(element)
        _mark_signs(element)
        _space_function_names(element)


def _use_letters_for_fonts(element: ET.Element) -> None:
    """𝐱 instead of a bold x: Unicode has a letter for every mathematical font."""
    style = _STYLES.get(element.get("mathvariant", ""))
    if style and element.text:
        del element.attrib["mathvariant"]
        element.text = "".join(styled(letter, style) for letter in element.text)


def styled(letter: str, style: str) -> str:
    """The letter of a mathematical font, such as 𝐱 for x in ``BOLD``; the letter itself if there is none."""
    name = unicodedata.name(letter, "")
    name = name.removeprefix("LATIN ").removeprefix("GREEK ").replace(" LETTER ", " ")
    try:
        return unicodedata.lookup(f"MATHEMATICAL {style} {name}")
    except KeyError:
        return letter


def _tidy_operator(element: ET.Element) -> None:
    text = element.text or ""
    if text in ("∞", "∅"):
        element.tag = "mi"  # a thing, and not a sign between two
    if text == "/":
        element.attrib.update(lspace="0", rspace="0")
    if element.get("minsize"):  # \\Big(
        element.attrib.update(stretchy="true", form="prefix" if text in _OPENING else "postfix")
    if text in ("|", "‖") and not element.attrib:
        element.set("stretchy", "false")  # a norm is as high as a line, not as its neighbours
    elif _is_word(text):  # a name such as softmax is no sign between two numbers
        if element.get("movablelimits"):
            element.attrib.update(lspace="0", rspace="0")
        else:
            element.tag, element.attrib = "mi", {}


def _let_brackets_grow(script: ET.Element) -> None:
    """A bracket with an exponent takes the size that it asks for only in a row of its own."""
    if script[0].get("minsize"):
        row = ET.Element("mrow")
        row.append(script[0])
        script[0] = row


def _unwrap(row: ET.Element) -> None:
    """Leave out rows that hold a single thing."""
    for place, child in enumerate(row):
        if child.tag == "mrow" and len(child) == 1 and not child.attrib:
            row[place] = child[0]


def _keep_fences_to_their_matrix(row: ET.Element) -> None:
    """Give a matrix and its brackets a row of their own, so that the brackets grow with nothing else."""
    children = list(row)
    for left, table, right in zip(children, children[1:], children[2:], strict=False):
        if table.tag == "mtable" and left.text in _FENCES and right.text in _FENCES:
            group = ET.Element("mrow")
            place = list(row).index(left)
            for part in (left, table, right):
                row.remove(part)
                group.append(part)
            row.insert(place, group)


def _mark_signs(row: ET.Element) -> None:
    """A minus after another operator or at the start belongs to what follows: no space between them."""
    for before, sign in pairwise([ET.Element("mo"), *row]):
        starts = before.tag in ("mo", "mspace") and (before.text or "") not in _CLOSING
        if starts and sign.tag == "mo" and sign.text in ("−", "+", "±"):
            sign.set("form", "prefix")


def _space_function_names(row: ET.Element) -> None:
    """A thin space between a function's name and a neighbour without brackets, as in log x and in 2 log x."""
    children = list(row)
    for before, after in pairwise(children):
        if (_is_function(before) and not _opens(after)) or (_is_function(after) and not _separates(before)):
            row.insert(list(row).index(after), ET.Element("mspace", width=_THIN))


def _is_function(element: ET.Element) -> bool:
    if element.tag in ("msub", "msup", "msubsup", "munder", "mover", "munderover") and len(element):
        element = element[0]
    return element.tag in ("mi", "mo") and _is_word(element.text or "")


def _is_word(text: str) -> bool:
    letters = text.replace("\N{THIN SPACE}", "").replace("\N{NO-BREAK SPACE}", "")
    return len(letters) > 1 and letters.isascii() and letters.isalpha()


def _opens(element: ET.Element) -> bool:
    """Whether nothing has to be added after a function's name: a bracket, a sign or a space follows."""
    if element.tag == "mrow" and len(element):
        element = element[0]
    return element.tag in ("mo", "mspace") and not _is_function(element)


def _separates(element: ET.Element) -> bool:
    """Whether nothing has to be added before a function's name: a sign, an opening bracket or a space stands there."""
    return element.tag in ("mo", "mspace", "mtext") and (element.text or "") not in _CLOSING
