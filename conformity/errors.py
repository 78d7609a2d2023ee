"""``python -m conformity.errors``: is attnlib's float32 as exact as float32 can be expected to be?

The rule: against a float64 reference the error of a float32 result is at most twice that of the plain formula in
float32, and that of a gradient at most three times. (FlashAttention's tests/test_flash_attn.py holds 16-bit results to
it against float32.) An error is the largest difference of any number in several draws, relative to the array's largest
number; where the plain formula's is below the rounding of that number, half a unit in its last place, this counts.
"""

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import numpy as np

import attnlib
from attnlib import tree_leaves, tree_map
from conformity import plain
from conformity.report import store

OUTPUT, GRADIENT = 2, 3  # how many times the plain formula's error
SEEDS = range(8)
ROUNDING = float(np.finfo(np.float32).eps) / 2


class Case(NamedTuple):
    """One operation on one kind of numbers."""

    operation: str  # the name of a function, here, in ``plain`` and in attnlib
    numbers: str
    draw: Callable[[np.random.Generator], tuple[Any, ...]]  # the gradient that arrives, and the arguments

    def __str__(self) -> str:
        return f"{self.operation}, {self.numbers}"


class Errors(NamedTuple):
    """The largest errors of one array over several draws, relative to its largest number."""

    library: float
    plain: float

    @property
    def ratio(self) -> float:
        """How many times the plain formula's error the library's is; half a unit in the last place is granted."""
        return self.library / max(self.plain, ROUNDING)


def scores(deviation=1.0, mean=0.0, shape=(8, 64)):
    """Scores of this mean and deviation."""
    return lambda rng: (rng.normal(size=shape), mean + deviation * rng.normal(size=shape))


def heads(deviation=1.0, mean=0.0, seq_q=48, seq_k=64, causal=False):
    """Queries and keys whose scores have this deviation, and values of this mean."""

    def draw(rng):
        grad_output, query, key, value = (rng.normal(size=(2, seq, 32)) for seq in (seq_q, seq_q, seq_k, seq_k))
        mask = (attnlib.causal_mask(seq_q, seq_k),) if causal else ()
        return grad_output, deviation * query, key, mean + value, *mask

    return draw


def tokens(deviation=1.0, seq=48):
    """Tokens, and maps to four heads whose scores have this deviation."""

    def draw(rng):
        grad_output, x, params = *rng.normal(size=(2, 2, seq, 64)), attnlib.init_multi_head(rng, 64, 4)
        return grad_output, params._replace(w_q=deviation * params.w_q), x

    return draw


def vectors(mean=0.0, deviation=1.0, vectors=2, shape=(4, 16, 256)):
    """Tokens' vectors of this mean and deviation, and a gain; also a bias, if there are to be two vectors more."""

    def draw(rng):
        grad_output, x = rng.normal(size=(2, *shape))
        return grad_output, mean + deviation * x, *rng.normal(size=(vectors, shape[-1]))

    return draw


LOGITS = {"σ = 1": 1.0, "σ = 10": 10.0, "σ = 100": 100.0}
MEANS = {"mean 0": 0.0, "mean 1,000": 1e3, "mean 10,000": 1e4}


def of_attention(operation):
    """The cases of ``attention`` and of the same in blocks."""
    return [
        *(Case(operation, f"scores with {name}", heads(deviation)) for name, deviation in LOGITS.items()),
        *(Case(operation, f"values with {name}", heads(mean=mean)) for name, mean in MEANS.items() if mean),
        Case(operation, "causal", heads(seq_q=64, causal=True)),
        Case(operation, "4,096 keys", heads(seq_k=4096)),
        Case(operation, "4,096 queries", heads(seq_q=4096)),
        Case(operation, "4,096 keys, scores with σ = 10", heads(10.0, seq_k=4096)),
    ]


CASES = [
    *(Case("softmax", f"scores with {name}", scores(deviation)) for name, deviation in LOGITS.items()),
    *(Case("softmax", f"scores with {name}", scores(mean=mean)) for name, mean in MEANS.items() if mean),
    Case("softmax", "4,096 scores", scores(shape=(2, 4096))),
    *(Case("log_softmax", f"scores with {name}", scores(deviation)) for name, deviation in LOGITS.items()),
    Case("log_softmax", "4,096 scores", scores(shape=(2, 4096))),
    *of_attention("attention"),
    *of_attention("fast_attention"),
    *(Case("multi_head_attention", f"scores with {name}", tokens(deviation)) for name, deviation in LOGITS.items()),
    Case("multi_head_attention", "1,024 tokens", tokens(seq=1024)),
    *(Case("layer_norm", f"vectors with {name}", vectors(mean)) for name, mean in MEANS.items()),
    Case("layer_norm", "vectors with σ = 100", vectors(deviation=100.0)),
    Case("layer_norm", "4,096 vectors", vectors(shape=(4096, 64))),
    *(Case("rms_norm", f"vectors with {name}", vectors(mean, vectors=1)) for name, mean in MEANS.items()),
    Case("rms_norm", "vectors with σ = 100", vectors(deviation=100.0, vectors=1)),
    Case("rms_norm", "4,096 vectors", vectors(vectors=1, shape=(4096, 64))),
]


def library(operation: str, grad_output: np.ndarray, *arguments: Any) -> list[np.ndarray]:
    """Output and gradients of attnlib's function, in the order of ``plain``."""
    vjp = getattr(attnlib, f"{operation}_vjp")
    if operation == "multi_head_attention":
        params, x = arguments
        output, pullback = vjp(params, x, x, x)
        grad_params, *grads = pullback(grad_output)
        return [output, sum(grads), *tree_leaves(grad_params)]
    output, pullback = vjp(*arguments)
    return [output, *tree_leaves(pullback(grad_output))]


def errors(case: Case, seeds: Iterable[int] = SEEDS) -> list[Errors]:
    """The errors of the output, and of each gradient."""
    worst: list[Errors] = []
    for seed in seeds:
        rng = np.random.default_rng(seed)
        single = rounded(case.draw(rng), np.float32)
        formula = getattr(plain, case.operation)
        arrays = library(case.operation, *single), formula(*single), formula(*rounded(single, np.float64))
        now = [of_array(*three) for three in zip(*arrays, strict=True)]
        worst = [Errors(*map(max, *both)) for both in zip(worst or now, now, strict=True)]
    return worst


def rounded(arguments: Any, dtype: type) -> Any:
    """The arguments with their floats in this dtype."""
    return tuple(tree_map(lambda x: x.astype(dtype) if x.dtype.kind == "f" else x, argument) for argument in arguments)


def of_array(found: np.ndarray, plainly: np.ndarray, reference: np.ndarray) -> Errors:
    """The errors of one array in one draw."""
    assert found.dtype == plainly.dtype == np.float32
    largest = float(np.abs(reference).max())
    return Errors(*(float(np.abs(array - reference).max()) / largest for array in (found, plainly)))


def main() -> None:
    """Print the table and store it."""
    rows = []
    for case in CASES:
        output, *gradients = errors(case)
        worst = max(gradients, key=lambda gradient: gradient.ratio)
        print(f"{case!s:52}  output {output.ratio:5.2f}  gradient {worst.ratio:5.2f}")
        rows.append([case.operation, case.numbers, *output, output.ratio, *worst, worst.ratio])
    store("errors", ["numpy"], rows, allowed={"output": OUTPUT, "gradient": GRADIENT})


if __name__ == "__main__":
    main()
