"""What a call may be given: every check restates the call, with names and shapes."""

import operator
import reprlib
import sys
from collections.abc import Iterable

import numpy as np


def describe(**arrays):
    """Names and shapes as an error message shows them: ``query (3, 4), key (3, 5)``."""
    return ", ".join(f"{name} {np.shape(array)}" for name, array in arrays.items())


def as_array(name, array):
    """``array`` as a plain array of NumPy.

    Raises:
        TypeError: if it is a masked array, whose mask would be lost.
        ValueError: if it is made of lists of different lengths.
    """
    if isinstance(array, np.ma.MaskedArray):
        raise TypeError(f"{name} must be a plain array: got a masked one {array.shape}; fill it with .filled first")
    try:
        return np.asarray(array)
    except ValueError:
        raise ValueError(
            f"{name} must be an array: got a {type(array).__name__} of parts that differ in length"
        ) from None


FLOATS = np.dtype(np.float32), np.dtype(np.float64)


def as_floats(**arrays):
    """The arguments as a list of arrays of one dtype, float32 or float64, in the order given.

    Nothing is converted silently: integers lose their fractions, float16 overflows above 65504,
    and one float64 array among float32 ones makes every later step slower. The caller decides.

    Raises:
        TypeError: if an array is not float32 or float64, or if the dtypes differ.
    """
    given = list(arrays.values())
    if all_plain(given):
        return given
    found = {name: as_array(name, array) for name, array in arrays.items()}
    for name, array in found.items():
        if array.dtype not in FLOATS:
            raise TypeError(
                f"{name} must be float32 or float64: got {array.dtype} {array.shape}; "
                f"convert it, for example with np.asarray({name}, dtype=np.float64)"
            )
    if len({array.dtype for array in found.values()}) > 1:
        got = ", ".join(f"{name} {array.dtype} {array.shape}" for name, array in found.items())
        raise TypeError(f"{listed(found)} must share one dtype: got {got}; convert one with .astype")
    return list(found.values())


def all_plain(arrays):
    """Whether these are NumPy's own arrays of one dtype, float32 or float64: the usual case, and quickly seen."""
    dtype = getattr(arrays[0], "dtype", None)
    for array in arrays:
        if type(array) is not np.ndarray or array.dtype is not dtype:
            return False
    return dtype in FLOATS


def as_number(name, number, wanted, fits):
    """``number`` as a Python float: a NumPy number would turn float32 arrays into float64.

    Args:
        name: what the error calls it.
        number: what came.
        wanted: what it must do, in words: "be above 0".
        fits: whether a number is that. No comparison with NaN is true, so ``fits`` refuses NaN by itself.

    Raises:
        TypeError: if it is no real number.
        ValueError: if it is more than one, or does not fit.
    """
    found = as_array(name, number)
    if found.dtype.kind not in "iuf":
        raise TypeError(f"{name} must {wanted}: got {number!r}")
    if found.ndim or not fits(found):
        raise ValueError(f"{name} must {wanted}: got {number}")
    return float(found)


def as_gradient(grad_output, output):
    """``grad_output`` in the dtype of ``output``, whose shape it must have.

    Raises:
        TypeError: if it does not hold real numbers.
        ValueError: if the shapes differ.
    """
    grad_output = as_array("grad_output", grad_output)
    if grad_output.dtype.kind not in "iuf":
        raise TypeError(f"grad_output must hold real numbers: got {grad_output.dtype} {grad_output.shape}")
    if grad_output.shape != output.shape:
        raise ValueError(
            f"grad_output must have the shape of the output: got {describe(grad_output=grad_output, output=output)}"
        )
    return grad_output.astype(output.dtype, copy=False)


def as_mask(mask):
    """``mask`` as a boolean array. True means *may attend*.

    Raises:
        TypeError: if it is not boolean. Zeros and ones, or a float mask of 0 and −inf, could mean either polarity.
    """
    mask = as_array("mask", mask)
    if mask.dtype != np.bool_:
        raise TypeError(
            f"mask must be boolean, True = may attend: got {mask.dtype} {mask.shape}; "
            "compare to make one (mask == 1), or pass an additive term as bias"
        )
    return mask


