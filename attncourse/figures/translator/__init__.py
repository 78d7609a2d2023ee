"""The figures of the appendix that reads a real translator."""

from attncourse.figures.translator.translator_alignment import translator_alignment
from attncourse.figures.translator.translator_encoder import translator_encoder
from attncourse.figures.translator.translator_removals import translator_removals

__all__ = ["translator_alignment", "translator_encoder", "translator_removals"]
