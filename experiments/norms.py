"""Train the same small encoder with LayerNorm, RMSNorm, three kinds of BatchNorm and no norm, in two sizes of batch.

    python -m experiments.norms            # from the repository's root; continues, if it was interrupted
    python -m experiments.norms --fresh    # throws the stored runs away first

The encoder marks day, month and year in dates of very different lengths. While it learns, the same texts are read in
both modes: as in training, with the statistics of their batch, and as at inference, with the running statistics. Each
arm gets the learning rate that suits it best, chosen on seeds that are not used again.
"""

import itertools
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from attncourse.results import result_path
from attncourse.table import Table
from attnlib import Statistics, accuracy, batch_statistics, count_parameters, cross_entropy, cross_entropy_vjp
from attnlib.dates.characters import LONGEST
from attnlib.dates.task import SOURCE_VOCAB
from experiments.arms import run_arm, run_seeds
from experiments.date_tags import TAG_NAMES, Padded, date_tags, text_batch
from experiments.normed_model import (
    COUNTED,
    MASKED,
    NORMS,
    PER_POSITION,
    NormedModel,
    Running,
    has_statistics,
    init_normed_model,
    normed_model_vjp,
    start_running,
    update_running,
)
from experiments.record import Record
from experiments.training import fit_whole

RESULT = result_path("norms")
COMMAND = "OMP_NUM_THREADS=1 python -m experiments.norms"


class Settings(NamedTuple):
    """All that decides the outcome, next to the task itself."""

    d_model: int = 32
    num_heads: int = 4
    d_ff: int = 64
    num_layers: int = 2
    batches: tuple[int, ...] = (4, 32)  # texts in a batch
    steps: int = 200
    measured_at: tuple[int, ...] = (5, 10, 20, 30, 50, 75, 100, 150, 200)  # steps
    held_out: int = 128  # texts that are read in both modes on the way; fresh ones, as all texts are
    final_texts: int = 256  # other texts that are read at the end
    alone: int = 64  # of these, texts that are read one at a time with their own statistics
    position_groups: tuple[int, ...] = (0, 8, 16, 24, LONGEST)  # borders, to see where in a text the loss is
    longer: int = 2  # dates in one text, where training has one
    learning_rates: tuple[float, ...] = (0.005, 0.01, 0.02, 0.04)  # at the first step; it falls to 0 in a straight line
    choosing_seeds: tuple[int, ...] = (100, 101)  # pick the learning rate, and are not used again
    seeds: tuple[int, ...] = (0, 1, 2, 3, 4)
    more_seeds: tuple[int, ...] = (5, 6, 7, 8, 9)  # for the two arms that lie close together and matter most
    more_arms: tuple[tuple[str, int], ...] = (("LayerNorm", 32), (MASKED, 32))
    letters: int = 10  # of every text in the arms of equal lengths
    equal_kinds: tuple[str, ...] = ("LayerNorm", PER_POSITION)
    averaged_kinds: tuple[str, ...] = (MASKED, COUNTED)
    averaged_at: tuple[int, ...] = (5, 10, 20)  # steps
    processes: int = 2


SETTINGS = Settings()


class Trained(NamedTuple):
    """What a model needs to read a text."""

    kind: str
    params: NormedModel
    running: Running


def arms(settings: Settings = SETTINGS) -> list[tuple[str, int]]:
    """What is compared: (kind of norm, texts in a batch)."""
    return [(kind, batch) for batch in settings.batches for kind in NORMS]


def name(kind: str, batch: int) -> str:
    """Under which an arm is stored: "LayerNorm, batch 4"."""
    return f"{kind}, batch {batch}"


def new_run(
    seed: int, kind: str, batch: int, learning_rate: float, settings: Settings = SETTINGS, letters: int | None = None
) -> dict[str, Any]:
    """The losses in both modes along the way, and what the model does at the end.

    The data come from the seed alone: they are the same for every norm, and so are the first maps.
    ``letters`` keeps the texts of this length alone.
    """
    start, data, fresh = np.random.default_rng(seed).spawn(3)
    held_out, final = (text_batch(fresh, texts, letters=letters) for texts in (settings.held_out, settings.final_texts))
    along: list[tuple[float, float | None, float | None]] = []
    for model in stages(start, data, kind, batch, learning_rate, settings, letters):
        along.append((*in_training(model, held_out, batch), loss_at_inference(model, held_out)))
    training, stray, inference = ([*values] for values in zip(*along, strict=True))
    end: dict[str, Any] = {"training": in_training(model, final, batch)[0]}
    end["inference"] = loss_at_inference(model, final)
    end["alone"] = in_training(model, first(final, settings.alone), 1)[0]
    end["accuracy"] = accuracy(logits_of(model, final, model.running), final.targets)
    end["by_position"] = losses_by_position(model, final, settings.position_groups)
    end["longer"] = loss_at_inference(model, text_batch(fresh, settings.held_out, settings.longer))
    return {"training": training, "inference": inference, "strays": stray, "end": end}


