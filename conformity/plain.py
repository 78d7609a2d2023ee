"""The textbook's formulas and their gradients, written down without a thought for rounding: what attnlib is held to.

Each takes the arguments of attnlib's function and the gradient that arrives at its output, and returns the output and
the gradients in the order of the arguments. In float64 it is the reference, in float32 the yardstick.
"""

import numpy as np


def softmax(grad_output, x):
    """exp(x − max) / sum, along the last axis."""
    exps = np.exp(x - x.max(axis=-1, keepdims=True))
    weights = exps / exps.sum(axis=-1, keepdims=True)
    return weights, softmax_gradient(grad_output, weights)


def softmax_gradient(grad_output, weights):
    """p · (g − Σ p g)."""
    return weights * (grad_output - (weights * grad_output).sum(axis=-1, keepdims=True))


def log_softmax(grad_output, x):
    """x − max − log Σ exp(x − max)."""
    shifted = x - x.max(axis=-1, keepdims=True)
    output = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    return output, grad_output - np.exp(output) * grad_output.sum(axis=-1, keepdims=True)


def attention(grad_output, query, key, value, mask=None):
    """softmax(query keyᵀ / √d) value."""
    scale = query.shape[-1] ** -0.5
    scores = query @ key.mT * scale
    if mask is not None:
        scores = np.where(mask, scores, -np.inf)
    grad_weights = grad_output @ value.mT
    weights, grad_scores = softmax(grad_weights, scores)
    return weights @ value, grad_scores @ key * scale, grad_scores.mT @ query * scale, weights.mT @ grad_output


fast_attention = attention  # the same formula, not in blocks


def multi_head_attention(grad_output, params, x):
    """Self-attention: concat(head …) W_O."""
    heads, maps = params.num_heads, (params.w_q, params.w_k, params.w_v)

    def split(x):
        return x.reshape(*x.shape[:-1], heads, -1).swapaxes(-3, -2)

    def merge(x):
        return x.swapaxes(-3, -2).reshape(*x.shape[:-3], x.shape[-2], -1)

    query, key, value = (split(x @ weight) for weight in maps)
    output, *grads = attention(split(grad_output @ params.w_o.T), query, key, value)
    merged, grads = merge(output), [merge(grad) for grad in grads]
    grad_maps = [np.einsum("bsi,bso->io", x, grad) for grad in grads]
    grad_x = sum(grad @ weight.T for grad, weight in zip(grads, maps, strict=True))
    return merged @ params.w_o, grad_x, *grad_maps, np.einsum("bsi,bso->io", merged, grad_output)


def layer_norm(grad_output, x, gain, bias, eps=1e-5):
    """(x − mean) / √(variance + eps) · gain + bias."""
    centred = x - x.mean(axis=-1, keepdims=True)
    sigma = np.sqrt((centred * centred).mean(axis=-1, keepdims=True) + eps)
    x_hat, grad = centred / sigma, grad_output * gain
    along = (grad * x_hat).mean(axis=-1, keepdims=True)
    grad_x = (grad - grad.mean(axis=-1, keepdims=True) - x_hat * along) / sigma
    return x_hat * gain + bias, grad_x, over_tokens(grad_output * x_hat), over_tokens(grad_output)


def rms_norm(grad_output, x, gain, eps=1e-5):
    """x / √(mean of x² + eps) · gain."""
    sigma = np.sqrt((x * x).mean(axis=-1, keepdims=True) + eps)
    x_hat, grad = x / sigma, grad_output * gain
    grad_x = (grad - x_hat * (grad * x_hat).mean(axis=-1, keepdims=True)) / sigma
    return x_hat * gain, grad_x, over_tokens(grad_output * x_hat)


def over_tokens(grad):
    """The sum over all axes but the last."""
    return grad.sum(axis=tuple(range(grad.ndim - 1)))
