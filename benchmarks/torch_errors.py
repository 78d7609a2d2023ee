"""How far are attnlib's outputs and gradients from PyTorch's?

    python -m benchmarks.torch_errors

Every call that tests/golden compares, on fresh numbers: twenty draws of each case, in float32 and in float64. For each
call the worst difference of any output and of any gradient: absolute, and relative to the array's largest entry.
"""

from typing import NamedTuple

import numpy as np

from tests.golden import compare_training, compare_transformer, make_training, make_transformer
from tests.golden.stored import as_dtype

DRAWS = 20
CASES = make_training.CASES | make_transformer.CASES
ASK_TORCH = make_training.CALLS | make_transformer.CALLS
ASK_ATTNLIB = compare_training.ASK | compare_transformer.ASK


class Worst(NamedTuple):
    """The largest differences."""

    forward: float = 0.0  # absolute
    forward_relative: float = 0.0
    gradient: float = 0.0
    gradient_relative: float = 0.0


def worst_differences(case, draws=DRAWS):
    """``Worst`` by dtype over several draws of one case.

    Args:
        case: one of CASES.
        draws: number of draws, each from a seed of its own.

    Returns:
        {"float32": Worst, "float64": Worst}
    """
    worst = {"float32": Worst(), "float64": Worst()}
    draw, ask_torch = ASK_TORCH[case.call]
    for seed in range(draws):
        inputs = draw(np.random.default_rng([seed, 1]), **case.sizes)
        for dtype, before in worst.items():
            typed = as_dtype(inputs, np.dtype(dtype))
            expected, found = ask_torch(typed, **case.options), ASK_ATTNLIB[case.call](typed, **case.options)
            worst[dtype] = Worst(*map(max, before, differences(found, expected)))
    return worst


def differences(found, expected):
    """``Worst`` of one call. What PyTorch calls grad_… is a gradient, all else an output."""
    largest = {True: (0.0, 0.0), False: (0.0, 0.0)}
    for name, array in expected.items():
        apart, size = float(np.abs(found[name] - array).max(initial=0)), float(np.abs(array).max(initial=0))
        is_gradient = name.startswith("grad_")
        largest[is_gradient] = tuple(map(max, largest[is_gradient], (apart, apart / size if size else 0.0)))
    return Worst(*largest[False], *largest[True])


def main():
    """Print the table: the worst of all cases of a call."""
    import torch

    torch.set_num_threads(1)
    print(f"{'':16} {'':8}  output: absolute relative  gradient: absolute relative")
    for call in ASK_TORCH:
        found = [worst_differences(case) for case in CASES.values() if case.call == call]
        for dtype in ("float32", "float64"):
            worst = (f"{max(column):9.1e}" for column in zip(*(each[dtype] for each in found), strict=True))
            print(f"{call:16} {dtype}  {'  '.join(worst)}")


if __name__ == "__main__":
    main()
