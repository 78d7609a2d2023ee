"""Ask PyTorch for attention on one small random input, so that a notebook can compare without PyTorch.

pip install torch && python -m experiments.pytorch_attention    # from the repository's root; takes a moment
"""

from typing import NamedTuple

import numpy as np

from attncourse.results import result_path
from experiments.record import Record

RESULT = result_path("pytorch_attention")
COMMAND = "python -m experiments.pytorch_attention"


class Settings(NamedTuple):
    """Shapes with sizes that all differ, so that no two axes can be taken for each other."""

    seed: int = 0
    query: tuple[int, ...] = (2, 3, 4, 5)
    key: tuple[int, ...] = (2, 3, 6, 5)
    value: tuple[int, ...] = (2, 3, 6, 7)


SETTINGS = Settings()


def draw(settings: Settings = SETTINGS) -> dict[str, np.ndarray]:
    """Query, key and value in float64, with three decimals, which JSON keeps exactly."""
    rng = np.random.default_rng(settings.seed)
    return {name: rng.normal(size=getattr(settings, name)).round(3) for name in ("query", "key", "value")}


def main(record: Record) -> None:
    """Ask again, always: it takes a moment."""
    import torch

    record.found["versions"]["torch"] = torch.__version__.partition("+")[0]
    inputs = draw()
    with record.storing("PyTorch's attention"):
        output = torch.nn.functional.scaled_dot_product_attention(*map(torch.from_numpy, inputs.values()))
        record.found |= {name: array.tolist() for name, array in (inputs | {"output": output.numpy()}).items()}


if __name__ == "__main__":
    main(Record(RESULT, COMMAND, SETTINGS, fresh=True))
