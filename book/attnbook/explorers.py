"""Explorers on the static page: plain HTML with native controls, and the frames beside it."""

import itertools
import json
import re
import shutil
import sys
from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util import logging
from sphinx.util.display import progress_message, status_iterator

import attncourse
import attnlib
from attnbook.frames import draw_all, folder, load, missing
from attnbook.notebooks import stored
from attncourse.drawing.canvas import NARROW, WIDE
from attncourse.explorer import EXPLORER_MIME, Explorer

FRAMES = "_frames"
LARGEST = 25_000  # bytes of a frame: a reader moves through many of them
PHONE = "(max-width: 767px)"  # below it a page has no room for a figure of 720 pixels

log = logging.getLogger(__name__)


def figure_html(described: dict[str, Any], root: str, number: int = 1) -> str:
    """The figure of one explorer, as the contract of the page has it.

    Args:
        described: what ``Explorer.describe`` stored in the notebook.
        root: relative address of the site's root, such as ``"../"``.
        number: makes ids unique when a page shows the same explorer more than once.
    """
    explorer = load(described["source"])
    parameters = described["parameters"]
    if len(explorer.states) != len(described["readouts"]):
        raise ValueError(f"the notebook's {described['name']} is older than the library's: run `make notebooks`")
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
            f'<script type="application/json">{_embed(packed(described["readouts"]))}</script>',
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


def packed(sentences: list[str]) -> dict[str, Any]:
    """The sentences with a letter for each word: the readouts of a hundred stops say much the same, in few bytes.

    Returns:
        ``{"words": [...], "letters": "...", "sentences": [...]}``: letter i of ``letters`` stands for word i.
    """
    words = list(dict.fromkeys(word for sentence in sentences for word in sentence.split(" ")))
    letters = "".join(itertools.islice(_letters(), len(words)))
    letter = dict(zip(words, letters, strict=True))
    return {
        "words": words,
        "letters": letters,
        "sentences": ["".join(letter[word] for word in sentence.split(" ")) for sentence in sentences],
    }


def _letters() -> Iterator[str]:
    """Signs that JSON and HTML leave as they are, those of one byte first."""
    return (chr(code) for code in itertools.count(35) if chr(code) not in "&<>\\" and not 0x7F <= code <= 0xA0)


def _inline(text: str) -> str:
    """The little Markdown that captions use: *emphasis* and `code`."""
    text = re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text, quote=False))
    return re.sub(r"\*([^*]+)\*", r"<em>\1</em>", text)


def note_library(env: BuildEnvironment) -> None:
    """Read the page in hand again whenever the library or its rendering changes: it would be of another make."""
    for package in (Path(attnlib.__file__).parent, Path(attncourse.__file__).parent, Path(__file__).parent):
        for path in package.rglob("*.py"):
            env.note_dependency(str(path))


def draw_frames(app: Sphinx, exception: Exception | None) -> None:
    """Draw what is missing, then lay the frames beside the pages."""
    if exception or app.builder.format != "html":
        return
    notebooks = [path for doc in sorted(app.env.found_docs) if (path := Path(app.env.doc2path(doc))).suffix == ".ipynb"]
    sources = dict.fromkeys(described["source"] for path in notebooks for described in stored(path, EXPLORER_MIME))
    explorers = [load(source) for source in sources]
    kept = Path(app.doctreedir).parent / "frames"
    frames = [frame for explorer in explorers for frame in missing(explorer, kept)]
    if frames:
        # A terminal overwrites its line; a log, which keeps each of them, gets twenty.
        every = 1 if sys.stdout.isatty() else -(-len(frames) // 20)
        shown = itertools.islice(draw_all(frames), every - 1, None, every)
        for _ in status_iterator(shown, "drawing frames... ", "green", len(frames) // every, stringify_func=_progress):
            pass
    with progress_message("copying frames"):
        _lay_out(explorers, kept, Path(app.outdir) / FRAMES)
    for path in kept.rglob("*.webp"):
        if path.stat().st_size > LARGEST:
            log.warning(f"frame {path.relative_to(kept)} has {path.stat().st_size:,} bytes, more than {LARGEST:,}")


def _progress(frame: Any) -> str:
    return f"{frame.path.parent.name} {frame.path.stem}"


def _lay_out(explorers: list[Explorer], kept: Path, site: Path) -> None:
    wanted = {folder(explorer) for explorer in explorers}
    for place in (kept, site):  # frames of an older build would only grow the site
        for old in place.iterdir() if place.exists() else ():
            if old.name not in wanted:
                shutil.rmtree(old)
    for name in wanted:
        shutil.copytree(kept / name, site / name, dirs_exist_ok=True, ignore=shutil.ignore_patterns("*.part"))


def setup(app: Sphinx) -> None:
    """Give the pages the explorers' script and style, and draw the frames at the end of the build."""
    app.add_css_file("explorer.css")
    for script in ("explorer.js", "quiz.js"):
        app.add_js_file(script, loading_method="defer")
    app.connect("build-finished", draw_frames)
