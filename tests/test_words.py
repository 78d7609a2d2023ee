"""The words and letters of the course: one idea, one letter, and the field's own words."""

import re
import unicodedata

import pytest

from attncourse.explorer import EXPLORER_MIME
from tests.notebooks import CHAPTERS, NOTEBOOKS, ROOT, prose, stored

LAW = (ROOT / "appendix" / "notation.md").read_text("utf-8")
PAGES = [*NOTEBOOKS, ROOT / "intro.md", *sorted(ROOT.glob("appendix/*.md"))]
each_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
each_chapter = pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda chapter: chapter.stem)

# Words with a meaning that only this course's authors know, and what the field says instead.
PRIVATE = {
    "deaf": "a query that may attend to nothing",
    "lamp": "an indicator",
    "stray": "a NaN from a hidden key",
    "swing": "a rotation, an oscillation",
    "the trim": "normalisation",
}
# Second names of what the law already names.
SECOND_NAMES = {
    r"W\^\{?[QKVO]\b": "$W_Q$",
    r"\bp_\{?ij": "$a_{ij}$",
    r"\bhead 0\b": "head 1: heads are counted from 1",
    r"\bμP_": "μP",
    r"\\mathbf|\\boldsymbol": "plain letters",
}


def text_of(page):
    return prose(page) if page.suffix == ".ipynb" else page.read_text("utf-8")


def formulas(markdown):
    """What stands between dollars, without the names that are set in upright letters."""
    plain = re.sub(r"^```.*?^```|`[^`\n]*`", "", markdown, flags=re.DOTALL | re.MULTILINE)
    found = re.findall(r"\$\$(.+?)\$\$|\$([^$\n]+)\$", plain, re.DOTALL)
    return [re.sub(r"\\(text|mathrm|operatorname|begin|end)\{[^}]*\}", " ", a or b) for a, b in found]


def is_greek(command):
    """Whether a command of LaTeX is a Greek letter."""
    name = command.removeprefix("var").replace("lambda", "lamda")  # as Unicode spells it
    try:
        return bool(unicodedata.lookup(f"GREEK SMALL LETTER {name}"))
    except KeyError:
        return False


def letters(formula):
    """The letters of a formula, each without its index: what the index counts is a letter of its own."""
    greek = {name for name in re.findall(r"\\([A-Za-z]+)", formula) if is_greek(name)}
    words = re.findall(r"[A-Za-z]+", re.sub(r"\\[A-Za-z]+", " ", formula))
    return greek | {letter for word in words for letter in ([word] if word in ("pos", "PE") else word)}


def allowed(chapter):
    """The letters that the law gives to all chapters, and those that it lends to this one."""
    here = LAW[: LAW.index("## Elsewhere")]
    law, lent = here.split("| Chapter | Letters |")
    row = next(line for line in lent.splitlines() if chapter.name in line)
    everywhere = set().union(*map(letters, formulas(law)))
    return everywhere | set().union(*map(letters, formulas(row)))


def test_letters_are_read_out_of_a_formula():
    assert letters(r"s_{ij} = q_i \cdot k_j / \sqrt{d_k} + PE_{pos}") == set("sijqkd") | {"PE", "pos"}
    assert letters(*formulas(r"$\operatorname{Var}(\hat x) = \sigma^2$")) == {"x", "sigma"}


@each_chapter
def test_every_letter_of_a_formula_is_one_that_the_notation_page_explains(chapter):
    unexplained = {
        letter: formula for formula in formulas(prose(chapter)) for letter in letters(formula) - allowed(chapter)
    }
    assert unexplained == {}


@each_page
def test_one_idea_has_one_symbol(page):
    text = text_of(page)
    assert {right: found[0] for wrong, right in SECOND_NAMES.items() if (found := re.findall(wrong, text))} == {}


def words_of_figures(chapter):
    """The readouts of every state that a chapter's figures can show."""
    return "\n".join(str(spec) for spec in stored(chapter, EXPLORER_MIME))


@each_page
def test_no_page_uses_a_private_word(page):
    text = text_of(page) + (words_of_figures(page) if page.suffix == ".ipynb" else "")
    pattern = r"\b({})(s|ing|ed)?\b"
    assert {
        word: field for word, field in PRIVATE.items() if re.search(pattern.format(word), text, re.IGNORECASE)
    } == {}
