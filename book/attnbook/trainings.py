"""Trainings on the page: the recorded run's picture, native controls, and a button that begins one of the reader's."""

import json
from collections.abc import Iterable
from functools import cache
from html import escape
from pathlib import Path

from sphinx.application import Sphinx

from attnbook.bundles import Drawn
from attnbook.drawing import LAYOUTS, size_of
from attnbook.explorers import _control, still_html
from attnbook.notebooks import stored
from attnbook.sentences import caption_html
from attnbook.stale import differences
from attncourse.controls import Text
from attncourse.drawing.svg import to_svg
from attncourse.shown import from_source
from attncourse.training import TRAINING_MIME, Training


@cache
def drawn(training: Training) -> Drawn:
    """The recorded run's picture in both layouts; the other states are for the reader to make."""
    pictures = {layout: to_svg(training.frame(narrow=layout == "narrow")) for layout in LAYOUTS}
    sizes = {layout: size_of(picture) for layout, picture in pictures.items()}
    return Drawn(training.describe(), pictures["wide"], sizes, {name: _data(pictures[name]) for name in LAYOUTS})


def _data(value) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def shown(pages: Iterable[Path]) -> list[Training]:
    """The trainings that these pages show, each once."""
    notebooks = (page for page in pages if page.suffix == ".ipynb")
    sources = (described["source"] for notebook in notebooks for described in stored(notebook, TRAINING_MIME))
    return [from_source(source) for source in dict.fromkeys(sources)]


def figure_html(training: Training) -> str:
    """The figure of one training, as the contract of the page has it."""
    picture, name = drawn(training), training.name
    sentence, key = picture.described["readout"], f"training-{name}"
    controls = [
        _text_field(setting, key) if isinstance(training.controls[setting["name"]], Text) else _control(setting, key)
        for setting in picture.described["settings"]
    ]
    stops = {setting["name"]: setting["stops"] for setting in picture.described["settings"]}
    lines = ",".join(f'"{layout}":{data.decode()}' for layout, data in picture.bundles.items())
    known = f'{{"stops":{_data(stops).decode()},"live":{_data(list(training.live)).decode()},"lines":{{{lines}}}}}'
    known = known.replace("</", r"<\/")  # a script ends at its first closing tag
    return "\n".join(
        [
            f'<figure class="training" id="{key}" aria-label="{name.replace("-", " ")}" data-training="{name}" '
            f'data-source="{training.source}" data-steps="{training.steps}">',
            f'<div class="stage" data-figure="{name}">{still_html(picture.first, sentence)}</div>',
            '<div class="controls" role="group" aria-label="Settings">',
            *controls,
            "</div>",
            '<div class="controls run" role="group" aria-label="Training">',
            '<button type="button" class="go">Start</button>',
            '<button type="button" class="anew" hidden>Start anew</button>',
            f'<progress max="{training.steps}" value="0" aria-label="Steps done"></progress>',
            f'<span class="pace">{escape(training.forecast)}</span>',
            "</div>",
            f'<output aria-live="polite">{escape(sentence)}</output>',
            "<noscript><p>Training in the page needs JavaScript; this is a run that was recorded.</p></noscript>",
            f"<figcaption>{caption_html(training.caption)}</figcaption>",
            f'<script type="application/json">{known}</script>',
            "</figure>",
        ]
    )


def _text_field(setting: dict, key: str) -> str:
    """A text that the reader types; a few examples are offered."""
    name, field = setting["name"], f"{key}-{setting['name']}"
    options = "".join(f'<option value="{escape(text)}"></option>' for text in setting["texts"])
    return (
        f'<div class="control"><label for="{field}">{escape(setting["label"])}</label>'
        f'<input type="text" id="{field}" name="{name}" value="{escape(setting["default"])}" list="{field}-examples" '
        f'maxlength="40" autocomplete="off" spellcheck="false"><datalist id="{field}-examples">{options}</datalist>'
        f'<button type="button" class="read">Read</button></div>'
    )


def stale(content: dict, training: Training) -> str:
    """What a notebook's training says otherwise than the library's; empty if nothing does."""
    now = json.loads(_data(training.describe()))
    other = dict.fromkeys(part for (part, *_), _, _ in differences(now, content))
    return f"training {training.name}: {', '.join(other)} changed: run `make notebooks`" if other else ""


def setup(app: Sphinx) -> None:
    """Give the pages the script of trainings."""
    app.add_js_file("training.js")
    app.add_css_file("training.css")
