"""Explorers on the static page: plain HTML with native controls around the frames."""

import json
import re
from html import escape
from typing import Any

from sphinx.application import Sphinx

from attnbook.frames import folder
from attncourse.drawing.canvas import NARROW, WIDE
from attncourse.explorer import Explorer

FRAMES = "_frames"
PHONE = "(max-width: 767px)"  # below it a page has no room for a figure of 720 pixels


def figure_html(explorer: Explorer, root: str, number: int = 1) -> str:
    """The figure of one explorer, as the contract of the page has it.

    Args:
        explorer: what is shown.
        root: relative address of the site's root, such as ``"../"``.
        number: makes ids unique when a page shows the same explorer more than once.
    """
    described = explorer.describe()
    parameters = described["parameters"]
    where = f"{root}{FRAMES}/{folder(explorer)}/"
    start = explorer.states.index(explorer.defaults)
    sentence = described["readouts"][start]
    kind = "explorer" if parameters else "picture"
    key = f"{kind}-{described['name']}" + (f"-{number}" if number > 1 else "")
    parts = [
        f'<figure class="{kind}" id="{key}" data-{kind}="{escape(described["name"])}" data-frames="{where}">',
        picture_html(explorer, where, start, sentence),
    ]
    if parameters:
        parts += [
            f'<div class="controls" role="group" aria-label="Controls: {escape(described["name"].replace("-", " "))}">',
            *(_control(parameter, key) for parameter in parameters),
            "</div>",
            f'<output aria-live="polite">{escape(sentence)}</output>',
            f'<script type="application/json">{_embed(described["readouts"])}</script>',
        ]
    parts += [f"<figcaption>{_inline(described['caption'])}</figcaption>", "</figure>"]
    return "\n".join(parts)


def picture_html(explorer: Explorer, where: str, state: int, sentence: str) -> str:
    """One frame: the narrow one for phones, the wide one for other screens.

    It is not lazy: a reader who prints or saves the page wants every figure. It waits behind text and style.
    """
    return (
        f'<picture><source media="{PHONE}" srcset="{where}narrow-{state}.webp"{size(explorer, "narrow")}>'
        f'<img src="{where}wide-{state}.webp" alt="{escape(sentence)}"{size(explorer, "wide")}'
        ' loading="eager" fetchpriority="low"></picture>'
    )


def size(explorer: Explorer, layout: str) -> str:
    """The width and height attributes of a frame, so that the page does not jump when it arrives."""
    narrow = layout == "narrow"
    width = NARROW if narrow else WIDE
    inches = explorer.frame(narrow=narrow).get_size_inches()
    return f' width="{width}" height="{round(width * inches[1] / inches[0])}"'


def _control(parameter: dict[str, Any], key: str) -> str:
    name, label, stops, texts = (parameter[part] for part in ("name", "label", "stops", "texts"))
    shared = f'id="{key}-{name}" name="{name}" autocomplete="off"'
    label_tag = f'<label for="{key}-{name}">{escape(label)}</label>'
    start = stops.index(parameter["default"])
    if parameter["kind"] == "checkbox":
        checked = " checked" if parameter["default"] else ""
        return f'<div class="control switch"><input type="checkbox" {shared}{checked}>{label_tag}</div>'
    if parameter["kind"] == "select":
        options = "".join(
            f'<option value="{i}"{" selected" if i == start else ""}>{escape(text)}</option>'
            for i, text in enumerate(texts)
        )
        return f'<div class="control">{label_tag}<select {shared}>{options}</select></div>'
    return (
        f'<div class="control">{label_tag}<input type="range" {shared} min="0" max="{len(stops) - 1}" step="1" '
        f'value="{start}" aria-valuetext="{escape(texts[start])}" data-texts="{escape(json.dumps(texts))}">'
        f'<span class="value" aria-hidden="true">{escape(texts[start])}</span></div>'
    )


def _embed(data: Any) -> str:
    """JSON that cannot end the script element it stands in."""
    return json.dumps(data, ensure_ascii=False, separators=(",", ":")).replace("</", "<\\/")


def _inline(text: str) -> str:
    """The little Markdown that captions use: *emphasis* and `code`."""
    text = re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text, quote=False))
    return re.sub(r"\*([^*]+)\*", r"<em>\1</em>", text)


def setup(app: Sphinx) -> None:
    """Give the pages the explorers' script and style."""
    app.add_css_file("explorer.css")
    for script in ("explorer.js", "quiz.js"):
        app.add_js_file(script)
