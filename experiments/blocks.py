"""What the size of a block costs ``fast_attention``: times against the side of the block, for several lengths.

    OMP_NUM_THREADS=1 python -m experiments.blocks            # continues, if it was interrupted
    OMP_NUM_THREADS=1 python -m experiments.blocks --fresh    # throws the stored rounds away first

A round measures every size once; what is stored are ratios to plain ``attention``, of the same length and with the same
mask, measured just before. The clock is the processor's time of this process, with one thread: what other programs take
is left out.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import groupby
from typing import Any, NamedTuple
from unittest import mock

import numpy as np

from attncourse.results import result_path
from attnlib import attention, causal_mask, fast_attention
from experiments.record import Record, short

RESULT = result_path("blocks")
COMMAND = "OMP_NUM_THREADS=1 python -m experiments.blocks"


class Settings(NamedTuple):
    """Sizes, and how often they are measured. One head, in float32."""

    lengths: tuple[int, ...] = (512, 1024, 2048, 4096, 8192)
    sides: tuple[int, ...] = (32, 64, 128, 256, 512, 1024, 2048)
    width: int = 64
    at_least: int = 4096**2  # scores a measurement; smaller sizes are repeated
    rounds: int = 5


SETTINGS = Settings()


def sizes(settings: Settings = SETTINGS) -> list[tuple[int, int, bool]]:
    """What is measured: (length, side, causal). A block is no longer than the text."""
    return [
        (n, side, causal) for n in settings.lengths for causal in (False, True) for side in settings.sides if side <= n
    ]


@contextmanager
def square_blocks(side: int) -> Iterator[None]:
    """While this lasts, blocks are ``side`` queries by ``side`` keys."""
    with (
        mock.patch("attnlib.blocks.SCORES", side * side),
        mock.patch("attnlib.fast_attention.block_shape", return_value=(side, side)),
    ):
        yield


def work(n: int, causal: bool, plain: bool, settings: Settings = SETTINGS) -> Callable[[], np.ndarray]:
    """A function that attends once, on random numbers."""
    query, key, value = np.random.default_rng(0).standard_normal((3, n, settings.width), dtype=np.float32)
    mask = causal_mask(n, n) if causal else None
    if plain:
        return lambda: attention(query, key, value, mask)[0]
    return lambda: fast_attention(query, key, value, causal=causal, threads=1)


def seconds(n: int, causal: bool, plain: bool, settings: Settings = SETTINGS) -> float:
    """The mean of as many calls as it takes to be measurable, after one that does not count."""
    attend, times = work(n, causal, plain, settings), max(1, settings.at_least // n**2)
    attend()
    start = time.process_time()
    for _ in range(times):
        attend()
    return (time.process_time() - start) / times


def one_round(settings: Settings = SETTINGS) -> list[float]:
    """The time of each size in units of plain attention's, in the order of ``sizes``."""
    ratios = []
    for (n, causal), group in groupby(sizes(settings), key=lambda size: size[::2]):
        plain = seconds(n, causal, True, settings)
        for _, side, _ in group:
            with square_blocks(side):
                ratios.append(seconds(n, causal, False, settings) / plain)
    return ratios


def table(result: dict[str, Any]) -> str:
    """Medians of the rounds."""
    settings = result["settings"]
    lines = [f"| n | {' | '.join(map(str, settings['sides']))} |", "|---" * (1 + len(settings["sides"])) + "|"]
    found = dict(zip(sizes(), np.median(result["rounds"], axis=0).tolist(), strict=True))
    for n in settings["lengths"]:
        for causal in (False, True):
            cells = [f"{found[n, side, causal]:.2f}" if side <= n else "–" for side in settings["sides"]]
            lines.append(f"| {n}{', causal' if causal else ''} | {' | '.join(cells)} |")
    return "\n".join(lines)


def main(record: Record) -> None:
    """Measure the rounds that are not stored yet."""
    rounds = record.found.setdefault("rounds", [])
    while len(rounds) < SETTINGS.rounds:
        with record.storing(f"round {len(rounds) + 1}"):
            rounds.append(short(one_round()))


if __name__ == "__main__":
    main(Record(RESULT, COMMAND, SETTINGS))
