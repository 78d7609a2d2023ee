"""Formulas become MathML while the site is built: no script, no request, and a screen reader can read them."""

import re

from docutils import nodes
from sphinx.util import logging
from sphinx.util.math import get_node_equation_number

from attnbook.mathml import to_mathml

LONG = 6  # signs: with type of twice the size they may not fit beside each other on a phone

log = logging.getLogger(__name__)


def formula(node: nodes.math | nodes.math_block, display: bool) -> str:
    """The MathML of a node; a command that nobody knows is a warning, and so an error of a strict build."""
    text = to_mathml(node.astext(), display)
    if "\\" in text:
        log.warning("formula with an unknown command: %s", node.astext(), location=node)
    return text


def visit_math(translator, node: nodes.math) -> None:
    """Write a formula inside a line. No browser breaks one: a long one can scroll where the line is too short."""
    text = formula(node, display=False)
    long = len(re.sub("<[^>]+>", "", text)) > LONG
    translator.body.append(f'<span class="formula">{text}</span>' if long else text)
    raise nodes.SkipNode


def visit_math_block(translator, node: nodes.math_block) -> None:
    """Write a formula on a line of its own, with its number if it has one."""
    translator.body.append(translator.starttag(node, "div", CLASS="math", tabindex="0"))
    translator.body.append(formula(node, display=True))
    if node["number"]:
        translator.body.append(f'<span class="eqno">({get_node_equation_number(translator, node)})')
        translator.add_permalink_ref(node, "Link to this equation")
        translator.body.append("</span>")
    translator.body.append("</div>\n")
    raise nodes.SkipNode


def setup(app) -> None:
    """Make this the way in which Sphinx writes formulas."""
    app.add_html_math_renderer("mathml", (visit_math, None), (visit_math_block, None))
