"""A file of weights that another program wrote, or that is broken inside, gets one line that names it."""

import zipfile

import numpy as np
import pytest

from attnlib.stored_params import load_arrays, save_arrays

LIKE = (np.ones(3, np.float32), np.ones((2, 2), np.float32))


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_numbers_that_are_not_finite_are_no_parameters(tmp_path, bad):
    path = tmp_path / "w.npz"
    save_arrays(path, (LIKE[0], np.array([[1, bad], [1, 1]], np.float32)))
    with pytest.raises(ValueError, match=r"\[1\] in w\.npz must be finite: got NaN or inf"):
        load_arrays(path, LIKE)


@pytest.mark.parametrize(
    "member",
    [
        b"\x93NUMPY\x01\x00\x10\x00{'descr': nonsen\n",
        b"\x93NUMPY\x01\x00\x02\x00{\n",
        b"\x93NUMPY\x09\x00\x02\x00{\n",
        b"\x93NUMPY",
    ],
    ids=["header", "short header", "version", "nothing behind"],
)
def test_a_broken_array_in_a_whole_archive_is_damage(tmp_path, member):
    path = tmp_path / "w.npz"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("arr_0.npy", member)
    with pytest.raises(ValueError, match=r"w\.npz is damaged: "):
        load_arrays(path, LIKE)


def test_python_objects_are_not_loaded(tmp_path):
    path = tmp_path / "w.npz"
    np.savez(path, *[np.array([None, {}], object)] * 2)
    with pytest.raises(ValueError, match=r"w\.npz is damaged: Object arrays cannot be loaded"):
        load_arrays(path, LIKE)


def test_files_that_are_no_arrays_are_counted_but_never_taken_for_some(tmp_path):
    path = tmp_path / "w.npz"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("one.txt", "1")
        file.writestr("two.txt", "2")
    with pytest.raises(ValueError, match=r"\[0\] in w\.npz must be float32 \(3,\): got \|S1 \(\)"):
        load_arrays(path, LIKE)
