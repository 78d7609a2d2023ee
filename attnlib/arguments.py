"""What a call may be given: every check restates the call, with names and shapes."""

import math
import operator

import numpy as np


def describe(**arrays):
    """Names and shapes as an error message shows them: ``query (3, 4), key (3, 5)``."""
    return ", ".join(f"{name} {np.shape(array)}" for name, array in arrays.items())


def as_floats(**arrays):
    """The arguments as a list of arrays of one dtype, float32 or float64, in the order given.

    Nothing is converted silently: integers lose their fractions, float16 overflows above 65504,
    and one float64 array among float32 ones makes every later step slower. The caller decides.

    Raises:
        TypeError: if an array is not float32 or float64, or if the dtypes differ.
    """
    found = {name: np.asarray(array) for name, array in arrays.items()}
    for name, array in found.items():
        if array.dtype not in (np.float32, np.float64):
            raise TypeError(
                f"{name} must be float32 or float64: got {array.dtype} {array.shape}; "
                f"convert it, for example with np.asarray({name}, dtype=np.float64)"
            )
    if len({array.dtype for array in found.values()}) > 1:
        got = ", ".join(f"{name} {array.dtype} {array.shape}" for name, array in found.items())
        raise TypeError(f"{_listed(found)} must share one dtype: got {got}; convert one with .astype")
    return list(found.values())


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
    found = np.asarray(number)
    if found.dtype.kind not in "iuf":
        raise TypeError(f"{name} must {wanted}: got {number!r}")
    if found.ndim or not fits(found):
        raise ValueError(f"{name} must {wanted}: got {number}")
    return float(found)


def as_gradient(grad_output, output):
    """``grad_output`` in the dtype of ``output``, whose shape it must have.

    Raises:
        ValueError: if the shapes differ.
    """
    grad_output = np.asarray(grad_output, dtype=output.dtype)
    if grad_output.shape != output.shape:
        raise ValueError(
            f"grad_output must have the shape of the output: got {describe(grad_output=grad_output, output=output)}"
        )
    return grad_output


def as_mask(mask):
    """``mask`` as a boolean array. True means *may attend*.

    Raises:
        TypeError: if it is not boolean. Zeros and ones, or a float mask of 0 and −inf, could mean either polarity.
    """
    mask = np.asarray(mask)
    if mask.dtype != np.bool_:
        raise TypeError(
            f"mask must be boolean, True = may attend: got {mask.dtype} {mask.shape}; "
            "compare to make one (mask == 1), or pass an additive term as bias"
        )
    return mask


def as_scale(scale, d_k):
    """The number that multiplies the scores: ``scale`` itself, or 1/√d_k if it is None.

    Raises:
        ValueError: if it is not one finite number.
    """
    if scale is None:
        return d_k**-0.5  # a Python float: np.sqrt(d_k) would turn float32 scores into float64
    if np.ndim(scale) != 0 or not math.isfinite(scale):
        raise ValueError(f"scale must be one finite number or None (1/√d_k): got {scale}")
    return float(scale)


def as_size(name, size):
    """``size`` as an int that counts something.

    Raises:
        TypeError: if it is not an integer.
        ValueError: if it is negative.
    """
    try:
        count = operator.index(size)
    except TypeError:
        raise TypeError(f"{name} must be an integer: got {size!r}") from None
    if count < 0:
        raise ValueError(f"{name} must be 0 or more: got {count}")
    return count


def as_float_type(dtype):
    """``dtype`` as a NumPy dtype, float32 or float64: the type of what a function makes from nothing.

    Raises:
        TypeError: if it is another one.
    """
    if np.dtype(dtype) not in (np.float32, np.float64):
        raise TypeError(f"dtype must be float32 or float64: got {np.dtype(dtype)}")
    return np.dtype(dtype)


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


def check_sequences(**arrays):
    """Each array is (..., seq, width) with a width of at least one.

    Raises:
        ValueError: if an array has fewer than two axes, or vectors of length zero.
    """
    for name, array in arrays.items():
        if array.ndim < 2:
            raise ValueError(f"{name} must have shape (..., seq, width), two axes or more: got {name} {array.shape}")
        if array.shape[-1] == 0:
            raise ValueError(f"{name} must hold vectors of length 1 or more: got {name} {array.shape}")


def check_leading_axes(**arrays):
    """The axes before the last two broadcast against each other.

    Raises:
        ValueError: if they do not.
    """
    try:
        np.broadcast_shapes(*(array.shape[:-2] for array in arrays.values()))
    except ValueError:
        raise ValueError(f"the leading axes of {_listed(arrays)} must broadcast: got {describe(**arrays)}") from None


def check_matching_d_k(query, key):
    """Queries and keys can be multiplied: (..., seq_q, d_k) and (..., seq_k, d_k).

    Raises:
        ValueError: if the rank, d_k or the leading axes do not fit.
    """
    check_sequences(query=query, key=key)
    if query.shape[-1] != key.shape[-1]:
        raise ValueError(f"query and key must share d_k: got {describe(query=query, key=key)}")
    check_leading_axes(query=query, key=key)


def check_one_value_a_key(query, key, value):
    """There are as many values as keys: (..., seq_k, d_k) and (..., seq_k, d_v).

    Raises:
        ValueError: if the rank, seq_k or the leading axes do not fit.
    """
    check_sequences(query=query, key=key, value=value)
    if key.shape[-2] != value.shape[-2]:
        raise ValueError(f"key and value must share seq_k, one value a key: got {describe(key=key, value=value)}")
    check_leading_axes(query=query, key=key, value=value)


def _listed(names):
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last
