"""Does a decoder alone learn more about names than counting letters would? It also makes the weights of the course.

    python -m experiments.name_model            # from the repository's root; continues, if it was interrupted
    python -m experiments.name_model --fresh    # throws the stored runs away first

The model is the one that a reader of chapter 5 trains in the page, on the same names. Its rivals count how often each
letter followed the last few. The weights of the first seed go to ``attnlib/names/weights.npz``.
"""

import math
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

import attnlib.names
from attncourse.figures.transformer.name_training import STEPS, Run, start, step
from attncourse.first_names import first_names
from attncourse.results import result_path
from attnlib.names.characters import VOCAB
from attnlib.names.counts import count_letters, count_loss
from attnlib.names.model import load_name_model, write_names
from attnlib.stored_params import save_arrays
from experiments.arms import run_seeds
from experiments.record import Record

RESULT = result_path("name_model")
COMMAND = "OMP_NUM_THREADS=1 python -m experiments.name_model"
WEIGHTS = Path(attnlib.names.__file__).with_name("weights.npz")


class Settings(NamedTuple):
    """All that decides the outcome, next to the training itself."""

    steps: int = STEPS
    seeds: tuple[int, ...] = (0, 1, 2)  # of the first the weights are kept
    memories: tuple[int, ...] = (0, 1, 2, 3, 4)  # letters that the counts look back at; one is a bigram model
    smoothings: tuple[float, ...] = (1.0, 2.0, 5.0, 10.0, 20.0, 40.0)
    temperatures: tuple[float, ...] = (0.5, 1.0, 1.5)
    number: int = 1000  # names written at each temperature
    shown: int = 12  # of which are stored


SETTINGS = Settings()


def trained(seed: int, steps: int) -> Run:
    """The run of a reader who changes nothing."""
    run = start(seed=seed)
    for _ in range(steps):
        run = step(run)
    return run


def new_run(seed: int, settings: Settings = SETTINGS) -> dict[str, Any]:
    """The losses of one training; the first seed's weights are written."""
    run = trained(seed, settings.steps)
    if seed == settings.seeds[0]:
        save_arrays(WEIGHTS, run.params)
    return {"held_out": list(run.held_out), "training": float(np.mean(run.losses[-100:]))}


def counted(memory: int, settings: Settings = SETTINGS) -> dict[str, float]:
    """The loss of the counts on the names held out, with each smoothing."""
    names = first_names()
    counts = count_letters(names.training, memory)
    return {f"{much:g}": count_loss(counts, names.held_out, memory, much) for much in settings.smoothings}


def samples(temperature: float, settings: Settings = SETTINGS) -> dict[str, Any]:
    """Names that the model writes, and shares: of those it was trained on, of those held out, of neither."""
    written = write_names(load_name_model(), np.random.default_rng(0), settings.number, temperature=temperature)
    training, held_out = map(set, first_names())
    shares = [np.mean([name in some for name in written]) for some in (training, held_out)]
    return {
        "names": written[: settings.shown],
        "different": len(set(written)),
        "trained on": float(shares[0]),
        "held out": float(shares[1]),
        "neither": float(1 - sum(shares)),
    }


def table(result: dict[str, Any]) -> str:
    """Nats a letter on the names held out: guessing, counting at its best, and the model."""
    lines = ["| | nats a letter |", "|---|---|", f"| equal shares | {math.log(VOCAB):.2f} |"]
    for memory, losses in result["counts"].items():
        smoothing = min(losses, key=losses.get)
        lines.append(f"| counts after {memory} letters, smoothing {smoothing} | {losses[smoothing]:.2f} |")
    ends = [run["held_out"][-1] for run in result["runs"].values()]
    lines.append(f"| decoder, {len(ends)} seeds | {np.mean(ends):.2f} ({min(ends):.2f}–{max(ends):.2f}) |")
    return "\n".join(lines)


def table_samples(result: dict[str, Any]) -> str:
    """What the model writes at each temperature, and how much of it is new."""
    lines = ["| temperature | some names | different | trained on | held out | neither |", "|---" * 6 + "|"]
    for temperature, found in result["samples"].items():
        shares = " | ".join(f"{found[what]:.0%}" for what in ("trained on", "held out", "neither"))
        lines.append(f"| {temperature} | {', '.join(found['names'])} | {found['different']} | {shares} |")
    return "\n".join(lines)


def main(record: Record) -> None:
    """Run what is not stored yet."""
    run_seeds(record, ("runs",), new_run, SETTINGS.seeds)
    record.fill(("counts",), {str(memory): partial(counted, memory) for memory in SETTINGS.memories})
    record.fill(("samples",), {f"{warm:g}": partial(samples, warm) for warm in SETTINGS.temperatures})


if __name__ == "__main__":
    main(Record(RESULT, COMMAND, SETTINGS))
