"""The figures of chapter 4."""

from attnlib.figures.order.alibi_slopes import alibi_slopes
from attnlib.figures.order.binary_counter import binary_counter
from attnlib.figures.order.clock_hands import clock_hands
from attnlib.figures.order.encoding_heatmap import encoding_heatmap
from attnlib.figures.order.length_extrapolation import length_extrapolation
from attnlib.figures.order.nearest_position import nearest_position
from attnlib.figures.order.order_training import order_training
from attnlib.figures.order.rotary_scores import rotary_scores
from attnlib.figures.order.shuffle import shuffle
from attnlib.figures.order.similarity_by_offset import similarity_by_offset
from attnlib.figures.order.sinusoid_formula import sinusoid_formula

__all__ = [
    "alibi_slopes",
    "binary_counter",
    "clock_hands",
    "encoding_heatmap",
    "length_extrapolation",
    "nearest_position",
    "order_training",
    "rotary_scores",
    "shuffle",
    "similarity_by_offset",
    "sinusoid_formula",
]
