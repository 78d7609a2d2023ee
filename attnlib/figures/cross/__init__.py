"""The figures of chapter 7."""

from attnlib.figures.cross.alignment import alignment
from attnlib.figures.cross.edit_source import edit_source
from attnlib.figures.cross.map_misleads import map_misleads
from attnlib.figures.cross.memory_switch import memory_switch
from attnlib.figures.cross.shuffle_memory import shuffle_memory
from attnlib.figures.cross.sources import sources

__all__ = ["alignment", "edit_source", "map_misleads", "memory_switch", "shuffle_memory", "sources"]
