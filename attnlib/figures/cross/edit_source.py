"""Explorer: change one character of a text, and see which weights and which outputs move."""

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure

from attnlib import decode, encode, softmax
from attnlib.course.controls import Choice, Slider, Text
from attnlib.course.explorer import Explorer
from attnlib.dates import BEGIN, STEPS, as_source
from attnlib.figures.canvas import SMALL, place, sheet
from attnlib.figures.cross.readings import model, reading, signs, visible
from attnlib.figures.palette import KEY_INK, QUERY_INK, RULE, SCORE_SIGNED
from attnlib.greedy import decode_next, start_cache

TEXT = "7. Juni 2021"
READ_AGAIN, ALONE = "the encoder reads the new text", "its memory vector alone"


class Edited(NamedTuple):
    """What one edit does; the maps belong to the old answer, so that rows can be compared."""

    answer: np.ndarray  # (steps,) what is said now
    confidence: np.ndarray  # (steps,) probability of each
    memory: np.ndarray  # (seq_source, d_model)
    cross: np.ndarray  # (layers, steps, seq_source) mean of the heads


class Numbers(NamedTuple):
    """What the figure shows."""

    text: str  # as edited
    edit: int  # index of the edited character
    alone: bool
    layer: int
    said: list[str]  # before the edit
    says: list[str]  # after
    confidence: np.ndarray  # (steps,) after
    memory_change: np.ndarray  # (seq_source,) length of each memory vector's change, by its own length
    weight_change: np.ndarray  # (steps, seq_source)


def measure(character: int = 6, new: str = "l", scope: str = READ_AGAIN, layer: int = 1) -> Numbers:
    """Edit the text, or only the memory vector of the character, and compare with the text as it was.

    Raises:
        ValueError: if ``new`` is not one character.
    """
    if len(new) != 1:
        raise ValueError(f"new must be one character: got {new!r}")
    edit, alone = character - 1, scope == ALONE
    before, edits = edited(None), edited(new)
    after = Edited(*(part[edit, int(alone)] for part in edits))
    moved = np.linalg.norm(after.memory - before.memory[0, 0], axis=-1)
    change = after.cross[layer - 1] - before.cross[0, 0, layer - 1]
    return Numbers(
        TEXT[:edit] + new + TEXT[edit + 1 :],
        edit,
        alone,
        layer,
        signs(before.answer[0, 0]),
        signs(after.answer),
        after.confidence,
        moved / np.linalg.norm(before.memory[0, 0], axis=-1),
        np.where(np.abs(change) < 1e-9, 0, change),
    )


@lru_cache(maxsize=16)
def edited(new: str | None) -> Edited:
    """Every place edited to this character, in both ways: arrays (places, 2, …). None edits nothing: (1, 2, …)."""
    whole, _ = encode(model(), as_source([TEXT])[0])
    read = whole
    if new is not None:
        texts = [TEXT[:i] + new + TEXT[i + 1 :] for i in range(len(TEXT))]
        read, _ = encode(model(), as_source(texts)[0])
    alone = np.repeat(whole, len(read), axis=0)
    places = np.arange(len(read))
    alone[places, places] = read[places, places]
    memory = np.stack([read, alone], axis=1).reshape(-1, *whole.shape[1:])
    answer, confidence = say(memory)
    target = np.insert(reading(TEXT).said[:-1], 0, BEGIN)
    _, maps = decode(model(), np.repeat(target[None], len(memory), axis=0), memory)
    cross = np.stack([own_and_cross[1].mean(axis=1) for own_and_cross in maps], axis=1)
    return Edited(*(part.reshape(len(read), 2, *part.shape[1:]) for part in (answer, confidence, memory, cross)))


def say(memory: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The likeliest answer to each memory, (batch, steps), and the probability of each of its characters."""
    said, caches, sure = np.full((len(memory), 1), BEGIN), start_cache(model(), memory), []
    for _ in range(STEPS):
        logits, caches = decode_next(model(), said, caches)
        probs = softmax(logits[:, -1])
        sure.append(probs.max(axis=-1))
        said = np.concatenate([said, probs.argmax(axis=-1)[:, None]], axis=1)
    return said[:, 1:], np.stack(sure, axis=1)


def readout(numbers: Numbers) -> str:
    """The picture in one sentence."""
    answers = ["".join(said).split("end")[0] for said in (numbers.said, numbers.says)]
    columns = int((np.abs(numbers.weight_change).max(axis=0) > 0.005).sum())
    moved = int((numbers.memory_change > 1e-9).sum())
    return (
        f"“{numbers.text}”: {moved} of {len(numbers.memory_change)} memory vectors change, and layer {numbers.layer}’s "
        f"weights in {columns} columns; the answer {answers[0]} "
        f"{'stays' if answers[0] == answers[1] else f'becomes {answers[1]}'}."
    )


def draw(numbers: Numbers, narrow: bool = False) -> Figure:
    """The change of every weight; above it that of the memory, beside it the answer."""
    figure = sheet(height=350, narrow=narrow, narrow_height=460)
    axes = place(figure, *((50, 70, 280, 380) if narrow else (70, 70, 400, 270)))
    axes.imshow(numbers.weight_change, cmap=SCORE_SIGNED, vmin=-1, vmax=1, aspect="auto", interpolation="nearest")
    axes.set_xticks(range(len(numbers.text)), visible(numbers.text))
    axes.set_yticks(range(len(numbers.said)), numbers.said)
    axes.xaxis.tick_top()
    axes.tick_params(axis="x", labelsize=SMALL, length=0, labelcolor=KEY_INK)
    axes.tick_params(axis="y", labelsize=SMALL, length=0, labelcolor=QUERY_INK)
    axes.spines[:].set_color(RULE)
    return figure


edit_source = Explorer(
    name="edit-source",
    source="attnlib.figures.cross.edit_source:edit_source",
    caption=f"The date model reads “{TEXT}” with one character changed.",
    measure=measure,
    readout=readout,
    draw=draw,
    controls={
        "character": Slider("character", stops=tuple(range(1, len(TEXT) + 1)), default=6),
        "new": Text("becomes", stops=("l", "9"), default="l"),
        "scope": Choice("what changes", stops=(READ_AGAIN, ALONE), default=READ_AGAIN),
        "layer": Slider("layer", stops=(1, 2), default=1),
    },
)
