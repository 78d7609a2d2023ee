"""The reader of Marian's format, on files that are written here number by number."""

import struct

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from attnlib.translator.marian_file import read_marian

FLOATS, BYTES, MATRIX_IN_8_BITS = 0x404, 0x101, 0x4101
MATRIX = np.array([[127, -3, 0, 50], [1, 2, -127, 4], [5, 6, 7, -8]], np.int8)  # (3, 4), as the model uses it
MULTIPLIER = 40.0


def in_8_bits(matrix, by_rows=False):
    """Shape, code and data of a matrix, with the 256 bytes behind it in which its multiplier stands first."""
    laid_down = matrix if by_rows else matrix.T
    return matrix.shape, MATRIX_IN_8_BITS, laid_down.tobytes() + struct.pack("<f", MULTIPLIER) + bytes(252)


def floats(array):
    return array.shape, FLOATS, array.astype("<f4").tobytes()


def settings(words):
    return (len(words) + 1,), BYTES, words.encode() + b"\0"


def written(items, version=1, gap=24):
    """A model file with these items: name → (shape, code, data)."""
    names = [name.encode() + b"\0" for name in items]
    head = struct.pack("<2Q", version, len(items))
    for name, (shape, code, content) in zip(names, items.values(), strict=True):
        head += struct.pack("<4Q", len(name), code, len(shape), len(content))
    head += b"".join(names)
    head += b"".join(struct.pack(f"<{len(shape)}i", *shape) for shape, *_ in items.values())
    return head + struct.pack("<Q", gap) + bytes(gap) + b"".join(content for *_, content in items.values())


ITEMS = {
    "Wemb": in_8_bits(MATRIX, by_rows=True),
    "encoder_l1_self_Wq": in_8_bits(MATRIX),
    "encoder_l1_self_bq": floats(np.array([[1.5, -2.25]])),
    "special:model.yml": settings("type: transformer\n"),
}


def test_arrays_come_back_by_name_in_float32():
    arrays, _ = read_marian(written(ITEMS))
    assert arrays.keys() == {"Wemb", "encoder_l1_self_Wq", "encoder_l1_self_bq"}
    assert {array.dtype for array in arrays.values()} == {np.dtype(np.float32)}
    assert all(array.flags.c_contiguous and array.flags.writeable for array in arrays.values())
    assert_array_equal(arrays["encoder_l1_self_bq"], [[1.5, -2.25]])


def test_a_matrix_in_eight_bits_is_divided_by_its_multiplier():
    arrays, _ = read_marian(written(ITEMS))
    assert_allclose(arrays["encoder_l1_self_Wq"], MATRIX / MULTIPLIER, rtol=1e-6)
    assert np.abs(arrays["encoder_l1_self_Wq"]).max() == np.float32(127 / MULTIPLIER)


def test_a_map_lies_column_by_column_and_the_table_of_tokens_row_by_row():
    arrays, _ = read_marian(written(ITEMS))
    assert_array_equal(arrays["Wemb"], arrays["encoder_l1_self_Wq"])


def test_the_settings_are_text_without_the_zero_behind_it():
    assert read_marian(written(ITEMS))[1] == "type: transformer\n"


def test_names_and_settings_are_kept_to_the_last_letter():
    arrays, words = read_marian(
        written({"decoder_X": floats(np.ones((1, 2))), "special:model.yml": settings("type: X")})
    )
    assert (list(arrays), words) == (["decoder_X"], "type: X")


def test_a_file_without_settings_has_none():
    assert read_marian(written({"Wemb": ITEMS["Wemb"]}))[1] == ""


def test_what_fills_the_block_behind_floats_is_left_out():
    shape, code, content = floats(np.array([[1.5, -2.25]]))
    arrays, _ = read_marian(written({"bias": (shape, code, content + bytes(248))}))
    assert_array_equal(arrays["bias"], [[1.5, -2.25]])


@pytest.mark.parametrize("gap", [0, 8, 200])
def test_the_gap_before_the_data_is_left_out(gap):
    arrays, _ = read_marian(written(ITEMS, gap=gap))
    assert_array_equal(arrays["encoder_l1_self_bq"], [[1.5, -2.25]])


def test_another_version_is_refused():
    with pytest.raises(ValueError, match="must have version 1: got 2"):
        read_marian(written(ITEMS, version=2))


def test_another_type_is_named():
    with pytest.raises(ValueError, match="w must hold floats or a matrix in eight bits: got the type 0x408"):
        read_marian(written({"w": ((1, 2), 0x408, bytes(16))}))


@pytest.mark.parametrize("length", [0, 15, 40, 130, -1])
def test_a_file_that_was_cut_short_is_refused(length):
    with pytest.raises(ValueError, match=r"cut short: \d+ bytes must follow byte \d+, got \d+"):
        read_marian(written(ITEMS)[:length])


def test_what_is_no_model_file_is_refused():
    with pytest.raises(ValueError, match="must have version 1: got"):
        read_marian(b"PK\x03\x04" + bytes(100))
