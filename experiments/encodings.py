"""Vectors that are added to those of the tokens to tell their order: the good ones, and the ones to compare them with.

Each takes the number of positions and two random ``directions``, (2, d_model), and returns (seq, d_model).
"""

import numpy as np

from attnlib import sinusoidal_positions


def index(seq: int, directions: np.ndarray) -> np.ndarray:
    """The position itself, 0, 1, 2, …, laid along one fixed direction of the vectors."""
    return np.arange(seq)[:, None] * directions[0]


def share(seq: int, directions: np.ndarray) -> np.ndarray:
    """The position as a share of the sequence, from 0 to 1, along the same direction."""
    return np.linspace(0, 1, seq)[:, None] * directions[0]


def share_and_square(seq: int, directions: np.ndarray) -> np.ndarray:
    """The share, and its square along a second direction: also from 0 to 1."""
    return share(seq, directions) + np.linspace(0, 1, seq)[:, None] ** 2 * directions[1]


def share_and_square_times_eleven(seq: int, directions: np.ndarray) -> np.ndarray:
    """Both eleven times as large: in a text of twelve positions, the first is the index itself."""
    return 11 * share_and_square(seq, directions)


def centred(seq: int, directions: np.ndarray) -> np.ndarray:
    """The position with mean 0 and variance 1 over the sequence, along the same direction: as large as a token."""
    position = np.arange(seq)
    return (position[:, None] - position.mean()) / position.std() * directions[0]


def sinusoidal(seq: int, directions: np.ndarray) -> np.ndarray:
    """Sines and cosines as in the paper."""
    return sinusoidal_positions(seq, directions.shape[-1])


def sinusoidal_times_ten(seq: int, directions: np.ndarray) -> np.ndarray:
    """The same ten times as large, from −10 to 10."""
    return 10 * sinusoidal(seq, directions)


def index_and_square(seq: int, directions: np.ndarray) -> np.ndarray:
    """The position and its square, along the same two directions, as they are."""
    return index(seq, directions) + np.arange(seq)[:, None] ** 2 * directions[1]


def sinusoidal_tenth(seq: int, directions: np.ndarray) -> np.ndarray:
    """A tenth of the sines and cosines, from −0.1 to 0.1: bounded more tightly."""
    return sinusoidal(seq, directions) / 10


def signs(seq: int, directions: np.ndarray) -> np.ndarray:
    """Random signs, −1 or 1: bounded, (almost surely) one of its own for every position, and no waves."""
    rng = np.random.default_rng(0)
    return rng.choice([-1.0, 1.0], size=(seq, directions.shape[-1]))


ADDED = {  # arm -> what is added to the tokens' vectors
    "index": index,
    "index in [0, 1]": share,
    "index in [0, 1] and its square": share_and_square,
    "index in [0, 1] and its square, × 11": share_and_square_times_eleven,
    "index, centred": centred,
    "sinusoidal": sinusoidal,
    "sinusoidal × 10": sinusoidal_times_ten,
    "index and its square": index_and_square,
    "sinusoidal ÷ 10": sinusoidal_tenth,
    "random signs": signs,
}
