"""``{still} attnlib.figures.compute.pipeline:pipeline``: an explorer's first picture, without its controls."""

from html import escape

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from attnbook.explorers import FRAMES, note_library, size
from attnbook.frames import folder, load


class Still(SphinxDirective):
    """The default frame of an explorer that some chapter shows, drawn with all the others."""

    required_arguments = 1  # the explorer's source

    def run(self) -> list[nodes.Node]:
        """An image whose text alternative is the frame's readout."""
        explorer = load(self.arguments[0])
        root = "../" * self.env.docname.count("/")
        start = explorer.states.index(explorer.defaults)
        alternative = explorer.readout(explorer.measure(**explorer.defaults))
        note_library(self.env)
        html = (
            f'<img class="still" src="{root}{FRAMES}/{folder(explorer)}/wide-{start}.png" '
            f'alt="{escape(alternative)}"{size(explorer, "wide")} loading="lazy" decoding="async">'
        )
        return [nodes.raw(text=html, format="html")]


def setup(app: Sphinx) -> None:
    """Make the directive known."""
    app.add_directive("still", Still)
