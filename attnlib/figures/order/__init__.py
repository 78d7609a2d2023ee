"""The figures of chapter 4."""

from attnlib.figures.order.clock_hands import clock_hands
from attnlib.figures.order.nearest_position import nearest_position
from attnlib.figures.order.shuffle import shuffle
from attnlib.figures.order.similarity_by_offset import similarity_by_offset

__all__ = ["clock_hands", "nearest_position", "shuffle", "similarity_by_offset"]
