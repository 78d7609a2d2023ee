"""The end of the capstone: the date model made of the reader's own parts."""

import numpy as np

from attncourse.capstone.assemble import assemble
from attncourse.capstone.parts import PARTS
from attncourse.kept import load
from attnlib.dates.model import load_date_model
from attnlib.dates.task import BEGIN, STEPS, as_source, as_texts


class Reader:
    """Reads dates with the trained weights: ``reader("June 7th, 2021")`` is ``"2021-06-07"``."""

    def __init__(self, own: dict[str, str]):
        self.own, self.greedy, self.params = own, assemble(own)["greedy"], load_date_model(dtype=np.float64)

    def __call__(self, text: str) -> str:
        """The text's date in ISO 8601, or whatever else the model says."""
        source, lengths = as_source([text])
        return as_texts(self.greedy(self.params, source, lengths, BEGIN, STEPS))[0]

    def __repr__(self) -> str:
        missing = [name for name in PARTS if name not in self.own]
        rest = f"; the course's own stand in for {', '.join(missing)}" * bool(missing)
        return f"A model that reads dates: {len(self.own)} of {len(PARTS)} parts are yours{rest}"


def model() -> Reader:
    """The date model from all parts that you have built so far, the course's own standing in for the rest.

    Raises:
        OSError, ValueError: if what was kept cannot be read.
    """
    return Reader({name: source for name, source in load().parts.items() if name in PARTS})
