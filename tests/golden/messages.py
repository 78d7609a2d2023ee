"""What a user sees who calls a function with what it cannot take: every message, word for word.

``messages.txt`` has a call, and below it what is raised. After a change of words: ``python -m tests.golden.messages``,
and read the diff. A new call needs its first line alone.
"""

import datetime
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

import attnlib
from attnlib import arguments, attention_model, params, shapes, stored_params, tasks, testing
from attnlib.dates import characters as date_characters
from attnlib.dates import model as date_model
from attnlib.dates import task as dates
from attnlib.dates import train as date_training
from attnlib.dates import writing
from attnlib.names import characters as name_characters
from attnlib.names import counts
from attnlib.names import task as names

FILE = Path(__file__).with_suffix(".txt")
FOLDER = tempfile.TemporaryDirectory()  # for as long as the process runs


def ones(*shape, dtype=np.float64):
    """An array of ones."""
    return np.ones(shape, dtype)


def rng():
    """A generator, the same at each call."""
    return np.random.default_rng(0)


def stored(*arrays):
    """The path of a file with these arrays."""
    path = Path(FOLDER.name) / "stored.npz"
    stored_params.save_arrays(path, arrays)
    return path


MODELS = {
    "mha": attnlib.init_multi_head(rng(), 6, 2),
    "ff": attnlib.init_feed_forward(rng(), 6, 4),
    "enc": attnlib.init_encoder(rng(), 1, 6, 2, 4),
    "dec": attnlib.init_decoder(rng(), 1, 6, 2, 4),
    "model": attnlib.init_transformer(rng(), 5, 7, 6, 2, 4),
    "lm": attnlib.init_language_model(rng(), 5, 6, 2, 4),
    "am": attention_model.init_attention_model(rng(), 5, 6, 2, max_seq=3),
    "bare": attention_model.init_attention_model(rng(), 5, 6, 2),
}
NAMESPACE: dict[str, Any] = {
    **{name: getattr(attnlib, name) for name in attnlib.__all__},
    **{module.__name__.rpartition(".")[2]: module for module in (arguments, params, shapes, tasks, testing, writing)},
    **{"stored_params": stored_params, "attention_model": attention_model, "counts": counts, "names": names},
    **{"dates": dates, "date_model": date_model, "date_characters": date_characters, "date_training": date_training},
    **{"name_characters": name_characters, "datetime": datetime, "np": np, "nan": np.nan, "inf": np.inf},
    **{"ones": ones, "rng": rng, "stored": stored, **MODELS},
}


def calls():
    """Each call of the file with what it says is raised."""
    blocks = FILE.read_text(encoding="utf-8").strip().split("\n\n")
    return {call: raised for call, _, raised in (block.partition("\n") for block in blocks)}


def raised_by(call):
    """The error's name and its whole message."""
    try:
        answer = eval(call, NAMESPACE)
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return f"nothing is raised: {answer!r}"


if __name__ == "__main__":
    FILE.write_text("\n\n".join(f"{call}\n{raised_by(call)}" for call in calls()) + "\n", encoding="utf-8")
