"""The figures of chapter 4."""

from attncourse.figures.order.alibi_slopes import alibi_slopes
from attncourse.figures.order.binary_counter import binary_counter
from attncourse.figures.order.clock_hands import clock_hands
from attncourse.figures.order.encoding_heatmap import encoding_heatmap
from attncourse.figures.order.four_ways import four_ways
from attncourse.figures.order.length_extrapolation import length_extrapolation
from attncourse.figures.order.line_or_circle import line_or_circle
from attncourse.figures.order.longer_texts import longer_texts
from attncourse.figures.order.nearest_position import nearest_position
from attncourse.figures.order.order_training import order_training
from attncourse.figures.order.rotary_scores import rotary_scores
from attncourse.figures.order.shuffle import shuffle
from attncourse.figures.order.similarity_by_offset import similarity_by_offset
from attncourse.figures.order.sinusoid_formula import sinusoid_formula

__all__ = [
    "alibi_slopes",
    "binary_counter",
    "clock_hands",
    "encoding_heatmap",
    "four_ways",
    "length_extrapolation",
    "line_or_circle",
    "longer_texts",
    "nearest_position",
    "order_training",
    "rotary_scores",
    "shuffle",
    "similarity_by_offset",
    "sinusoid_formula",
]
