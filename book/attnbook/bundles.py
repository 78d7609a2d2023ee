"""All states of an explorer in one small file a layout: each line of their SVG once, and for each state which lines.

States of one figure share most of their lines, so a bundle of fifty is smaller than one picture of pixels.
"""

import gzip
import json
from collections.abc import Iterable
from typing import Any, NamedTuple

Picture = list[str]  # the lines of an SVG: opening tag, a line a shape, closing tag


class Drawn(NamedTuple):
    """Everything that the site needs of one explorer."""

    described: dict[str, Any]  # as Explorer.describe() has it
    first: Picture  # the default state, wide
    sizes: dict[str, tuple[int, int]]  # layout -> width and height in CSS pixels
    bundles: dict[str, bytes]  # layout -> the packed states


def pack(pictures: Iterable[Picture], readouts: list[str]) -> bytes:
    """The states as gzipped JSON: ``lines``, ``states`` (for each the numbers of its lines), ``readouts``."""
    pictures = list(pictures)
    # In order: gzip finds what repeats within 32 KB, so that lines which are nearly equal must stand together.
    lines = sorted(set().union(*pictures))
    numbers = {line: number for number, line in enumerate(lines)}
    bundle = {
        "lines": lines,
        "states": [[numbers[line] for line in picture] for picture in pictures],
        "readouts": readouts,
    }
    text = json.dumps(bundle, ensure_ascii=False, separators=(",", ":"))
    return gzip.compress(text.encode(), compresslevel=9, mtime=0)


def unpack(bundle: bytes) -> tuple[list[Picture], list[str]]:
    """The pictures and readouts that ``pack`` was given."""
    found = json.loads(gzip.decompress(bundle))
    return [[found["lines"][number] for number in state] for state in found["states"]], found["readouts"]
