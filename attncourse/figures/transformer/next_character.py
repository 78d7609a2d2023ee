"""Explorer: the beginning of a name, how likely each next letter is to be drawn, and where the heads look for it."""

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from attncourse.controls import Slider, Text
from attncourse.digits import in_digits
from attncourse.drawing.attention_map import attention_map
from attncourse.drawing.board import board
from attncourse.drawing.canvas import HEADING, sheet
from attncourse.drawing.label import label
from attncourse.drawing.palette import FAINT, INK, RULE, VALUE, VALUE_INK
from attncourse.drawing.touch import say
from attncourse.explorer import Explorer
from attnlib.language_model import LanguageModelParams
from attnlib.names.characters import LETTERS, VOCAB, as_letters
from attnlib.names.model import load_name_model, read_beginning
from attnlib.sampling import next_probs

EXAMPLES = ("mar", "el", "jo", "chr", "mariann", "q")
SIGNS = (*LETTERS, "end")
_TALL = 120  # CSS pixels of a probability of 1
_NAMED = 3  # so many of the likeliest have their numbers written


class Numbers(NamedTuple):
    """What the figure shows."""

    beginning: str
    temperature: float
    top_k: int
    plain: np.ndarray  # (27,) as the model has them, in the order of SIGNS
    probs: np.ndarray  # (27,) as they are drawn
    attn_weights: np.ndarray  # (heads, 1 + letters)


@lru_cache
def name_model() -> LanguageModelParams:
    """The weights that come with the library, as float64: the same digits on every machine."""
    return load_name_model(dtype=np.float64)


def measure(beginning: str = EXAMPLES[0], temperature: float = 1.0, top_k: int = VOCAB) -> Numbers:
    """Read the beginning, and make probabilities of the logits.

    Raises:
        ValueError: if the beginning has other signs than letters, or too many.
    """
    read = read_beginning(name_model(), beginning)
    plain, probs = (np.roll(next_probs(read.logits, *how), -1) for how in ((), (temperature, top_k)))
    return Numbers(as_letters(beginning), temperature, top_k, plain, probs, read.attn_weights)


def readout(numbers: Numbers) -> str:
    """The picture in one sentence."""
    best, signs = int(numbers.probs.argmax()), _signs(numbers)
    head, seen = np.unravel_index(int(numbers.attn_weights.argmax()), numbers.attn_weights.shape)
    share = in_digits(float(numbers.probs[best]), "{:.0%}")
    of = {1: "the likeliest sign alone", VOCAB: "all signs"}.get(numbers.top_k, f"the {numbers.top_k} likeliest signs")
    drawn = f"At temperature {numbers.temperature:g}, from {of}, it is drawn with probability {share}. "
    return (
        f"{f'After “{numbers.beginning}”' if numbers.beginning else 'At the beginning'} the model gives "
        f"{_quoted(SIGNS[best])} most, {numbers.plain[best]:.0%}. "
        f"{'' if numbers.temperature == 1 and numbers.top_k == VOCAB else drawn}"
        f"Head {head + 1} looks hardest: at “{signs[seen]}”, weight {numbers.attn_weights[head, seen]:.2f}."
    )


def _signs(numbers: Numbers) -> list[str]:
    return ["▷", *numbers.beginning]


def _quoted(sign: str) -> str:
    return "the end" if sign == "end" else f"“{sign}”"


def draw(numbers: Numbers, narrow: bool = False) -> Figure:
    """A bar for each next letter on top, its probability as the model has it behind it; below, the heads' weights."""
    figure = sheet(height=352, narrow=narrow)
    paper = board(figure)
    label(paper, 8, 20, f"after “{''.join(_signs(numbers))}”: drawn next", VALUE_INK, size=HEADING, weight="semibold")
    _draw_bars(paper, numbers, *((10, 11.3) if narrow else (24, 24)))
    label(paper, 8, 218, "where each head looks to choose it", size=HEADING, weight="semibold")
    names, signs = [f"head {head + 1}" for head in range(len(numbers.attn_weights))], _signs(numbers)
    wide = min(34, (280 if narrow else 640) / len(signs))
    attention_map(paper, 56, 246, (wide, 24), numbers.attn_weights.round(2), names, signs, "weights")
    return figure


def _draw_bars(paper: Axes, numbers: Numbers, left: float, pitch: float) -> None:
    """Filled: as drawn; the frame behind: at temperature 1, out of all."""
    floor = 170
    written: list[int] = []
    for place, (sign, plain, prob) in enumerate(zip(SIGNS, numbers.plain, numbers.probs, strict=True)):
        x = left + pitch * place + (6 if sign == "end" else 0)
        best = place == int(numbers.probs.argmax())
        drawn, own = (in_digits(float(share), "{:.1%}") for share in (prob, plain))
        words = f"{_quoted(sign)}: {drawn}, the model’s own {own}"
        bar = Rectangle((x, floor - _TALL * prob), pitch - 3, _TALL * prob, facecolor=VALUE, linewidth=0)
        say(paper.add_artist(bar), words=words)
        size = pitch - 3, _TALL * plain
        paper.add_artist(Rectangle((x, floor - size[1]), *size, fill=False, edgecolor=INK, linewidth=0.8))
        middle, ink = x + (pitch - 3) / 2, VALUE_INK if best else INK if prob > 0 else FAINT
        name = label(paper, middle, floor + 15, sign, ink, weight="semibold" if best else "normal", ha="center")
        say(name, words=words)
    paper.plot([left - 2, left + 27 * pitch + 6], [floor, floor], color=RULE, linewidth=0.8)
    for place in np.argsort(-numbers.probs, kind="stable")[:_NAMED]:
        if numbers.probs[place] > 0.03 and all(abs(place - other) * pitch >= 22 for other in written):
            written.append(int(place))
            x = left + pitch * place + (6 if SIGNS[place] == "end" else 0) + (pitch - 3) / 2
            top = floor - _TALL * max(numbers.probs[place], numbers.plain[place])
            label(paper, x, top - 4, f"{numbers.probs[place]:.0%}", VALUE_INK, ha="center")


next_character = Explorer(
    __name__,
    caption=(
        "The language model of first names reads a beginning, ▷ before it, and gives each next letter a probability. "
        "Filled: the probability with which it is drawn; framed: the model’s own, at temperature 1 over all signs."
    ),
    controls={
        "beginning": Text("beginning of a name", stops=EXAMPLES),
        "temperature": Slider("temperature", stops=(0.25, 0.5, 1, 2), log=True),
        "top_k": Slider("top-k", stops=(1, 3, 5, VOCAB), stops_only=True),
    },
)
