"""Explorer: five tokens on their way from query and key to the output, with one query's row marked throughout."""

from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure

from attnlib import attention, causal_mask, dot_scores, entropy, scaled_dot_scores
from attnlib.course.controls import Slider, Switch
from attnlib.course.explorer import Explorer
from attnlib.figures.canvas import grid_of_numbers, place, sheet
from attnlib.figures.compute.sentence import KEY, QUERY, TOKENS, VALUE
from attnlib.figures.palette import WEIGHT_MAP


class Numbers(NamedTuple):
    """What the figure shows."""

    query: int  # the marked query, counted from 1
    temperature: float
    mask: np.ndarray  # (5, 5) True = may attend
    scores: np.ndarray  # (5, 5) dot products
    scaled: np.ndarray  # (5, 5) scores / (√d_k · τ)
    attn_weights: np.ndarray  # (5, 5)
    output: np.ndarray  # (5, d_v)
    entropy: float  # nats, of the marked query's weights


def measure(query: int = 4, temperature: float = 1.0, mask: bool = False) -> Numbers:
    """Attention on the five tokens, with everything that is computed on the way."""
    allowed = causal_mask(5, 5) if mask else np.ones((5, 5), dtype=bool)
    scale = float(1 / (np.sqrt(KEY.shape[-1]) * temperature))
    output, attn_weights = attention(QUERY, KEY, VALUE, mask=allowed, scale=scale)
    scores, scaled = dot_scores(QUERY, KEY), scaled_dot_scores(QUERY, KEY, scale)
    spread = float(entropy(attn_weights[query - 1]))
    return Numbers(query, temperature, allowed, scores, scaled, attn_weights, output, spread)


def readout(numbers: Numbers) -> str:
    """The picture in one sentence."""
    row = numbers.attn_weights[numbers.query - 1]
    allowed = int(numbers.mask[numbers.query - 1].sum())
    keys = "all five keys" if allowed == 5 else f"{allowed} of five keys" if allowed > 1 else "its own key alone"
    return (
        f"Query {numbers.query}, “{TOKENS[numbers.query - 1]}”, may attend to {keys}: its largest weight is "
        f"{row.max():.2f}, on “{TOKENS[row.argmax()]}”, and the entropy of its weights is "
        f"{numbers.entropy:.2f} of at most {np.log(allowed):.2f} nats."
    )


def draw(numbers: Numbers, narrow: bool = False) -> Figure:
    """The heatmaps."""
    figure = sheet(height=380, narrow=narrow, narrow_height=640)
    grid_of_numbers(
        place(figure, 40, 40, 200, 120), numbers.attn_weights, WEIGHT_MAP, 0, 1, "weights", row=numbers.query - 1
    )
    return figure


pipeline = Explorer(
    name="pipeline",
    source="attnlib.figures.compute.pipeline:pipeline",
    caption=(
        "Every step from query and key to the output, for five tokens. The frame follows one query. "
        "Hatched pairs are masked: their weight is exactly zero."
    ),
    measure=measure,
    readout=readout,
    draw=draw,
    controls={
        "query": Slider("query", stops=(1, 2, 3, 4, 5), default=4),
        "temperature": Slider("temperature τ", stops=(0.25, 0.5, 1.0, 2.0, 4.0), default=1.0, log=True),
        "mask": Switch("causal mask"),
    },
)
