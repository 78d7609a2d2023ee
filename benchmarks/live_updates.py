"""How long does a live figure take from a control that has moved to the new picture, in the kernel?

    python -m benchmarks.live_updates [explorer …]
    python -m benchmarks.live_updates --cpu-time     # on a machine that is busy with other things

Each figure is led through twelve states, spread over all that it has, control by control, three times; of each move the
fastest counts. What a browser adds, to send and to show the picture, is not in it; that Python looks for garbage now
and then, for a tenth of a second, is.
"""

import argparse
import statistics
import time
from collections.abc import Callable, Iterator

import numpy as np
from ipywidgets import Widget

from attncourse import Explorer
from attncourse.live import live_widget
from tests.explorers import all_explorers

STATES, ROUNDS = 12, 3


def moves(explorer: Explorer, clock: Callable[[], float]) -> Iterator[float]:
    """Milliseconds of each move of a control, on the way through the states; the first picture is drawn before."""
    controls = live_widget(explorer).children
    for place in np.linspace(0, len(explorer.states) - 1, STATES).round().astype(int):
        for control, value in zip(controls, explorer.states[place].values(), strict=False):  # the picture comes last
            if control.value != value:
                start = clock()
                control.value = value
                yield 1000 * (clock() - start)
    Widget.close_all()


def fastest(explorer: Explorer, clock: Callable[[], float]) -> list[float]:
    """Milliseconds of each move, the fastest of some rounds."""
    return [min(times) for times in zip(*(list(moves(explorer, clock)) for _ in range(ROUNDS)), strict=True)]


def main() -> None:
    """Print a row for each figure, the slowest first."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("explorers", nargs="*", help="their names; default all that have controls")
    parser.add_argument("--cpu-time", action="store_true", help="seconds of the processor instead of the clock's")
    args = parser.parse_args()
    clock = time.process_time if args.cpu_time else time.perf_counter
    found = all_explorers()
    chosen = [found[name] for name in args.explorers] or [each for each in found.values() if each.controls]
    rows = {explorer.name: fastest(explorer, clock) for explorer in chosen}
    print("| figure | moves | median, ms | worst, ms |\n|---|---:|---:|---:|")
    for name, times in sorted(rows.items(), key=lambda row: -max(row[1])):
        print(f"| {name} | {len(times)} | {statistics.median(times):.0f} | {max(times):.0f} |")
    together = [time for times in rows.values() for time in times]
    print(f"| all | {len(together)} | {statistics.median(together):.0f} | {max(together):.0f} |")


if __name__ == "__main__":
    main()
