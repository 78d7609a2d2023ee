"""The cells of a matrix: a rectangle a number, in its role's colour, the stronger the larger the number is."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.colors import to_rgba
from matplotlib.path import Path

from attncourse.digits import in_digits
from attncourse.drawing.palette import RULE, shade
from attncourse.drawing.touch import said_as_gid

_BOX = [Path.MOVETO, Path.LINETO, Path.LINETO, Path.LINETO, Path.CLOSEPOLY]
MANY = 400  # cells: from here on, those of one shade are one shape, and the matrix says its numbers as a whole
_SHADES = 12  # of each sign, when cells are many

Tell = Callable[[int, int], dict[str, Any]]


class Cells(Artist):
    """All cells as one artist: a Matplotlib patch for each would take ten times as long.

    Args:
        numbers: (rows, columns); NaN cells are hatched.
        colour: of the amounts above zero.
        reach: the amount at which the colour is strongest.
        corner: left and top of the first cell, in the coordinates of the axes.
        cell: width and height of a cell; the height is negative where y grows upwards.
        gap: of paper around a cell, in the same coordinates.
        rows, columns: what the cells are called when they are pointed at.
        what: what the numbers are: "weight".
        form: how a number is said.
        part: a name for the matrix: pointing at a cell lights its row and its column, "scores-r0" and "scores-c3".
        tell: further entries of what a cell says (see ``touch``), from its row and column.
        quiet: the cells say nothing, as in a thumbnail; those of one shade are one shape, however few they are.
    """

    def __init__(
        self,
        numbers: np.ndarray,
        colour: str,
        reach: float,
        corner: tuple[float, float],
        cell: tuple[float, float],
        gap: float = 0.0,
        rows: Sequence[str] = (),
        columns: Sequence[str] = (),
        what: str = "",
        form: str = "{:.3g}",
        part: str = "",
        tell: Tell | None = None,
        quiet: bool = False,
    ) -> None:
        super().__init__()
        self.numbers, self.colour, self.reach = np.asarray(numbers, float), colour, reach
        self.corner, self.cell, self.gap = corner, cell, gap
        self.rows, self.columns, self.what, self.form = rows or (), columns or (), what, form
        self.part, self.tell, self.quiet = part, tell, quiet

    def draw(self, renderer) -> None:
        """Onto any of Matplotlib's renderers."""
        if self.quiet or self.numbers.size > MANY:
            self._draw_many(renderer)
        else:
            for at in np.ndindex(*self.numbers.shape):
                self._draw_shape(renderer, self._outline([at]), float(self.numbers[at]), self._said(*at))
        self.stale = False

    def _draw_many(self, renderer) -> None:
        steps = np.clip(np.rint(np.nan_to_num(self.numbers) / self.reach * _SHADES), -_SHADES, _SHADES)
        for step in np.unique(steps[steps != 0]):
            self._draw_shape(renderer, self._outline(*_runs(steps == step)), step / _SHADES * self.reach, {})
        if self.quiet:
            return
        rows, columns = self.numbers.shape
        said = {
            "rows": [str(name) for name in self.rows] or [str(row) for row in range(rows)],
            "columns": [str(name) for name in self.columns] or [str(column) for column in range(columns)],
            "values": [in_digits(float(number), self.form) for number in self.numbers.ravel()],
            "what": self.what,
        }
        self._draw_shape(renderer, self._outline([(0, 0)], [(columns, rows)]), 0.0, said)

    def _draw_shape(self, renderer, outline: Path, number: float, said: dict[str, Any]) -> None:
        gc = renderer.new_gc()
        if self.get_clip_on() and self.get_clip_box() is not None:
            gc.set_clip_rectangle(self.get_clip_box())
        gc.set_linewidth(0)
        renderer.open_group("cells", said_as_gid(said))
        if np.isnan(number):
            gc.set_hatch("////")
            gc.set_hatch_color(to_rgba(RULE))  # Matplotlib 3.8 takes no other form
            renderer.draw_path(gc, outline, self.get_transform(), None)
        else:
            colour, strength = shade(number, self.colour, self.reach)
            renderer.draw_path(gc, outline, self.get_transform(), to_rgba(colour, strength) if strength else None)
        renderer.close_group("cells")
        gc.restore()

    def _outline(self, cells: Sequence[tuple[int, int]], sizes: Sequence[tuple[int, int]] = ((1, 1),)) -> Path:
        """Around each of some cells, which lie at (row, column), or around several: so many columns by so many rows."""
        (left, top), (width, height) = self.corner, self.cell
        gap = self.gap, np.copysign(self.gap, height)
        corners = [
            (left + j * width + gap[0], top + i * height + gap[1],
             left + (j + wide) * width - gap[0], top + (i + tall) * height - gap[1])
            for (i, j), (wide, tall) in zip(cells, sizes, strict=True)
        ]  # fmt: skip
        vertices = [point for x, y, right, end in corners
                    for point in ((x, y), (right, y), (right, end), (x, end), (x, y))]  # fmt: skip
        return Path(vertices, _BOX * len(corners))

    def _said(self, i: int, j: int) -> dict[str, Any]:
        number = self.numbers[i, j]
        value = "masked" if np.isnan(number) else in_digits(float(number), self.form)
        said = {
            "row": self.rows[i] if len(self.rows) else "",
            "column": self.columns[j] if len(self.columns) else "",
            "what": self.what,
            "value": value,
        }
        told = self.tell(i, j) if self.tell else {}
        if "words" in told:  # the whole sentence
            said = {}
        if self.part:
            said["of"] = said["lights"] = f"{self.part}-r{i} {self.part}-c{j}"
        said |= told
        return {key: words for key, words in said.items() if words != ""}


def _runs(chosen: np.ndarray) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    """Where runs of chosen cells begin, and how many columns and rows each has: along rows or columns, as is fewer."""
    across, down = _row_runs(chosen), [(cell[::-1], size[::-1]) for cell, size in _row_runs(chosen.T)]
    cells, sizes = zip(*min(across, down, key=len), strict=True)
    return list(cells), list(sizes)


def _row_runs(chosen: np.ndarray) -> list[tuple[tuple[int, int], tuple[int, int]]]:
    """The first cell of each run in a row, and its size: n columns and one row."""
    edges = np.diff(np.pad(chosen.astype(int), ((0, 0), (1, 1))), axis=1)
    starts, ends = np.argwhere(edges == 1), np.argwhere(edges == -1)
    return [((i, j), (end - j, 1)) for (i, j), (_, end) in zip(starts.tolist(), ends.tolist(), strict=True)]


def draw_cells(axes: Axes, numbers: np.ndarray, colour: str, reach: float, **look: Any) -> Cells:
    """Cells on axes whose units they are: cell (i, j) around x = j, y = i; ``look`` as ``Cells`` takes it."""
    rows, columns = numbers.shape
    place = {"corner": (-0.5, -0.5), "cell": (1.0, 1.0)} | look
    cells = Cells(numbers, colour, reach, **place)
    axes.add_artist(cells)
    if "corner" not in look:
        axes.set(xlim=(-0.5, columns - 0.5), ylim=(rows - 0.5, -0.5))
    return cells
