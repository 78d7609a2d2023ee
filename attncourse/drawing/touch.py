"""What a shape says when it is pointed at: data that travels with a picture, beside the shape that shows them.

Matplotlib passes an artist's ``gid`` on to whoever writes it; here that is JSON. On the page each entry becomes an
attribute: ``{"value": "0.43"}`` is ``data-value="0.43"``. What the names mean:

- ``row``, ``column``, ``value``, ``what``: a cell or a bar;
- ``label``, ``x``, ``y``, ``names``: a curve or its points, with the names of both axes;
- ``words``: the whole sentence, where the others do not say it;
- ``aside``: an x of the picture from which on there is room for long words;
- ``of``: what a shape belongs to; ``lights``: what is lit when it is pointed at. Both are names, apart by spaces.
"""

import json
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.container import BarContainer
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from attncourse.digits import in_digits


def say(artist: Artist, **said: Any) -> None:
    """Let a shape say this. A list has an entry for each of the artist's markers or vertices."""
    artist.set_gid(said_as_gid(said))


def said_as_gid(said: dict[str, Any]) -> str | None:
    """As Matplotlib passes it on."""
    return json.dumps(said, ensure_ascii=False) if said else None


def in_words(said: dict[str, Any]) -> str:
    """What a shape says, in one line; of a curve only its name, for its points say the rest."""
    if "words" in said or "label" in said:
        return str(said.get("words", said.get("label")))
    amount = " ".join(str(said[key]) for key in ("what", "value") if key in said)
    place = " → ".join(str(said[key]) for key in ("row", "column") if key in said)
    return " · ".join(part for part in (amount, place) if part)


def name_curves(figure: Figure) -> None:
    """Let every curve and bar that has a label say its numbers, in the words of its axes.

    Where the y axis has no name of its own, the title says what goes up.
    """
    for axes in figure.axes:
        for line in axes.lines:
            if line.get_gid() is None and line.get_label() and not str(line.get_label()).startswith("_"):
                _name_line(axes, line)
        for container in axes.containers:
            if isinstance(container, BarContainer) and not str(container.get_label()).startswith("_"):
                _name_bars(axes, container)


def _name_line(axes: Axes, line: Line2D) -> None:
    xs, ys = np.asarray(line.get_xdata(), float), np.asarray(line.get_ydata(), float)
    x, y = [_digits(axes.fmt_xdata, number) for number in xs], [_digits(axes.fmt_ydata, number) for number in ys]
    say(line, label=line.get_label(), x=x, y=y, names=[axes.get_xlabel(), axes.get_ylabel() or axes.get_title("left")])


def _name_bars(axes: Axes, container: BarContainer) -> None:
    upright = container.orientation != "horizontal"
    ticks = axes.xaxis if upright else axes.yaxis
    names = dict(zip(ticks.get_ticklocs(), (tick.get_text() for tick in ticks.get_ticklabels()), strict=False))
    form, what = (
        (axes.fmt_ydata, axes.get_ylabel() or axes.get_title("left"))
        if upright
        else (axes.fmt_xdata, axes.get_xlabel())
    )
    for bar in container.patches:
        middle = bar.get_x() + bar.get_width() / 2 if upright else bar.get_y() + bar.get_height() / 2
        nearest = min(names, key=lambda place: abs(place - middle), default=None)
        size = bar.get_height() if upright else bar.get_width()
        column = names[nearest] if nearest is not None and abs(nearest - middle) < 0.5 else ""
        said = {"row": container.get_label(), "column": column, "value": _digits(form, size), "what": what}
        say(bar, **{key: words for key, words in said.items() if words})


def _digits(form, number: float) -> str:
    """As the axes write it, or in three digits."""
    return form(number) if form else in_digits(float(number), "{:.3g}")