def stages(
    start: np.random.Generator,
    data: np.random.Generator,
    kind: str,
    batch: int,
    learning_rate: float,
    settings: Settings = SETTINGS,
    letters: int | None = None,
    averaged: bool = False,
) -> Iterable[Trained]:
    """Train, and yield the model at the steps at which it is measured.

    ``averaged`` lets the running statistics be the means of all batches so far, until their momentum has fallen to 0.1.
    """
    running, seen = start_running(kind, settings.num_layers, settings.d_model, LONGEST), 0
    params = new_model(start, kind, settings)
    batches, state = date_tags(data, batch, letters=letters), None

    def loss_vjp(params: NormedModel, batch: Padded) -> tuple[float, Callable[[float], NormedModel]]:
        nonlocal running, seen
        seen += 1
        forward = normed_model_vjp(params, kind, batch.tokens, batch.lengths)
        momentum = max(0.1, 1 / seen) if averaged else 0.1
        running = update_running(kind, running, forward.normed, forward.counts, momentum)
        loss, back_loss = cross_entropy_vjp(forward.logits, batch.targets)
        return loss, lambda grad_loss: forward.pullback(back_loss(grad_loss))

    def rate(step: int) -> float:
        return learning_rate * (1 - (step - 1) / settings.steps)

    for before, now in itertools.pairwise((0, *settings.measured_at)):
        steps = itertools.islice(batches, now - before)
        params, _, state, _ = fit_whole(params, loss_vjp, steps, rate, state)
        yield Trained(kind, params, running)


def early_losses(
    seed: int, kind: str, batch: int, learning_rate: float, settings: Settings = SETTINGS
) -> dict[str, Any]:
    """As ``new_run`` begins, with running statistics that are plain means of the batches at first."""
    start, data, fresh = np.random.default_rng(seed).spawn(3)
    held_out = text_batch(fresh, settings.held_out)
    few = settings._replace(measured_at=settings.averaged_at)
    models = list(stages(start, data, kind, batch, learning_rate, few, averaged=True))
    return {
        "training": [in_training(model, held_out, batch)[0] for model in models],
        "inference": [loss_at_inference(model, held_out) for model in models],
    }


def new_model(rng: np.random.Generator, kind: str, settings: Settings = SETTINGS) -> NormedModel:
    """A random model."""
    sizes = settings.d_model, settings.num_heads, settings.d_ff, settings.num_layers
    return init_normed_model(rng, kind, SOURCE_VOCAB, len(TAG_NAMES), *sizes)


def logits_of(model: Trained, texts: Padded, running: Running) -> np.ndarray:
    """The logits in training mode (``running`` None) or at inference."""
    return normed_model_vjp(model.params, model.kind, texts.tokens, texts.lengths, running).logits


def in_training(model: Trained, texts: Padded, batch: int) -> tuple[float, float | None]:
    """Read the texts as in training, so many at a time, with the statistics of each batch.

    Returns:
        ``(loss, strays)``: the loss, a mean over all letters whatever their batch; and how far the mean of a batch lies
        from the running mean, averaged over batches and norms, or None if there is none.
    """
    losses, distances, parts = [], [], in_batches(texts, batch)
    for part in parts:
        forward = normed_model_vjp(model.params, model.kind, part.tokens, part.lengths)
        losses.append(float(cross_entropy(forward.logits, part.targets)))
        for x, running in zip(forward.normed, model.running or (), strict=model.running is not None):
            distances.append(strays(model.kind, x, forward.counts, running))
    loss = float(np.average(losses, weights=[part.lengths.sum() for part in parts]))
    return loss, float(np.mean(distances)) if distances else None


def strays(kind: str, x: np.ndarray, counts: np.ndarray, running: Statistics) -> float:
    """The distance between the mean of a batch and the running mean, in running standard deviations.

    Root mean square over features, and positions if each has its own. (After the discrepancy of Wang et al., 2022.)
    """
    mean = batch_statistics(x, None if kind == COUNTED else counts, kind == PER_POSITION).mean
    known = len(mean) if kind == PER_POSITION else None
    return float((((mean - running.mean[:known]) ** 2).mean() / running.variance[:known].mean()) ** 0.5)


def loss_at_inference(model: Trained, texts: Padded) -> float | None:
    """The loss with the running statistics; None if there are none for some position."""
    try:
        return float(cross_entropy(logits_of(model, texts, model.running), texts.targets))
    except ValueError as error:
        if model.kind == PER_POSITION and "a row for every position" in str(error):
            return None
        raise


def losses_by_position(model: Trained, texts: Padded, borders: tuple[int, ...]) -> list[float]:
    """The loss at inference of the letters between each border and the next."""
    logits = logits_of(model, texts, model.running)
    return [
        float(cross_entropy(logits[:, low:high], texts.targets[:, low:high]))
        for low, high in itertools.pairwise(borders)
        if low < logits.shape[1]
    ]


