"""Contenders take turns in one process, round by round, so that what else the machine does meets all of them."""

import argparse
import math
import statistics
import time

STEPS_TO_AGREE = 5


def parser(description):
    """The options of a race."""
    found = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    found.add_argument("--threads", type=int, default=2)
    found.add_argument("--rounds", type=int, default=7)
    found.add_argument("--seconds", type=float, default=2, help="of each contender in each round")
    found.add_argument("--cpu-time", action="store_true", help="count seconds of the processor, not of the wall clock")
    return found


def terms(options):
    """Rounds, seconds of each contender in each, and the clock."""
    return options.rounds, options.seconds, time.process_time if options.cpu_time else time.perf_counter


def take_turns(racing, rounds, seconds, clock):
    """Seconds of one call of each contender, a list with one number a round."""
    times = {name: [] for name in racing}
    for call in racing.values():
        call()  # the first is slower
    for _ in range(rounds):
        for name, call in racing.items():
            start, calls = clock(), 0
            while clock() - start < seconds:
                call()
                calls += 1
            times[name].append((clock() - start) / calls)
    return times


def ratio(times, name, other="PyTorch"):
    """The median of the rounds' ratios."""
    return statistics.median(a / b for a, b in zip(times[name], times[other], strict=True))


def common_losses(trainers):
    """The losses of the first steps, which must be the same for all.

    In float64: Adam's first steps are as long for a gradient that is nothing but rounding as for any other.
    """
    losses = {name: [step() for _ in range(STEPS_TO_AGREE)] for name, step in trainers.items()}
    expected = losses["PyTorch"]
    for name, found in losses.items():
        if not all(math.isclose(a, b, rel_tol=1e-6) for a, b in zip(found, expected, strict=True)):
            raise SystemExit(f"{name} trains on losses of {found}, PyTorch on {expected}")
    return expected


def race_in_training(contenders, tokens, options):
    """Print tokens a second, and the time beside PyTorch's. ``contenders``: a dtype → the trainers of all."""
    losses = ", ".join(f"{loss:.4f}" for loss in common_losses(contenders("float64")))
    print(f"losses of the first {STEPS_TO_AGREE} steps, the same for all: {losses}")
    times = take_turns(contenders("float32"), *terms(options))
    for name, found in times.items():
        speed = tokens / statistics.median(found)
        print(f"{name:22} {speed:9,.0f} tokens/s   {ratio(times, name):5.2f} times the time of PyTorch")
