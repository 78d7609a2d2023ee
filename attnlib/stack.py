"""Layers in turn: each works on what the one before it made."""


def stack(layers, x, run):
    """What the last layer makes of it, and what else each layer returned.

    Args:
        layers: the parameters of each layer.
        x: what the first layer is given.
        run: ``run(params, x)`` returns ``(x, more)``.

    Returns:
        ``(x, more)``, with one entry a layer in the tuple ``more``.
    """
    every = []
    for params in layers:
        x, more = run(params, x)
        every.append(more)
    return x, tuple(every)


def stack_vjp(layers, x, run_vjp):
    """What the last layer makes of it, and the pullback through all of them.

    Args:
        layers, x: as for ``stack``.
        run_vjp: ``run_vjp(params, x)`` returns ``(x, pullback)``, and ``pullback(grad)`` returns
            ``(grad_params, grad_x, *shared)``: behind the layer's own the gradients of what all layers share.

    Returns:
        ``(x, pullback)``. ``pullback(grad)`` returns ``(grad_layers, grad_x, *shared)``, the shared ones added up.
    """
    backs = []
    for params in layers:
        x, back = run_vjp(params, x)
        backs.append(back)

    def pullback(grad):
        grad_layers, grads_shared = [], []
        for back in reversed(backs):
            grad_layer, grad, *shared = back(grad)
            grad_layers.append(grad_layer)
            grads_shared.append(shared)
        return tuple(reversed(grad_layers)), grad, *map(sum, zip(*grads_shared, strict=True))

    return x, pullback