def in_batches(texts: Padded, batch: int) -> list[Padded]:
    """The same texts, a few at a time, each time padded to the longest of the few."""
    rows = range(0, len(texts.lengths), batch)
    return [trimmed(Padded(*(part[row : row + batch] for part in texts))) for row in rows]


def first(texts: Padded, count: int) -> Padded:
    """The first few texts."""
    return in_batches(texts, count)[0]


def trimmed(texts: Padded) -> Padded:
    """Without the padding that no text needs."""
    longest = texts.lengths.max()
    return Padded(texts.tokens[:, :longest], texts.lengths, texts.targets[:, :longest])


def final_loss(
    seed: int, kind: str, batch: int, learning_rate: float, settings: Settings = SETTINGS, letters: int | None = None
) -> float:
    """The loss at inference after training, which chooses."""
    start, data, fresh = np.random.default_rng(seed).spawn(3)
    *_, model = stages(start, data, kind, batch, learning_rate, settings, letters)
    loss = loss_at_inference(model, text_batch(fresh, settings.final_texts, letters=letters))
    assert loss is not None  # no text is longer than those of the training
    return loss


def table(result: dict[str, Any]) -> str:
    """Final losses in both modes, and their difference, seed by seed."""
    head, rows = ["norm"], [[kind] for kind in NORMS]
    for batch in result["settings"]["batches"]:
        head += [f"training mode, batches of {batch}", "inference", "gap"]
        for row, kind in zip(rows, NORMS, strict=True):
            training, inference = (
                at_the_end(result["arms"][name(kind, batch)], key) for key in ("training", "inference")
            )
            row.append(spread(training))
            row += [spread(inference), spread(inference - training)] if has_statistics(kind) else ["the same", "0"]
    return repr(Table(head, rows))


def table_equal_lengths(result: dict[str, Any]) -> str:
    """Final losses at inference of all letters, of the first eight, and of arms whose texts have one length."""
    rows = []
    for key, equal in result["equal_lengths"].items():
        arm = result["arms"][key]
        first = np.array([run["end"]["by_position"][0] for run in arm["runs"].values()])
        rows.append([key, *map(spread, (at_the_end(arm, "inference"), first, at_the_end(equal, "inference")))])
    letters = f"texts of {result['settings']['letters']} letters"
    return repr(Table(["norm, texts in a batch", "all letters", "letters 1 to 8", letters], rows))


def table_averaged(result: dict[str, Any]) -> str:
    """Inference ÷ training mode, early in training, with two ways to start the running statistics."""
    steps, rows = result["settings"]["averaged_at"], []
    for key, averaged in result["averaged"].items():
        both = [
            np.mean([np.divide(run["inference"], run["training"])[: len(steps)] for run in runs.values()], axis=0)
            for runs in (result["arms"][key]["runs"], averaged)
        ]
        rows.append([key, *(f"{ratio:.2f}" for ratios in zip(*both, strict=True) for ratio in ratios)])
    starts = [f"step {step}, {start}" for step in steps for start in ("from 0 and 1", "plain means")]
    return repr(Table(["norm, texts in a batch", *starts], rows))


def at_the_end(arm: dict[str, Any], loss: str) -> np.ndarray:
    """(seeds,) one of the final losses."""
    return np.array([run["end"][loss] for run in arm["runs"].values()])


def spread(losses: np.ndarray) -> str:
    """Mean ± standard deviation of the seeds."""
    return f"{losses.mean():.3f} ± {losses.std(ddof=1):.3f}".replace("-", "−")


def main(record: Record) -> None:
    """Run what is not stored yet."""
    with ProcessPoolExecutor(SETTINGS.processes) as executor:
        for kind, batch in arms():
            where, how = ("arms", name(kind, batch)), {"kind": kind, "batch": batch}
            arm, run = record.part(*where), partial(new_run, **how)
            arm["parameters"] = count_parameters(new_model(np.random.default_rng(0), kind))
            run_arm(record, where, partial(final_loss, **how), run, SETTINGS, executor)
            if (kind, batch) in SETTINGS.more_arms:
                more = partial(run, learning_rate=arm["learning_rate"])
                run_seeds(record, (*where, "more_runs"), more, SETTINGS.more_seeds, executor)
            if kind in SETTINGS.averaged_kinds:
                early = partial(early_losses, learning_rate=arm["learning_rate"], **how)
                run_seeds(record, ("averaged", name(kind, batch)), early, SETTINGS.seeds, executor)
        for batch, kind in itertools.product(SETTINGS.batches, SETTINGS.equal_kinds):
            how = {"kind": kind, "batch": batch, "letters": SETTINGS.letters}
            where = ("equal_lengths", name(kind, batch))
            run_arm(record, where, partial(final_loss, **how), partial(new_run, **how), SETTINGS, executor)


if __name__ == "__main__":
    main(Record(RESULT, COMMAND, SETTINGS))
