"""Folded boxes (``:class: dropdown``) as the browser's own <details>: no script, and the keyboard opens them."""

from html import escape

from docutils import nodes
from sphinx.locale import admonitionlabels
from sphinx.transforms.post_transforms import SphinxPostTransform


class FoldedBoxes(SphinxPostTransform):
    """Replace every folded admonition by <details>, its title by <summary>."""

    default_priority = 900
    formats = ("html",)

    def run(self, **_) -> None:
        """Go through the boxes of a page."""
        for box in list(self.document.findall(nodes.Admonition)):
            if "dropdown" in box["classes"]:
                place = box.parent.index(box)
                box.parent[place : place + 1] = as_details(box)


def as_details(box: nodes.Element) -> list[nodes.Node]:
    """The nodes of a folded box."""
    title, rest = _title(box)
    classes = [name for name in box["classes"] if name != "dropdown"]
    if not isinstance(box, nodes.admonition):
        classes.insert(0, box.tagname)
    anchor = f' id="{escape(box["ids"][0])}"' if box["ids"] else ""
    start = f'<details class="{escape(" ".join(["admonition", *classes]))}"{anchor}><summary class="admonition-title">'
    return [_html(start), title, _html("</summary>"), *rest, _html("</details>")]


def _title(box: nodes.Element) -> tuple[nodes.Node, list[nodes.Node]]:
    if box.children and isinstance(box[0], nodes.title):
        return nodes.inline("", "", *box[0].children), box.children[1:]
    label = admonitionlabels.get(box.tagname, box.tagname)
    return nodes.inline("", str(label)), list(box.children)


def _html(text: str) -> nodes.raw:
    return nodes.raw("", text, format="html")


def setup(app) -> None:
    """Fold the boxes after everything else has seen them."""
    app.add_post_transform(FoldedBoxes)
