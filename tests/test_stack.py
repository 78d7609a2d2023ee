import numpy as np
from numpy.testing import assert_array_equal

from attnlib.stack import stack, stack_vjp
from attnlib.testing import check_vjp


def test_each_layer_works_on_what_the_one_before_it_made():
    x, seen = stack((2, 3, 5), 1, lambda factor, x: (factor * x + 1, x))
    assert x == ((1 * 2 + 1) * 3 + 1) * 5 + 1
    assert seen == (1, 3, 10)


def test_without_layers_nothing_changes():
    assert stack((), 7, None) == (7, ())
    x, pullback = stack_vjp((), 7, None)
    assert (x, pullback(3)) == (7, ((), 3))


def test_gradients_come_back_in_the_order_of_the_layers_and_those_by_what_is_shared_are_added_up(rng):
    def layer(params, x, shared):
        return params * x * shared

    def layer_vjp(params, x, shared):
        return layer(params, x, shared), lambda grad: (grad * x * shared, grad * params * shared, grad * params * x)

    check_vjp(
        lambda layers, x, shared: stack(layers, x, lambda params, x: (layer(params, x, shared), None))[0],
        lambda layers, x, shared: stack_vjp(layers, x, lambda params, x: layer_vjp(params, x, shared)),
        [tuple(rng.normal(size=(3, 4))), rng.normal(size=4), rng.normal(size=4)],
        rng,
    )


def test_the_pullback_can_be_called_again():
    _, pullback = stack_vjp((2.0, 3.0), 1.0, lambda params, x: (params * x, lambda grad: (grad * x, grad * params)))
    assert pullback(1.0) == pullback(1.0) == ((3.0, 2.0), 6.0)
    assert_array_equal(np.array(pullback(2.0)[0]), [6, 4])
