"""What each token of a translation loses without each token of its source, beside the weights on them."""

from functools import cache
from typing import Any, NamedTuple

import numpy as np

from attnlib.translator.model import TranslatorParams, decode, encode, memory_heads
from attnlib.translator.translate import END, Translation
from experiments.translator_reading import grid, probabilities, share, translation, translator, words_said

UNKNOWN = 1  # the token of what the vocabulary does not know
HIDDEN, UNREADABLE, DELETED = "hidden from the decoder", "made unreadable", "deleted"
OWN, OTHERS = "its own vector unreadable", "all other vectors as if it were unreadable"
WAYS = HIDDEN, UNREADABLE, DELETED


class Limits(NamedTuple):
    """What counts as much and as little."""

    matters: float = 0.05  # probability: a token counts if some removal costs it more
    tied: float = 0.01  # probability: costs that differ by no more are equal
    little: float = 0.1  # weight
    much: float = 0.5  # probability


LIMITS = Limits()


def without(params: TranslatorParams, source: np.ndarray, token: int, way: str) -> tuple[np.ndarray, np.ndarray | None]:
    """The memory without one token of the source, and the mask of the cross-attention if that is what hides it."""
    places = np.arange(len(source))
    if way == HIDDEN:
        return encode(params, source)[0], places != token
    if way == DELETED:
        return encode(params, np.delete(source, token))[0], None
    unreadable, _ = encode(params, np.where(places == token, UNKNOWN, source))
    if way == UNREADABLE:
        return unreadable, None
    own = (places == token)[:, None]
    return np.where(own if way == OWN else ~own, unreadable, encode(params, source)[0]), None


def said_without(found: Translation, token: int, way: str) -> np.ndarray:
    """The whole translation anew, without one token of the source."""
    params = translator().params
    memory, mask = without(params, found.source, token, way)
    heads, state, said = memory_heads(params, memory), None, np.zeros(0, int)
    while len(said) < 2 * len(found.source) and END not in said:
        logits, _, state = decode(params, said, heads, state, memory_mask=mask)
        said = np.append(said, logits[-1].argmax())
    return said


@cache
def removed(text: str, way: str) -> tuple[np.ndarray, np.ndarray]:
    """``(lost, changed)``, (seq_source, steps) each: without each token of the source, after the same tokens before.

    How much probability the said token loses, and whether another one becomes the likeliest.
    """
    params, found = translator().params, translation(text)
    steps = np.arange(len(found.said))
    each = (without(params, found.source, token, way) for token in range(len(found.source)))
    after = np.array([probabilities(params, memory, found.said, mask) for memory, mask in each])
    whole = probabilities(params, found.memory, found.said)[steps, found.said]
    return whole - after[:, steps, found.said], after.argmax(axis=-1) != found.said


class Step(NamedTuple):
    """One token of a translation, and what each token of the source has to do with it."""

    weights: np.ndarray  # (layers, num_heads, seq_source)
    lost: np.ndarray  # (seq_source,) probability
    changed: np.ndarray  # (seq_source,) whether another token becomes the likeliest

    @property
    def mean(self) -> np.ndarray:
        """(seq_source,): the weights, as a mean of all heads of both layers."""
        return self.weights.mean(axis=(0, 1))

    def costliest(self, tied: float = LIMITS.tied) -> np.ndarray:
        """(seq_source,): whether no other token costs more; there can be several."""
        return self.lost >= self.lost.max() - tied


def steps_of(texts: list[str], way: str) -> list[Step]:
    """Every token of every translation but full stops and the sign for the end."""
    return [
        Step(translation(text).cross_weights[:, :, step], *(part[:, step] for part in removed(text, way)))
        for text in texts
        for step, word in enumerate(words_said(text))
        if word is not None
    ]


def removal(texts: list[str], way: str, limits: Limits = LIMITS) -> dict[str, Any]:
    """How often the heaviest token is the one whose loss costs most, by the mean of all heads and by each head."""
    steps, rng = steps_of(texts, way), np.random.default_rng(0)
    counted = [step for step in steps if step.lost.max() > limits.matters]
    return {
        "tokens": len(steps),
        "counted": len(counted),
        "by_chance": share(step.costliest(limits.tied).mean() for step in counted),
        "mean": share(step.costliest(limits.tied)[step.mean.argmax()] for step in counted),
        "heads": [
            [share(step.costliest(limits.tied)[step.weights[at].argmax()] for step in counted) for at in row]
            for row in grid("cross")
        ],
        "changed_by_heaviest": share(step.changed[step.mean.argmax()] for step in steps),
        "changed_by_another": share(step.changed[another(rng, step.mean)] for step in steps),
        "heaviest_costs_nothing": share(step.lost[step.mean.argmax()] < limits.matters for step in steps),
        "light_and_decisive": share(
            ((step.mean < limits.little) & (step.lost > limits.much)).any() for step in steps
        ),
    }  # fmt: skip


def another(rng: np.random.Generator, weights: np.ndarray) -> int:
    """A token at random that has not the most weight."""
    return int(rng.choice(np.delete(np.arange(len(weights)), weights.argmax())))


def through(texts: list[str], limits: Limits = LIMITS) -> dict[str, int]:
    """How many pairs of tokens there are of which an unreadable one costs the other much, and by which vectors alone.

    By its own, by all the others, or by neither; and the same where the weight on it is little.
    """
    alone = "own", "others", "neither"
    count = dict.fromkeys(("decisive", *alone, "light", *(f"light_{name}" for name in alone)), 0)
    for text in texts:
        words = np.array([word is not None for word in words_said(text)])
        whole, own, others = (removed(text, way)[0] > limits.much for way in (UNREADABLE, OWN, OTHERS))
        weights = translation(text).cross_weights.mean(axis=(0, 1)).T  # (seq_source, steps)
        light = weights < limits.little
        for name, chosen in (("decisive", whole & words), ("light", whole & light & words)):
            prefix = "light_" if name == "light" else ""
            count[name] += int(chosen.sum())
            count[f"{prefix}own"] += int((chosen & own).sum())
            count[f"{prefix}others"] += int((chosen & others).sum())
            count[f"{prefix}neither"] += int((chosen & ~own & ~others).sum())
    return count
