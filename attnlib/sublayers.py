"""The sublayers of a layer, the way ``residual_vjp`` takes them: a pullback returns the gradient by x first."""

from attnlib.feed_forward import feed_forward_vjp
from attnlib.multi_head import multi_head_attention_vjp


def self_attention_vjp(params, x, mask=None, bias=None, rotary=False):
    """Attention of one sequence to itself; its pullback returns ``(grad_x, grad_params)``."""
    output, back = multi_head_attention_vjp(params, x, x, x, mask, bias, rotary=rotary)

    def pullback(grad_output):
        grad_params, grad_query, grad_key, grad_value, *_ = back(grad_output)
        return grad_query + grad_key + grad_value, grad_params

    return output, pullback


def cross_attention_vjp(params, x, memory, memory_mask=None):
    """Attention of one sequence to another; its pullback returns ``(grad_x, grad_params, grad_memory)``."""
    output, back = multi_head_attention_vjp(params, x, memory, memory, memory_mask)

    def pullback(grad_output):
        grad_params, grad_query, grad_key, grad_value = back(grad_output)
        return grad_query, grad_params, grad_key + grad_value

    return output, pullback


def thinking_vjp(params, x):
    """The feed-forward network; its pullback returns ``(grad_x, grad_params)``."""
    output, back = feed_forward_vjp(params, x)

    def pullback(grad_output):
        grad_params, grad_x = back(grad_output)
        return grad_x, grad_params

    return output, pullback
