from typing import NamedTuple

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from attnlib import tree_map
from attnlib.stored_params import load_arrays, save_arrays


class Map(NamedTuple):
    weight: np.ndarray
    heads: int
    bias: np.ndarray | None = None


def tree(rng):
    """More than ten arrays, so that an order by name would not be theirs."""
    maps = tuple(Map(rng.normal(size=(2, 3)).astype(np.float32), 4) for _ in range(12))
    return (maps, np.array(7.5), (), rng.normal(size=(0, 5)))


def test_what_was_saved_is_loaded_bit_by_bit_in_the_same_build(rng, tmp_path):
    saved = tree(rng)
    save_arrays(tmp_path / "a.npz", saved)
    loaded = load_arrays(tmp_path / "a.npz", tree_map(np.zeros_like, saved))
    assert isinstance(loaded[0][3], Map)
    assert loaded[0][3][1:] == (4, None)
    tree_map(lambda a, b: assert_array_equal(a, b, strict=True), loaded, saved)


def test_names_may_be_strings_too(rng, tmp_path):
    save_arrays(str(tmp_path / "a.npz"), tree(rng))
    load_arrays(str(tmp_path / "a.npz"), tree(rng))


def test_an_old_file_is_replaced_and_nothing_else_is_left(rng, tmp_path):
    save_arrays(tmp_path / "a.npz", tree(rng))
    newer = tree(rng)
    save_arrays(tmp_path / "a.npz", newer)
    assert_array_equal(load_arrays(tmp_path / "a.npz", newer)[1], newer[1])
    assert [path.name for path in tmp_path.iterdir()] == ["a.npz"]


def test_an_interrupt_while_writing_leaves_the_old_file_whole(rng, tmp_path, monkeypatch):
    old = tree(rng)
    save_arrays(tmp_path / "a.npz", old)

    def interrupted(file, *arrays):
        file.write(b"half of it")
        raise KeyboardInterrupt

    monkeypatch.setattr(np, "savez", interrupted)
    with pytest.raises(KeyboardInterrupt):
        save_arrays(tmp_path / "a.npz", tree(rng))
    tree_map(assert_array_equal, load_arrays(tmp_path / "a.npz", old), old)


@pytest.mark.parametrize(
    ("saved", "words"),
    [
        ((np.zeros(3),), r"a\.npz must hold 2 arrays: got 1"),
        ((np.zeros(3), np.zeros(4), np.zeros(5)), r"a\.npz must hold 2 arrays: got 3"),
        ((np.zeros(3), np.zeros((4, 1))), r"\[1\] in a\.npz must be float64 \(4,\): got float64 \(4, 1\)"),
        ((np.zeros(3, np.float32), np.zeros(4)), r"\[0\] in a\.npz must be float64 \(3,\): got float32 \(3,\)"),
    ],
)
def test_arrays_of_another_model_are_restated(tmp_path, saved, words):
    save_arrays(tmp_path / "a.npz", saved)
    with pytest.raises(ValueError, match=words):
        load_arrays(tmp_path / "a.npz", (np.zeros(3), np.zeros(4)))


def test_the_array_that_differs_is_called_by_its_name(rng, tmp_path):
    save_arrays(tmp_path / "a.npz", tree(rng))
    other = tree(rng)
    other[0][7].weight.shape = (3, 2)
    with pytest.raises(
        ValueError, match=r"\[0\]\[7\]\.weight in a\.npz must be float32 \(3, 2\): got float32 \(2, 3\)"
    ):
        load_arrays(tmp_path / "a.npz", other)


@pytest.mark.parametrize("kind", ["empty", "cut", "a text", "one array", "a damaged array"])
def test_a_file_that_holds_no_arrays_is_named(rng, tmp_path, kind):
    path = tmp_path / "a.npz"
    save_arrays(path, tree(rng))
    whole = path.read_bytes()
    at = whole.index(b"NUMPY") + 100
    damaged = whole[:at] + bytes([whole[at] ^ 255]) + whole[at + 1 :]
    path.write_bytes({"cut": whole[:-30], "a text": b"weights", "a damaged array": damaged}.get(kind, b""))
    if kind == "one array":
        with path.open("wb") as file:
            np.save(file, np.zeros(3))
    with pytest.raises(ValueError, match=r"a\.npz is (no \.npz file, or was cut short|damaged: )"):
        load_arrays(path, tree(rng))


def test_nothing_is_unpickled(tmp_path):
    np.savez(tmp_path / "a.npz", np.array([{"an": "object"}], dtype=object))
    with pytest.raises(ValueError, match="Object arrays cannot be loaded"):
        load_arrays(tmp_path / "a.npz", (np.zeros(1),))
