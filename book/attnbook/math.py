"""Formulas become MathML while the site is built: no script, no request, and a screen reader can read them."""

from docutils import nodes
from latex2mathml.converter import convert
from sphinx.util.math import get_node_equation_number


def to_mathml(latex: str, display: bool = False) -> str:
    """The MathML of one formula."""
    return convert(latex, display="block" if display else "inline")


def visit_math(translator, node: nodes.math) -> None:
    """Write an inline formula."""
    translator.body.append(to_mathml(node.astext()))
    raise nodes.SkipNode


def visit_math_block(translator, node: nodes.math_block) -> None:
    """Write a displayed formula, with its number if it has one."""
    translator.body.append(translator.starttag(node, "div", CLASS="math"))
    if node["number"]:
        number = get_node_equation_number(translator, node)
        translator.body.append(f'<span class="eqno">({number})')
        translator.add_permalink_ref(node, "Link to this equation")
        translator.body.append("</span>")
    translator.body.append(to_mathml(node.astext(), display=True) + "</div>\n")
    raise nodes.SkipNode


def setup(app) -> None:
    """Make this the way in which Sphinx writes formulas."""
    app.add_html_math_renderer("mathml", (visit_math, None), (visit_math_block, None))
