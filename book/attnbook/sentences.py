"""Sentences that come from code, set as the prose around them."""

import re
from html import escape

_WITH_INDEX = re.compile(r"\b([dW])_(\w+)")


def sentence_html(text: str) -> str:
    """A sentence with ’ for an apostrophe, with letters that have an index, such as d_k, and with `code` as it is."""
    parts = text.split("`")
    return "".join(f"<code>{escape(part, False)}</code>" if i % 2 else _plain(part) for i, part in enumerate(parts))


def caption_html(text: str) -> str:
    """The same with *emphasis*."""
    return re.sub(r"\*([^*]+)\*", r"<em>\1</em>", sentence_html(text))


def _plain(text: str) -> str:
    return _WITH_INDEX.sub(r"<i>\1</i><sub>\2</sub>", escape(text.replace("'", "’"), quote=False))
