"""The capstone: the reader's own parts of the date model, run on what flows through the trained one."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import cache, partial
from typing import Any

import numpy as np

from attncourse.alone import function_from, source_of
from attncourse.capstone.assemble import REFERENCE, assemble, names_before
from attncourse.capstone.parts import PARTS, Part
from attncourse.capstone.recorded import TEXTS, Call, recorded
from attncourse.check.base import Result, Results, judged
from attncourse.check.compare import agree, first_difference
from attncourse.check.guard import guarded
from attncourse.check.require import ViolatedError, require, require_flags, require_parts, require_shape
from attncourse.kept import NOTHING, keep_part, load
from attnlib.dates.task import as_texts


def build(*unnamed: Any, keep: bool = True, **answers: Any) -> Results:
    """Check parts of the date model, and keep them for the chapters to come: ``build(softmax=my_softmax)``.

    A part is one function written with ``def``. It uses ``np`` and the parts before it, by their own names: your
    softmax is ``softmax`` in your attention. It is run on every call that the trained model makes of this part while it
    reads "June 7th, 2021" and two other dates. The parts in their order::

        softmax(scores)
        attention(query, key, value, mask) -> (output, attn_weights)
        multi_head(params, query, key, value, mask)
        positions(seq, d_model)
        causal_mask(seq), padding_mask(lengths, seq)
        layer_norm(x, gain, bias)
        encoder_layer(params, x, mask)
        decoder_layer(params, x, memory, mask, memory_mask)
        greedy(params, source, lengths, begin, steps)

    Args:
        keep: whether a part that passes counts as the reader's own.
        answers: name of a part -> the function, or its text where Python keeps none.
    """
    if unnamed or not answers:
        return Results([Result("build", "say which part it is, as in check.build(softmax=my_softmax)")])
    own = _own_parts() if keep else {}
    results = []
    for name, answer in answers.items():
        result = judged(f"build.{name}", partial(_judge, name, answer, own))
        if result:
            own[name] = source_of(answer)
            if keep:
                result.praise += keep_part(name, own[name]) or f"; {len(own)} of {len(PARTS)} parts are now yours"
        results.append(result)
    return Results(results)


def _own_parts() -> dict[str, str]:
    """What the reader has built so far; nothing where that cannot be read, which ``keep_part`` says."""
    kept = NOTHING
    with suppress(OSError, ValueError):
        kept = load()
    return {name: source for name, source in kept.parts.items() if name in PARTS}


def _judge(name: str, answer: Any, own: Mapping[str, str]) -> str:
    """Run a part on all that it meets; returns what to say if every value is right."""
    require(name in PARTS, f"there is no such part: the parts are {', '.join(PARTS)}")
    part = PARTS[name]
    function = guarded(_made(name, source_of(answer), own))
    calls = [*recorded()[name], *_harder(name)]
    results = [function(*call.args) for call in calls]
    mistake = _named_mistake(name, calls, results)
    try:
        pairs = [pair for call, result in zip(calls, results, strict=True) for pair in _pairs(part, call, result)]
    except ViolatedError as violation:
        raise ViolatedError(mistake or str(violation)) from violation
    good, total = (sum(np.sum(agree(one, due)) for one, due in pairs), sum(np.size(due) for _, due in pairs))
    if good == total:
        reads = f", and {TEXTS[0]!r} is read as {as_texts(results[0])[0]}" if name == "greedy" else ""
        return f"all {total:,} values are right{reads}"
    first = next(first_difference(one, due) for one, due in pairs if not np.all(agree(one, due)))
    raise ViolatedError(f"{100 * good // total} % of {total:,} values are right: {mistake or first}")


def _made(name: str, source: str, own: Mapping[str, str] | None = None) -> Callable[..., Any]:
    """A part made from its source, with the reader's own parts before it, and the course's where there is none."""
    return function_from(source, names_before(name, assemble(own) if own else _the_courses()))


@cache
def _the_courses() -> dict[str, Callable]:
    return assemble({})


def _harder(name: str) -> list[Call]:
    """What the model never asks of a part, and what is due: scores far from 0, vectors that are tiny."""
    right, first = _made(name, REFERENCE[name]), recorded()[name][0]
    return [Call(args, right(*args)) for args in PARTS[name].harder(*first.args)]


def _pairs(part: Part, call: Call, result: Any) -> list[tuple[Any, Any]]:
    """Each array that a call returned, beside the one that is due."""
    several = len(part.returns) > 1
    found = require_parts(result, *part.returns) if several else (result,)
    pairs = []
    for what, one, due in zip(part.returns, found, call.result if several else (call.result,), strict=True):
        flags, whole = due.dtype == bool, due.dtype.kind != "f"
        array = require_flags(one, due.shape, what) if flags else require_shape(one, due.shape, what, finite=False)
        pairs.append((array.astype(float), due.astype(float)) if whole else (array, due))
    return pairs


def _named_mistake(name: str, calls: Sequence[Call], results: Sequence[Any]) -> str:
    """What to say about results that are those of a known mistake in every call; else nothing.

    If a second mistake shows in the harder calls alone, those of the model tell the first.
    """
    own = recorded()[name]
    wrong = not all(_same(result, call.result) for call, result in zip(own, results, strict=False))
    for asked in [calls, own] if wrong else [calls]:
        for words, (old, new) in PARTS[name].mistakes.items():
            mistaken = _made(name, REFERENCE[name].replace(old, new))
            with suppress(Exception):  # a mistake that breaks on these arguments is not the reader's
                if all(_same(result, mistaken(*call.args)) for call, result in zip(asked, results, strict=False)):
                    return words
    return ""


def _same(found: Any, mistaken: Any) -> bool:
    """Whether two results agree up to rounding, in the same places also in being NaN."""
    if isinstance(mistaken, tuple):
        return isinstance(found, tuple | list) and all(map(_same, found, mistaken))
    with suppress(TypeError, ValueError):  # what holds no numbers, or not in one shape
        return np.shape(found) == mistaken.shape and np.allclose(found, mistaken, rtol=1e-5, atol=1e-5, equal_nan=True)
    return False
