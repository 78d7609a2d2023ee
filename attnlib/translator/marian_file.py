"""Arrays from a file in Marian's binary format: floats, text, and matrices in eight bits with one multiplier each."""

import struct

import numpy as np

VERSION = 1
FLOATS, MATRIX_IN_8_BITS = 0x404, 0x4101  # Marian's codes for the types: 4 and 1 are the bytes that a number takes
# Marian lays a matrix in eight bits down column by column, as its product reads it. The table of the tokens is used
# the other way round in that product, so its rows are whole.
BY_ROWS = {"Wemb"}


def read_marian(data):
    """All arrays of a model file by their names, and its settings as text.

    The file starts with its version and the number of arrays, then four numbers for each (length of the name, code
    of the type, number of axes, length of the data), then all names, all shapes, a gap, all data. Numbers in the head
    are unsigned 64-bit integers, shapes signed 32-bit ones, all little-endian.

    Args:
        data: the file's bytes.

    Returns:
        ``(arrays, settings)``: a dict of float32 arrays, and the text of ``special:model.yml``. A matrix in eight bits
        is divided by its multiplier, the largest size that a number in it can have being 127 / multiplier.

    Raises:
        ValueError: if it is no such file, was cut short, or holds numbers of another type.

    Source: Marian's own ``src/common/binary.cpp``.
    """
    head = Reader(data)
    version, number = head.take("<2Q")
    if version != VERSION:
        raise ValueError(f"a model file of Marian must have version {VERSION}: got {version}")
    entries = [head.take("<4Q") for _ in range(number)]
    names = [head.bytes(length).rstrip(b"\0").decode() for length, *_ in entries]
    shapes = [head.take(f"<{axes}i") for _, _, axes, _ in entries]
    [gap] = head.take("<Q")
    head.bytes(gap)  # so that the data begin at a multiple of 256 bytes
    arrays, settings = {}, ""
    for name, shape, (_, code, _, length) in zip(names, shapes, entries, strict=True):
        content = head.bytes(length)
        if name.startswith("special:"):
            settings = content.rstrip(b"\0").decode()
        else:
            arrays[name] = as_float32(name, code, shape, content)
    return arrays, settings


def as_float32(name, code, shape, content):
    """The numbers of one array, behind which a file may have a rest that fills the last 256 bytes.

    Raises:
        ValueError: if their type is unknown.
    """
    count = int(np.prod(shape))
    if code == FLOATS:
        return np.frombuffer(content, "<f4", count).astype(np.float32).reshape(shape)
    if code != MATRIX_IN_8_BITS:
        raise ValueError(f"{name} must hold floats or a matrix in eight bits: got the type {code:#x}")
    numbers = np.frombuffer(content, np.int8, count)
    [multiplier] = np.frombuffer(content, "<f4", 1, offset=count)
    matrix = numbers.reshape(shape) if name in BY_ROWS else numbers.reshape(shape[::-1]).T
    return np.ascontiguousarray(matrix, np.float32) / multiplier


class Reader:
    """Bytes from the front, one piece after the other."""

    def __init__(self, data):
        self.data, self.place = memoryview(data), 0

    def bytes(self, length):
        """The next bytes.

        Raises:
            ValueError: if there are not that many.
        """
        piece = bytes(self.data[self.place : self.place + length])
        if len(piece) < length:
            raise ValueError(f"the file was cut short: {length} bytes must follow byte {self.place}, got {len(piece)}")
        self.place += length
        return piece

    def take(self, form):
        """The next numbers, as ``struct`` names their form."""
        return struct.unpack(form, self.bytes(struct.calcsize(form)))
