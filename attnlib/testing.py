"""Checks that tests and chapters share. They compare numbers, and print them when they differ."""

import numpy as np

from attnlib.arguments import as_floats, as_generator, as_mask
from attnlib.broadcast import check_broadcasts
from attnlib.leaf_names import leaf_names
from attnlib.params import tree_leaves, tree_map


def check_vjp(fun, vjp, args, rng, step=1e-6, rtol=1e-6):
    """The pullback agrees with a central difference, for each array along a random direction.

    A gradient g says how the loss ⟨grad_output, fun(x)⟩ changes along a direction d: by ⟨g, d⟩.
    The change is also measured, from fun(x + step d) and fun(x − step d).

    Args:
        fun: ``fun(*args)`` returns one array, or one number.
        vjp: ``vjp(*args)`` returns ``(output, pullback)``.
        args: what to differentiate by: float64 arrays, or nested tuples of them such as a model's parameters.
        rng: draws the directions.
        step: length of the step to either side.
        rtol: the largest relative error that passes; a change of less than a thousandth of the outputs counts as that.

    Returns:
        The largest relative error found.

    Raises:
        AssertionError: with both numbers, if they differ; also if ``vjp`` and ``fun`` return different outputs.
    """
    args = tuple(arg if isinstance(arg, tuple) else np.asarray(arg, dtype=np.float64) for arg in args)
    output, pullback = vjp(*args)
    np.testing.assert_array_equal(output, fun(*args), err_msg="fun and vjp must return the same output")
    grad_output = as_generator(rng).normal(size=np.shape(output))
    grads = pullback(grad_output)
    if not isinstance(grads, tuple) or hasattr(grads, "_fields"):  # one gradient, be it a NamedTuple of arrays
        grads = (grads,)
    assert len(grads) == len(args), f"one gradient an argument: got {len(grads)} gradients for {len(args)} arguments"
    # Rounding alone moves the measured change, by some 1e-10 of the outputs it is measured on.
    least = 1e-3 * max(1.0, float(np.linalg.norm(grad_output * output)))
    leaves, errors = tree_leaves(args), []
    names = [name for i, arg in enumerate(args) for name in leaf_names(arg, str(i))]
    for name, i, grad in zip(names, range(len(leaves)), tree_leaves(grads), strict=True):
        assert grad.shape == leaves[i].shape, (
            f"gradient {name} must have the shape of its argument {leaves[i].shape}: got {grad.shape}"
        )
        direction = rng.normal(size=grad.shape)
        ahead, behind = (fun(*with_leaf(args, i, leaves[i] + signed * direction)) for signed in (step, -step))
        measured = float(np.sum(grad_output * (ahead - behind)) / (2 * step))
        claimed = float(np.sum(grad * direction))
        errors.append(abs(claimed - measured) / max(abs(measured), abs(claimed), least))
        assert errors[-1] <= rtol, (
            f"gradient by argument {name}: the pullback says {claimed:.12g}, the central difference {measured:.12g}"
        )
    return max(errors)


def with_leaf(tree, i, leaf):
    """The structure with another array in the place of the i-th."""
    leaves = tree_leaves(tree)
    leaves[i] = leaf
    rest = iter(leaves)
    return tree_map(lambda _: next(rest), tree)


def assert_weights(attn_weights, mask=None):
    """These are attention weights: none negative, none where masked, rows that sum to one (or zero if fully masked).

    Args:
        attn_weights: (..., seq_q, seq_k)
        mask: boolean, broadcastable to (..., seq_q, seq_k), True = may attend.

    Raises:
        AssertionError: names the property and the row that breaks it.
        TypeError, ValueError: if the arrays are no weights and no mask at all, or do not fit.
    """
    [attn_weights] = as_floats(attn_weights=attn_weights)
    assert attn_weights.ndim > 0, f"weights must have shape (..., seq_k): got {attn_weights.shape}"
    mask = as_mask(True if mask is None else mask)
    check_broadcasts(attn_weights, mask=mask)
    mask = np.broadcast_to(mask, attn_weights.shape)
    assert np.isfinite(attn_weights).all(), "weights must be finite: got NaN or inf"
    assert (attn_weights >= 0).all(), f"weights must not be negative: the smallest is {attn_weights.min():.3g}"
    leaked = attn_weights[~mask].max(initial=0)
    assert leaked == 0, f"a masked key must have weight 0: the largest is {leaked:.3g}"
    sums, wanted = attn_weights.sum(axis=-1), mask.any(axis=-1)
    tolerance = 8 * np.finfo(attn_weights.dtype).eps * max(1, attn_weights.shape[-1]) ** 0.5
    wrong = np.argwhere(np.abs(sums - wanted) > tolerance)
    if len(wrong):
        row = tuple(int(i) for i in wrong[0])
        raise AssertionError(f"rows must sum to {int(wanted[row])}: row {row} sums to {sums[row]}")
