"""PyTorch's functions on attnlib: arrays laid out otherwise, masks of the other polarity, arguments of other names.

Nothing is computed here. Each function takes PyTorch's arguments as arrays and returns the output and a pullback: the
gradient that arrives → those of the arguments that are arrays, in their order.
"""

import numpy as np

from attnlib import (
    Statistics,
    attention_vjp,
    batch_norm_vjp,
    causal_mask,
    cross_entropy_vjp,
    embedding_vjp,
    gelu_vjp,
    layer_norm_vjp,
    linear_vjp,
    log_softmax_vjp,
    relu_vjp,
    rms_norm_vjp,
    softmax_vjp,
)
from conformity.report import OutOfReachError


def scaled_dot_product_attention(query, key, value, attn_mask=None, dropout_p=0.0, is_causal=False, scale=None):
    """A boolean ``attn_mask`` is a mask, a float one a bias."""
    if dropout_p:
        raise OutOfReachError("dropout: what it drops is random")
    boolean = attn_mask is not None and attn_mask.dtype == np.bool_
    mask = causal_mask(query.shape[-2], key.shape[-2]) if is_causal else attn_mask if boolean else None
    bias = None if boolean else attn_mask
    return attention_vjp(query, key, value, mask, bias, scale)


def softmax(x, dim, dtype=None):
    """``dim`` is the axis."""
    return one(softmax_vjp(as_type(x, dtype), dim), x.dtype)


def log_softmax(x, dim, dtype=None):
    """``dim`` is the axis."""
    return one(log_softmax_vjp(as_type(x, dtype), dim), x.dtype)


def layer_norm(x, normalized_shape, weight=None, bias=None, eps=1e-5):
    """The last axes, all that ``normalized_shape`` names, count as one. Gain and bias left out are ones and zeros."""
    rows, given = x.reshape(-1, np.prod(normalized_shape)), (weight, bias)
    gain = np.ones(rows.shape[1], x.dtype) if weight is None else weight.ravel()
    shift = np.zeros(rows.shape[1], x.dtype) if bias is None else bias.ravel()
    return reshaped(layer_norm_vjp(rows, gain, shift, eps), x, *given)


def rms_norm(x, normalized_shape, weight=None, eps=None):
    """As ``layer_norm``. Without an ``eps`` PyTorch takes the dtype's own."""
    rows = x.reshape(-1, np.prod(normalized_shape))
    gain = np.ones(rows.shape[1], x.dtype) if weight is None else weight.ravel()
    return reshaped(rms_norm_vjp(rows, gain, np.finfo(x.dtype).eps if eps is None else eps), x, weight)


def batch_norm(x, running_mean, running_var, weight=None, bias=None, training=False, momentum=0.1, eps=1e-5):
    """Features stand on axis 1; all other axes are tokens. The statistics are constants."""
    if x.ndim < 2:
        raise OutOfReachError("an array of one axis")
    last = np.moveaxis(x, 1, -1)
    gain = np.ones(x.shape[1], x.dtype) if weight is None else weight
    shift = np.zeros(x.shape[1], x.dtype) if bias is None else bias
    running = None if training else Statistics(running_mean, running_var)
    output, pullback = batch_norm_vjp(last.reshape(1, -1, x.shape[1]), gain, shift, running, eps=eps)

    def back(grad_output):
        grad_x, *grads = pullback(np.moveaxis(grad_output, 1, -1).reshape(output.shape))
        return np.moveaxis(grad_x.reshape(last.shape), -1, 1), None, None, *grads

    return np.moveaxis(output.reshape(last.shape), -1, 1), back


def linear(x, weight, bias=None):
    """PyTorch keeps the map transposed."""
    output, pullback = linear_vjp(x, weight.T, bias)

    def back(grad_output):
        grad_x, grad_weight, *grad_bias = pullback(grad_output)
        return grad_x, grad_weight.T, *grad_bias

    return output, back


def embedding(table, tokens):
    """In the sample the table comes first."""
    output, pullback = embedding_vjp(table, tokens)
    return output, lambda grad_output: (pullback(grad_output), None)


def relu(x):
    """The same."""
    return one(relu_vjp(x), x.dtype)


def gelu(x, approximate="none"):
    """attnlib has the form with tanh."""
    if approximate == "none":
        raise OutOfReachError("GELU with the error function, which NumPy lacks: attnlib has the tanh form")
    return one(gelu_vjp(x), x.dtype)


def cross_entropy(logits, targets, weight=None, ignore_index=-100, reduction="mean", label_smoothing=0.0):
    """Classes stand on axis 1."""
    if targets.dtype.kind == "f":
        raise OutOfReachError("targets that are probabilities")
    if weight is not None:
        raise OutOfReachError("a weight for each class")
    if reduction != "mean":
        raise OutOfReachError("a sum or a list of losses: attnlib's is the mean")
    loss, pullback = cross_entropy_vjp(np.moveaxis(logits, 1, -1), targets, label_smoothing, ignore_index)
    return loss, lambda grad_loss: (np.moveaxis(pullback(float(grad_loss)), -1, 1), None)


def one(result, dtype):
    """Output and pullback of a function of one array, whose gradient has this dtype."""
    output, pullback = result
    return output, lambda grad_output: (pullback(grad_output).astype(dtype),)


def as_type(x, dtype):
    """``x`` in this dtype, or as it is."""
    return x if dtype is None else x.astype(dtype)


def reshaped(result, x, *vectors):
    """Output and gradients of a norm in the shapes of its arguments; nothing for a vector that was left out."""
    output, pullback = result

    def back(grad_output):
        grad_x, *grads = pullback(grad_output.reshape(output.shape))
        gradients = zip(grads, vectors, strict=True)
        return grad_x.reshape(x.shape), None, *(v if v is None else grad.reshape(v.shape) for grad, v in gradients)

    return output.reshape(x.shape), back


OPERATIONS = {
    "nn.functional.scaled_dot_product_attention": scaled_dot_product_attention,
    "softmax": softmax,
    "log_softmax": log_softmax,
    "nn.functional.layer_norm": layer_norm,
    "nn.functional.rms_norm": rms_norm,
    "nn.functional.batch_norm": batch_norm,
    "nn.functional.linear": linear,
    "nn.functional.embedding": embedding,
    "nn.functional.relu": relu,
    "nn.functional.gelu": gelu,
    "nn.functional.cross_entropy": cross_entropy,
}
