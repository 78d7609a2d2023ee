"""``python -m experiments.tables``: make the tables of this folder's README from the results, where it has a mark.

A mark is a comment that names a result, ``order`` or ``order.controls``, and the function that makes the table:
``table`` or ``table_controls`` of the experiment of that name.
"""

import re
from importlib import import_module
from pathlib import Path

from attncourse.results import load_result

README = Path(__file__).with_name("README.md")
_MARKED = re.compile(r"(?<=<!-- table: )(?P<name>\S+) -->\n.*?\n(?=<!-- end -->)", re.DOTALL)


def filled(text: str) -> str:
    """The text with every marked table as its result makes it."""
    return _MARKED.sub(lambda found: f"{found['name']} -->\n\n{table_of(found['name'])}\n\n", text)


def table_of(name: str) -> str:
    """One table, in Markdown."""
    result, _, part = name.partition(".")
    make = getattr(import_module(f"experiments.{result}"), f"table_{part}" if part else "table")
    return str(make(load_result(result))).strip()


if __name__ == "__main__":
    README.write_text(filled(README.read_text("utf-8")), "utf-8")
