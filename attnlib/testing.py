"""Checks that tests and chapters share. They compare numbers, and print them when they differ."""

import numpy as np


def check_vjp(fun, vjp, args, rng, step=1e-6, rtol=1e-6):
    """The pullback agrees with a central difference, for each argument along a random direction.

    A gradient g says how the loss ⟨grad_output, fun(x)⟩ changes along a direction d: by ⟨g, d⟩.
    The change is also measured, from fun(x + step d) and fun(x − step d).

    Args:
        fun: ``fun(*args)`` returns one array.
        vjp: ``vjp(*args)`` returns ``(output, pullback)``.
        args: the float64 arrays to differentiate by.
        rng: draws the directions.
        step: length of the step to either side.
        rtol: the largest relative error that passes.

    Returns:
        The largest relative error found.

    Raises:
        AssertionError: with both numbers, if they differ; also if ``vjp`` and ``fun`` return different outputs.
    """
    args = [np.asarray(arg, dtype=np.float64) for arg in args]
    output, pullback = vjp(*args)
    np.testing.assert_array_equal(output, fun(*args), err_msg="fun and vjp must return the same output")
    grad_output = rng.normal(size=output.shape)
    grads = pullback(grad_output)
    grads = grads if isinstance(grads, tuple) else (grads,)
    assert len(grads) == len(args), f"one gradient an argument: got {len(grads)} gradients for {len(args)} arguments"
    errors = []
    for i, (arg, grad) in enumerate(zip(args, grads, strict=True)):
        assert grad.shape == arg.shape, (
            f"gradient {i} must have the shape of its argument {arg.shape}: got {grad.shape}"
        )
        direction = rng.normal(size=arg.shape)
        ahead = fun(*args[:i], arg + step * direction, *args[i + 1 :])
        behind = fun(*args[:i], arg - step * direction, *args[i + 1 :])
        measured = float(np.sum(grad_output * (ahead - behind)) / (2 * step))
        claimed = float(np.sum(grad * direction))
        # The measured change is itself only known to some 1e-10, so one of less than 1e-3 counts as 1e-3.
        errors.append(abs(claimed - measured) / max(abs(measured), abs(claimed), 1e-3))
        assert errors[-1] <= rtol, (
            f"gradient by argument {i}: the pullback says {claimed:.12g}, the central difference {measured:.12g}"
        )
    return max(errors)


def assert_weights(attn_weights, mask=None):
    """These are attention weights: none negative, none where masked, rows that sum to one (or zero if fully masked).

    Args:
        attn_weights: (..., seq_q, seq_k)
        mask: boolean, broadcastable to (..., seq_q, seq_k), True = may attend.

    Raises:
        AssertionError: names the property and the row that breaks it.
    """
    attn_weights = np.asarray(attn_weights)
    mask = np.broadcast_to(True if mask is None else mask, attn_weights.shape)
    assert np.isfinite(attn_weights).all(), "weights must be finite: got NaN or inf"
    assert (attn_weights >= 0).all(), f"weights must not be negative: the smallest is {attn_weights.min():.3g}"
    leaked = attn_weights[~mask].max(initial=0)
    assert leaked == 0, f"a masked key must have weight 0: the largest is {leaked:.3g}"
    sums, wanted = attn_weights.sum(axis=-1), mask.any(axis=-1)
    tolerance = 8 * np.finfo(attn_weights.dtype).eps * max(1, attn_weights.shape[-1]) ** 0.5
    wrong = np.argwhere(np.abs(sums - wanted) > tolerance)
    if len(wrong):
        row = tuple(int(i) for i in wrong[0])
        raise AssertionError(f"rows must sum to {int(wanted[row])}: row {row} sums to {sums[row]:.6g}")
