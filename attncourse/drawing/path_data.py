"""Geometry for SVG: boxes, and the data of paths, to a tenth of a CSS pixel, cut at their axes, and short."""

import math
from typing import NamedTuple

import numpy as np
from matplotlib.path import Path
from matplotlib.transforms import Bbox

_INSIDE = np.array([1, 1, -1, -1])  # Matplotlib cuts lines a pixel outside the rectangle that it is given
_FLAT = 0.3  # CSS pixels that a curve may deviate
_HATCHING = 7  # CSS pixels from line to line
_COMMANDS = {int(Path.MOVETO): "M", int(Path.LINETO): "L", int(Path.CURVE3): "Q", int(Path.CURVE4): "C"}


class Box(NamedTuple):
    """Edges in CSS pixels from the sheet's top left corner."""

    left: float
    top: float
    right: float
    bottom: float


def as_box(path: Path) -> Box | None:
    """The edges of a path that is an upright rectangle."""
    corners = np.asarray(path.vertices)
    if len(corners) != 5 or path.codes is None or np.asarray(path.codes)[-1] != Path.CLOSEPOLY:
        return None
    xs, ys = corners[:4].T
    upright = (xs[0] == xs[3] and xs[1] == xs[2] and ys[0] == ys[1] and ys[2] == ys[3]) or (
        xs[0] == xs[1] and xs[2] == xs[3] and ys[0] == ys[3] and ys[1] == ys[2]
    )
    return Box(xs.min(), ys.min(), xs.max(), ys.max()) if upright else None


def both(one: Box, other: Box) -> Box | None:
    """Where two boxes overlap."""
    box = Box(*np.maximum(one[:2], other[:2]), *np.minimum(one[2:], other[2:]))
    return box if box.left <= box.right and box.top <= box.bottom else None


def rectangle(box: Box) -> str:
    """The attributes of a ``<rect>``."""
    wide, tall = digits(box.right - box.left), digits(box.bottom - box.top)
    return f'x="{digits(box.left)}" y="{digits(box.top)}" width="{wide}" height="{tall}"'


def hatching(box: Box) -> str:
    """Slanting lines across a box, at the same places of the sheet wherever the box lies."""
    lines = []
    first, last = math.ceil((box.left + box.top) / _HATCHING), math.floor((box.right + box.bottom) / _HATCHING)
    for number in range(first, last + 1):
        total = number * _HATCHING  # x + y along the line
        start, end = max(box.left, total - box.bottom), min(box.right, total - box.top)
        if start < end:
            lines.append(f"M{digits(start)} {digits(total - start)}L{digits(end)} {digits(total - end)}")
    return f'd="{"".join(lines)}"' if lines else ""


def path_data(path: Path, clip: Box | None = None, filled: bool = True, whole: bool = True) -> str:
    """A path's data, cut at the clip; nothing if all of it lies outside.

    Unless each of its vertices says something, so that the ``whole`` is needed, those that lie on a line are left out.
    """
    if clip is not None:
        box, extent = Bbox([[clip.left, clip.top], [clip.right, clip.bottom]]), path.get_extents()
        if box.padded(0.1).count_contains([extent.min, extent.max]) != 2:
            path = path.clip_to_bbox(box) if filled else path.cleaned(clip=_INSIDE + np.array(clip), remove_nans=True)
    if not whole and len(np.asarray(path.vertices)) > 5 and not _boxes(path):
        curved = path.codes is not None and np.isin(path.codes, (Path.CURVE3, Path.CURVE4)).any()
        path = Path(path.vertices, path.codes)
        path.simplify_threshold = _FLAT
        path = path.cleaned(simplify=not curved)
    if _boxes(path):
        return f'd="{"".join(map(_box_data, np.asarray(path.vertices).reshape(-1, 5, 2)))}"'
    parts: list[str] = []
    here = ("", "")
    for points, code in path.iter_segments(simplify=False, curves=True):
        if code == Path.CLOSEPOLY:
            parts.append("Z")
        elif code != Path.STOP:
            numbers = [digits(number) for number in np.asarray(points)]
            before, here = here, (numbers[-2], numbers[-1])
            if here == before and code == Path.LINETO and not whole:
                continue
            if code == Path.LINETO and here[1] == before[1]:
                parts.append("H" + here[0])
            elif code == Path.LINETO and here[0] == before[0]:
                parts.append("V" + here[1])
            else:
                parts.append(_COMMANDS[int(code)] + " ".join(numbers))
    return f'd="{"".join(parts)}"' if len(parts) > 1 else ""


def _boxes(path: Path) -> bool:
    """Whether a path is nothing but upright rectangles, as ``Cells`` draws them."""
    codes = np.asarray([] if path.codes is None else path.codes)
    if not len(codes) or len(codes) % 5 or not (codes[4::5] == Path.CLOSEPOLY).all():
        return False
    x, y = np.asarray(path.vertices).reshape(-1, 5, 2).transpose(2, 1, 0)  # of corner after corner, one column a box
    return bool((x[0] == x[3]).all() and (x[1] == x[2]).all() and (y[0] == y[1]).all() and (y[2] == y[3]).all())


def _box_data(corners: np.ndarray) -> str:
    """From its first corner on, in steps: boxes of one size differ in their first corner only, and pack well."""
    tenths = [(round(x * 10), round(y * 10)) for x, y in corners]
    (x, y), (right, bottom) = tenths[0], tenths[2]
    across, down = digits((right - x) / 10), digits((bottom - y) / 10)
    return f"M{digits(x / 10)} {digits(y / 10)}h{across}v{down}h{digits((x - right) / 10)}z"


def digits(number: float) -> str:
    """To a tenth of a CSS pixel."""
    tenths = round(number * 10)
    whole, rest = divmod(abs(tenths), 10)
    return f"{'-' if tenths < 0 else ''}{whole or (0 if not rest else '')}{f'.{rest}' if rest else ''}"
