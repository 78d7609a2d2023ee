"""Explorer: what a trained model still knows when a head is taken away, or left alone in its layer."""

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from attncourse.controls import Choice
from attncourse.drawing.axes import dress
from attncourse.drawing.canvas import place, sheet
from attncourse.drawing.dots import dots
from attncourse.drawing.label import label
from attncourse.drawing.palette import FAINT, INK, PAPER
from attncourse.drawing.touch import say
from attncourse.explorer import Explorer
from attncourse.figures.heads.head_maps import fresh_tokens, stored_model, stored_result
from attncourse.figures.heads.head_probes import keep_heads, targets_of
from attnlib.attention_model import ModelParams, attention_model
from attnlib.cross_entropy import accuracy
from attnlib.masks import causal_mask

QUESTIONS = "the token before", "the token two before", "a letter's digit"
WAYS = {
    "remove this head": "without",
    "keep only this head in its layer": "alone",
}  # and their names in the result file
_WORDS = {"remove this head": "without", "keep only this head in its layer": "with only"}
_AXIS = {
    "remove this head": "head removed, most needed first",
    "keep only this head in its layer": "only head kept, best first",
}
_RANKS = "first", "second", "third", "fourth"
_BARS = (INK, 0.15)
_GUESSING = 1 / 8  # a letter stands between digits, and a digit between letters; there are eight of each


class Numbers(NamedTuple):
    """What the figure shows; heads stand in the order of how much the question needs them, in every seed anew."""

    question: str
    way: str
    complete: np.ndarray  # (seeds,) share of right answers with all heads
    accuracy: np.ndarray  # (layers, heads, seeds) after the operation
    here: np.ndarray  # (layers, heads) the same for the model of the head maps, run again
    head: np.ndarray  # (layers, heads) which head of that model it is, counted from 1


def measure(question: str = QUESTIONS[0], way: str = "remove this head") -> Numbers:
    """Operate on the stored model, and read what the experiment measured for every seed."""
    runs, which = stored_result()["runs"], QUESTIONS.index(question)
    all_seeds = np.array([run[WAYS[way]] for run in runs.values()])[..., which]  # (seeds, layers, heads)
    here = operated(WAYS[way])[..., which]
    # The head that is needed most comes first: little is right without it, and much with it alone.
    sign = 1 if WAYS[way] == "without" else -1
    order = np.argsort(sign * here, axis=-1, kind="stable")
    return Numbers(
        question,
        way,
        np.array([run["all"][which] for run in runs.values()]),
        np.moveaxis(sign * np.sort(sign * all_seeds, axis=-1), 0, -1),
        np.take_along_axis(here, order, axis=-1),
        order + 1,
    )


@lru_cache
def operated(way: str) -> np.ndarray:
    """(layers, heads, questions) the share of right answers of the model of the head maps after each operation."""
    params = stored_model("digit")
    heads = range(params.layers[0].attention.num_heads)
    kept = [[i for i in heads if (i == head) == (way == "alone")] for head in heads]
    return np.array([[answers(keep_heads(params, i, some)) for some in kept] for i in range(len(params.layers))])


def answers(params: ModelParams) -> list[float]:
    """The share of right answers to each question, on the stored sequences, which no model was trained on."""
    tokens, targets = fresh_tokens(), targets_of(fresh_tokens())
    logits, _ = attention_model(params, tokens, mask=causal_mask(tokens.shape[-1], tokens.shape[-1]))
    logits = logits.reshape(*targets.shape, -1)
    return [accuracy(logits[..., i, :], targets[..., i]) for i in range(len(QUESTIONS))]


def readout(numbers: Numbers) -> str:
    """The picture in one sentence."""
    way, word = "Without its most needed head", "without its second"
    if WAYS[numbers.way] == "alone":
        way, word = "With its best head alone", "with its second alone"
    (first, _, _, _), (second, other, _, _) = numbers.accuracy.mean(axis=-1)
    return (
        f"{way} layer 1 leaves {first:.0%} of the answers right and layer 2 {second:.0%}; {word} layer 2 leaves "
        f"{other:.0%}: mean of {len(numbers.complete)} seeds, asked for {numbers.question}."
    )


def draw(numbers: Numbers, narrow: bool = False) -> Figure:
    """A panel a layer: bars for the mean of the seeds, a dot for each, a diamond for the model of the head maps."""
    figure = sheet(height=300, narrow=narrow, narrow_height=536)
    places = [(40, 30, 240, 176), (40, 298, 240, 176)] if narrow else [(46, 38, 266, 190), (394, 38, 266, 190)]
    for layer, spot in enumerate(places):
        axes = dress(place(figure, *spot), f"right answers, layer {layer + 1}", x=_AXIS[numbers.way])
        _draw_layer(axes, numbers, layer)
    return figure


def _draw_layer(axes: Axes, numbers: Numbers, layer: int) -> None:
    x, which = np.arange(numbers.head.shape[1]), f"in layer {layer + 1}"
    for column, (seeds, mean) in enumerate(
        zip(numbers.accuracy[layer], numbers.accuracy[layer].mean(axis=-1), strict=True)
    ):
        operation = f"{_WORDS[numbers.way]} the {_RANKS[column]} head {which}"
        [bar] = axes.bar(column, mean, width=0.72, color=_BARS)
        say(bar, words=f"{operation}: {mean:.0%} right, mean of {len(seeds)} seeds")
        said = [f"{operation}: {seed:.0%} right, one seed" for seed in seeds]
        say(dots(axes, column, seeds, reach=0.26, size=4.5), words=said)
        head, here = numbers.head[layer, column], numbers.here[layer, column]
        diamond = axes.plot(
            column, here, "D", color=PAPER, markersize=7.5, markeredgecolor=INK, markeredgewidth=1.4, clip_on=False
        )
        say(
            diamond[0],
            words=[f"{_WORDS[numbers.way]} head {head} {which} of the model of the head maps: {here:.0%} right"],
        )
    axes.axhline(_GUESSING, color=FAINT, linewidth=1, linestyle=(0, (2, 2)))
    label(axes, len(x) - 0.45, _GUESSING, "guessing", FAINT, va="center_baseline")
    axes.set(xlim=(-0.5, len(x) - 0.5), ylim=(0, 1.04), yticks=(0, 0.5, 1))
    axes.set_xticks(x, [f"{rank}\n◇ head {head}" for rank, head in zip(_RANKS, numbers.head[layer], strict=True)])
    axes.tick_params(axis="x", length=0)


head_ablation = Explorer(
    __name__,
    caption=(
        "Bars are the mean of eight models that answered nearly everything right before, dots these models, diamonds "
        "the model of the head maps; nothing is trained again."
    ),
    controls={
        "question": Choice("question", stops=QUESTIONS),
        "way": Choice("operation", stops=tuple(WAYS)),
    },
)
