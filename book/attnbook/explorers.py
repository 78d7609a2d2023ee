"""Explorers on the static page: plain HTML with native controls around an inline picture."""

import json
import re
from collections.abc import Iterable
from html import escape
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from attnbook.bundles import Drawn, Picture
from attnbook.drawing import LAYOUTS, load
from attnbook.pictures import PICTURES, bundle_name, drawn
from attnbook.sentences import caption_html
from attncourse.controls import Text
from attncourse.drawing.svg import as_image
from attncourse.explorer import Explorer

PHONE = "(max-width: 559.98px)"  # below it a page has too little room for a figure of 720 pixels

_SAID = re.compile(r' data-[a-z]+="[^"]*"')


def figure_html(explorer: Explorer, pictures: Drawn, root: str, number: int = 1) -> str:
    """The figure of one explorer, as the contract of the page has it.

    Args:
        explorer: what is shown.
        pictures: its pictures.
        root: relative address of the site's root, such as ``"../"``.
        number: makes ids unique when a page shows the same explorer more than once.
    """
    parameters = pictures.described["parameters"]
    start = explorer.states.index(explorer.defaults)
    sentence = pictures.described["readouts"][start]
    kind = "explorer" if parameters else "picture"
    name = pictures.described["name"]
    key = f"{kind}-{name}" + (f"-{number}" if number > 1 else "")
    addresses = " ".join(f'data-{layout}="{root}{PICTURES}/{bundle_name(explorer, layout)}"' for layout in LAYOUTS)
    if explorer.has_more:
        addresses += f' data-source="{explorer.source}"'  # there is more to see where Python runs
    if any(isinstance(control, Text) for control in explorer.controls.values()):
        addresses += " data-typed"
    named = f'id="{key}" aria-label="{name.replace("-", " ")}"'
    parts = [
        f'<figure class="{kind}" {named} data-{kind}="{name}" data-state="{start}" {addresses}>',
        f'<div class="stage" data-figure="{name}">{still_html(pictures.first, sentence)}</div>',
    ]
    if parameters:
        parts += [
            '<div class="controls" role="group" aria-label="Controls">',
            *(_control(parameter, key) for parameter in parameters),
            "</div>",
            f'<output aria-live="polite">{escape(sentence)}</output>',
            "<noscript><p>The controls need JavaScript; this is the first picture.</p></noscript>",
        ]
    parts += [f"<figcaption>{caption_html(pictures.described['caption'])}</figcaption>", "</figure>"]
    return "\n".join(parts)


def still_html(picture: Picture, sentence: str = "") -> str:
    """A picture as an image that says one sentence, or as an ornament; what its shapes say comes with the bundle."""
    silent = [_SAID.sub("", line) for line in picture]
    return "\n".join(as_image(silent, sentence) if sentence else silent)


def room_css(figures: Iterable[Drawn]) -> str:
    """Room for the narrow pictures on phones, so that the page does not jump when they arrive."""
    rules = []
    for each in figures:
        width, height = each.sizes["narrow"]
        rules.append(f'[data-figure="{each.described["name"]}"]{{aspect-ratio:{width}/{height}}}')
    return f"@media {PHONE}{{{''.join(rules)}}}"


def _control(parameter: dict[str, Any], key: str) -> str:
    name, label, stops, texts = (parameter[part] for part in ("name", "label", "stops", "texts"))
    shared = f'id="{key}-{name}" name="{name}" autocomplete="off"'
    label_tag = f'<label for="{key}-{name}">{escape(label)}</label>'
    start = stops.index(parameter["default"])
    if parameter["kind"] == "checkbox":
        checked = " checked" if parameter["default"] else ""
        shared = shared.replace(' autocomplete="off"', "")  # which a checkbox does not take
        return f'<div class="control switch"><input type="checkbox" {shared}{checked}>{label_tag}</div>'
    if parameter["kind"] == "select":
        options = "".join(
            f'<option value="{i}"{" selected" if i == start else ""}>{escape(text)}</option>'
            for i, text in enumerate(texts)
        )
        return f'<div class="control">{label_tag}<select {shared}>{options}</select></div>'
    return (
        f'<div class="control">{label_tag}<span class="slider"><input type="range" {shared} min="0" '
        f'max="{len(stops) - 1}" step="1" value="{start}" aria-valuetext="{escape(texts[start])}" '
        f'data-texts="{escape(json.dumps(texts))}"><span class="value" aria-hidden="true">{escape(texts[start])}</span>'
        f"</span></div>"
    )


class ShownExplorer(SphinxDirective):
    """``{explorer} package.module:name``: an explorer on a page that is no notebook."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Its figure, as HTML."""
        self.env.note_reread()
        explorer = load(self.arguments[0])
        html = figure_html(explorer, drawn(self.env.app, explorer), "../" * self.env.docname.count("/"))
        return [nodes.raw("", html, format="html")]


def setup(app: Sphinx) -> None:
    """Give the pages the explorers' scripts and style."""
    app.add_directive("explorer", ShownExplorer)
    app.add_css_file("explorer.css")
    for script in ("python.js", "bundle.js", "picture.js", "touch.js", "explorer.js", "mask-workshop.js", "quiz.js"):
        app.add_js_file(script)
