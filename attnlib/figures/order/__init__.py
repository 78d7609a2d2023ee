"""The figures of chapter 4."""

from attnlib.figures.order.nearest_position import nearest_position
from attnlib.figures.order.similarity_by_offset import similarity_by_offset

__all__ = ["nearest_position", "similarity_by_offset"]
