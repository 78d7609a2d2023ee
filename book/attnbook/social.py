"""The picture that others show beside a link to the course: its name, and the weights of its running example."""

from pathlib import Path
from textwrap import wrap

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from attncourse.drawing.board import board
from attncourse.drawing.canvas import CSS_DPI, TEXT
from attncourse.drawing.label import label
from attncourse.drawing.matrix import matrix
from attncourse.drawing.palette import FAINT, PAPER, QUERY_INK, WEIGHT
from attncourse.drawing.typeface import families
from attncourse.figures.sentence import KEY, QUERY, TOKENS
from attnlib import attention_weights

SIZE = 1200, 630  # pixels, as those who show it ask for it


def draw(title: str, words: str = "Every claim put to an experiment that you can move, rerun and break") -> Figure:
    """The name of the course, a line about it, and a matrix of weights; drawn at half its size, to be shown small."""
    width, height = (side / 2 for side in SIZE)
    figure = Figure(figsize=(width / CSS_DPI, height / CSS_DPI), dpi=2 * CSS_DPI, facecolor=PAPER)
    FigureCanvasAgg(figure)
    paper = board(figure)
    look = {"va": "top", "linespacing": 1.15, "fontfamily": families()[0]}
    label(paper, 36, 74, "\n".join(wrap(title, 14)), QUERY_INK, 27, weight="semibold", **look)
    label(paper, 36, 196, "\n".join(wrap(words, 30)), FAINT, TEXT + 1, **look)
    weights = attention_weights(QUERY, KEY)
    matrix(paper, 336, 74, (44, 36), weights, WEIGHT, 1.0, "{:.2f}", rows=TOKENS, columns=TOKENS)
    return figure


def write_picture(title: str, target: Path) -> None:
    """Write the picture as a PNG."""
    draw(title).savefig(target, format="png", pil_kwargs={"optimize": True})
