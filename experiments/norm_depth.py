"""Does an encoder need a norm? The same encoder with LayerNorm and without, in several depths.

    python -m experiments.norm_depth            # from the repository's root; continues, if it was interrupted
    python -m experiments.norm_depth --fresh    # throws the stored runs away first

The task is that of ``norms``: mark day, month and year, letter by letter. Besides the loss, the size of the letters'
vectors is measured behind every sublayer. A third arm has no norm either, but sublayers that add nothing at the start.
BatchNorm is tried in every depth, and reads fresh texts with its running statistics; RMSNorm in the deepest encoder.
"""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from attncourse.results import result_path
from attncourse.table import Table
from attnlib import accuracy, cross_entropy, cross_entropy_vjp
from attnlib.dates.characters import LONGEST
from attnlib.dates.task import SOURCE_VOCAB
from experiments.arms import run_arm
from experiments.date_tags import DAY, MONTH, OTHER, TAG_NAMES, YEAR, Padded, as_padded, date_tags, text_batch
from experiments.normed_model import (
    MASKED,
    Forward,
    NormedModel,
    Running,
    init_normed_model,
    normed_model_vjp,
    start_running,
    update_running,
)
from experiments.record import Record
from experiments.training import train

RESULT = result_path("norm_depth")
COMMAND = "OMP_NUM_THREADS=1 python -m experiments.norm_depth"
LAYER_NORM, NONE, FROM_ZERO = "LayerNorm", "none", "none, sublayers start at zero"
RMS_NORM = "RMSNorm"
EXAMPLE = as_padded(("June 7th, 2021",), ([MONTH] * 4 + [OTHER] + [DAY] + [OTHER] * 4 + [YEAR] * 4,))


class Settings(NamedTuple):
    """All that decides the outcome, next to the task itself."""

    d_model: int = 32
    num_heads: int = 4
    d_ff: int = 64
    depths: tuple[int, ...] = (1, 2, 4, 8, 12)  # layers of attention and a feed-forward network
    from_zero: tuple[int, ...] = (12,)  # depths of the third arm
    batch: int = 4  # texts
    steps: int = 200
    record_every: int = 10  # steps averaged into one stored loss
    fresh: int = 256  # texts that are read at the end
    learning_rates: tuple[float, ...] = (
        0.0001,
        0.0003,
        0.001,
        0.003,
        0.01,
        0.03,
        0.1,
    )  # at first; falls to 0
    choosing_seeds: tuple[int, ...] = (100,)
    seeds: tuple[int, ...] = (0, 1, 2)


SETTINGS = Settings()


def arms(settings: Settings = SETTINGS) -> list[tuple[str, int]]:
    """What is compared: (kind, layers)."""
    usual = [(kind, depth) for depth in settings.depths for kind in (LAYER_NORM, NONE)]
    from_zero = [(FROM_ZERO, depth) for depth in settings.from_zero]
    return usual + from_zero + [(RMS_NORM, max(settings.depths))] + [(MASKED, depth) for depth in settings.depths]


def name(kind: str, depth: int) -> str:
    """Under which an arm is stored: "LayerNorm, 12 layers"."""
    return f"{kind}, {depth} layer{'s' * (depth > 1)}"


def norm_of(kind: str) -> str:
    """The model's kind of norm."""
    return NONE if kind == FROM_ZERO else kind


def new_model(rng: np.random.Generator, kind: str, depth: int, settings: Settings = SETTINGS) -> NormedModel:
    """A random model; the same generator gives the same maps whatever the norm."""
    sizes = settings.d_model, settings.num_heads, settings.d_ff, depth
    model = init_normed_model(rng, norm_of(kind), SOURCE_VOCAB, len(TAG_NAMES), *sizes)
    return silenced(model) if kind == FROM_ZERO else model