def as_scale(scale, d_k):
    """The number that multiplies the scores: ``scale`` itself, or 1/√d_k if it is None.

    Raises:
        TypeError, ValueError: if it is not one finite number.
    """
    if scale is None:
        return d_k**-0.5  # np.sqrt would turn float32 scores into float64
    return as_number("scale", scale, "be one finite number or None (1/√d_k)", np.isfinite)


def as_integer(name, number):
    """``number`` as an int.

    Raises:
        TypeError: if it is not an integer. True is none, although Python counts it as 1.
    """
    try:
        if not isinstance(number, bool | np.bool):
            return operator.index(number)
    except TypeError:
        pass
    raise TypeError(f"{name} must be an integer: got {number!r}")


def as_size(name, size):
    """``size`` as an int that counts something.

    Raises:
        TypeError: if it is not an integer.
        ValueError: if it is negative, or too large for any index.
    """
    count = as_integer(name, size)
    if not 0 <= count <= sys.maxsize:
        raise ValueError(f"{name} must be 0 or more{' and fit 64 bits' if count > 0 else ''}: got {count}")
    return count


def as_tokens(tokens, vocab, name="tokens"):
    """``tokens`` as an array of integers below ``vocab``.

    Raises:
        TypeError: if they are not integers.
        ValueError: if one is negative or too large.
    """
    tokens = as_array(name, tokens)
    if not np.issubdtype(tokens.dtype, np.integer):
        raise TypeError(f"{name} must be integers: got {tokens.dtype} {tokens.shape}")
    if tokens.size and not 0 <= tokens.min() <= tokens.max() < vocab:
        raise ValueError(
            f"{name} must lie between 0 and {vocab - 1}: got {tokens.min()} to {tokens.max()} "
            f"in {describe(**{name: tokens})}"
        )
    return tokens


def as_generator(rng):
    """``rng``, from which random numbers are drawn.

    Raises:
        TypeError: if it is no ``numpy.random.Generator``. A seed alone would give the same numbers at every call.
    """
    if not isinstance(rng, np.random.Generator):
        raise TypeError(f"rng must be a numpy.random.Generator, such as np.random.default_rng(0): got {rng!r}")
    return rng


def as_axis(axis, **array):
    """``axis`` as an int that counts from 0 or from the end.

    Raises:
        TypeError: if it is not an integer.
        ValueError: if the array has no such axis.
    """
    axis, [ndim] = as_integer("axis", axis), [np.ndim(x) for x in array.values()]
    if not -ndim <= axis < ndim:
        raise ValueError(f"axis must be one of the axes of the array: got axis={axis}, {describe(**array)}")
    return axis


def as_float_type(dtype):
    """``dtype`` as a NumPy dtype, float32 or float64: the type of what a function makes from nothing.

    Raises:
        TypeError: if it is another one.
    """
    try:
        found = dtype if dtype is None else np.dtype(dtype)  # np.dtype(None) would be float64
    except TypeError:
        found = repr(dtype)
    if found not in (np.float32, np.float64):
        raise TypeError(f"dtype must be float32 or float64: got {found}")
    return found


def as_count(name, size):
    """``size`` as an int of 1 or more.

    Raises:
        TypeError: if it is not an integer.
        ValueError: if it is below 1.
    """
    count = as_size(name, size)
    if count == 0:
        raise ValueError(f"{name} must be 1 or more: got {count}")
    return count


def listed(names):
    """Names as a sentence lists them: ``query, key and value``."""
    *first, last = names
    return f"{', '.join(first)} and {last}"


def as_list(name, items):
    """The items as a list.

    Raises:
        TypeError: if they are no list or the like. A string would fall apart into its characters.
    """
    if isinstance(items, str | bytes) or not isinstance(items, Iterable):
        raise TypeError(f"{name} must be a list: got {reprlib.repr(items)}; a single one needs brackets, [...]")
    return list(items)
