"""The figures of chapter 7."""

from attncourse.figures.cross.alignment import alignment
from attncourse.figures.cross.blank_out import blank_out
from attncourse.figures.cross.edit_source import edit_source
from attncourse.figures.cross.map_misleads import map_misleads
from attncourse.figures.cross.memory_switch import memory_switch
from attncourse.figures.cross.patching import patching
from attncourse.figures.cross.shuffle_memory import shuffle_memory
from attncourse.figures.cross.sources import sources

__all__ = [
    "alignment",
    "blank_out",
    "edit_source",
    "map_misleads",
    "memory_switch",
    "patching",
    "shuffle_memory",
    "sources",
]