def silenced(model: NormedModel) -> NormedModel:
    """The same model with zeros in the last map of every sublayer, so that each adds nothing yet."""
    layers = tuple(
        layer._replace(
            attention=layer.attention._replace(w_o=0 * layer.attention.w_o),
            feed_forward=layer.feed_forward._replace(w_out=0 * layer.feed_forward.w_out),
        )
        for layer in model.layers
    )
    return model._replace(layers=layers)


def read(params: NormedModel, kind: str, texts: Padded, running: Running = None) -> Forward:
    """What the model makes of texts; ``running`` None is training."""
    return normed_model_vjp(params, norm_of(kind), texts.tokens, texts.lengths, running)


def sizes_of(params: NormedModel, kind: str) -> list[float]:
    """The root mean square of the example's vectors before the first sublayer and behind each."""
    return [float(np.sqrt((x * x).mean())) for x in read(params, kind, EXAMPLE).normed]


def trained(
    seed: int, kind: str, depth: int, learning_rate: float, settings: Settings = SETTINGS
) -> tuple[NormedModel, NormedModel, Running, list[float], Padded]:
    """The model before and after training, its running statistics, its losses along the way, and fresh texts."""
    start, data, fresh = np.random.default_rng(seed).spawn(3)
    before = new_model(start, kind, depth, settings)
    running = start_running(kind, depth, settings.d_model, LONGEST)

    def loss_vjp(params: NormedModel, batch: Padded) -> tuple[float, Callable[[float], NormedModel]]:
        nonlocal running
        forward = read(params, kind, batch)
        running = update_running(kind, running, forward.normed, forward.counts)
        loss, back_loss = cross_entropy_vjp(forward.logits, batch.targets)
        return loss, lambda grad_loss: forward.pullback(back_loss(grad_loss))

    def rate(step: int) -> float:
        return learning_rate * (1 - (step - 1) / settings.steps)

    batches = date_tags(data, settings.batch)
    after, losses = train(before, loss_vjp, batches, settings.steps, rate, settings.record_every)
    return before, after, running, losses, text_batch(fresh, settings.fresh)


def new_run(seed: int, kind: str, depth: int, learning_rate: float, settings: Settings = SETTINGS) -> dict[str, Any]:
    """Losses along the way and on fresh texts, the sizes of vectors at the start, and what is said of the example."""
    before, after, running, losses, fresh = trained(seed, kind, depth, learning_rate, settings)
    logits = read(after, kind, fresh, running).logits
    return {
        "losses": losses,
        "end": float(cross_entropy(logits, fresh.targets)),
        "accuracy": accuracy(logits, fresh.targets),
        "sizes": sizes_of(before, kind),
        "example": read(after, kind, EXAMPLE, running).logits[0].argmax(axis=-1).tolist(),
    }


def final_loss(seed: int, kind: str, depth: int, learning_rate: float, settings: Settings = SETTINGS) -> float:
    """The loss on fresh texts after training, which chooses."""
    _, after, running, _, fresh = trained(seed, kind, depth, learning_rate, settings)
    return float(cross_entropy(read(after, kind, fresh, running).logits, fresh.targets))


def table(result: dict[str, Any]) -> str:
    """Every arm in a row: the rate that was chosen, the size at the start, each seed's loss, and the accuracy."""
    rows = []
    for arm, stored in result["arms"].items():
        runs = list(stored["runs"].values())
        size, right = (np.mean([run[key] for run in runs], axis=0) for key in ("sizes", "accuracy"))
        ends = ", ".join(f"{run['end']:.3g}" for run in runs)
        rows.append([arm, f"{stored['learning_rate']:g}", f"{size[-1]:.1f}", ends, f"{right:.2f}"])
    return repr(Table(["norm, layers", "learning rate", "size at the start", "loss", "letters right"], rows))


def main(record: Record) -> None:
    """Run what is not stored yet."""
    for kind, depth in arms():
        how = {"kind": kind, "depth": depth}
        run_arm(record, ("arms", name(kind, depth)), partial(final_loss, **how), partial(new_run, **how), SETTINGS)


if __name__ == "__main__":
    main(Record(RESULT, COMMAND, SETTINGS))
