"""What every vjp of the library holds to, whatever it is given."""

import importlib
import inspect
import pkgutil
import re

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import attnlib
from attnlib import learned_positions_vjp, linear_vjp, tree_leaves, tree_map
from attnlib.multi_head import project_vjp
from attnlib.residual import last_norm_vjp
from attnlib.testing import check_vjp, with_leaf
from tests.vjp_cases import CASES

every_case = pytest.mark.parametrize("case", CASES, ids=str)
both_dtypes = pytest.mark.parametrize("dtype", [np.float32, np.float64])

VIEWS = {last_norm_vjp, learned_positions_vjp}  # the output may be what was given, or a part of it


def as_tuple(grads):
    """One gradient, be it a NamedTuple of arrays, as a tuple of one."""
    return (grads,) if not isinstance(grads, tuple) or hasattr(grads, "_fields") else grads


def build(tree):
    """Types, shapes, dtypes, and what is no array, in one text."""
    return repr(tree_map(lambda leaf: (leaf.shape, leaf.dtype), tree))


def elsewhere_in_memory(x):
    """The same numbers, with strides that are negative, wide and in another order."""
    return np.asfortranarray(np.repeat(x[::-1], 2, axis=0))[::-2] if np.ndim(x) else x


def modules():
    """Every module of the library."""
    return [importlib.import_module(found.name) for found in pkgutil.walk_packages(attnlib.__path__, "attnlib.")]


def test_every_vjp_of_the_library_is_in_the_table():
    found = {
        function
        for module in modules()
        for name, function in inspect.getmembers(module, inspect.isfunction)
        if name.endswith("_vjp") and function is not check_vjp
    }
    assert found == {case.of for case in CASES}


def test_no_case_is_in_the_table_twice():
    assert len(set(map(str, CASES))) == len(CASES)


@every_case
@both_dtypes
def test_the_output_is_that_of_the_function(rng, case, dtype):
    given, others = case.arguments(rng, dtype)
    output, _ = case.vjp(**given, **others)
    assert_array_equal(output, case.output(**given, **others), strict=True)
    assert {leaf.dtype for leaf in tree_leaves((output, case.fun(**given, **others)))} == {np.dtype(dtype)}


@pytest.mark.parametrize("case", [case for case in CASES if case.of not in (linear_vjp, project_vjp)], ids=str)
def test_what_is_called_x_keeps_its_shape(rng, case):
    given, others = case.arguments(rng)
    if "x" in given:
        assert case.vjp(**given, **others)[0].shape == given["x"].shape


@every_case
def test_gradients_agree_with_central_differences(rng, case):
    given, others = case.arguments(rng)

    def by_name(function):
        return lambda *args: function(**dict(zip(given, args, strict=True)), **others)

    assert check_vjp(by_name(case.output), by_name(case.vjp), given.values(), rng) < 1e-6


@every_case
@both_dtypes
def test_gradients_are_built_like_their_arguments_with_their_shapes_and_dtypes(rng, case, dtype):
    given, others = case.arguments(rng, dtype)
    output, pullback = case.vjp(**given, **others)
    grads = pullback(np.ones(output.shape))  # in float64 to both
    assert build(as_tuple(grads)) == build(tuple(given.values()))


@every_case
def test_a_pullback_can_be_called_again_and_is_linear(rng, case):
    given, others = case.arguments(rng)
    output, pullback = case.vjp(**given, **others)
    one, other = rng.normal(size=(2, *output.shape))
    tree_map(
        lambda a, b, both: assert_allclose(both, 2 * a - b, rtol=1e-9, atol=1e-11),
        *(as_tuple(pullback(grad)) for grad in (one, other, 2 * one - other)),
    )


@every_case
def test_nothing_that_it_is_given_is_modified_or_returned(rng, case):
    given, others = case.arguments(rng)
    arguments = given | others
    output = case.output(**arguments)
    grad_output = np.asarray(rng.normal(size=output.shape))
    arrays = tree_leaves((*arguments.values(), grad_output))
    before = [array.copy() for array in arrays]
    output, pullback = case.vjp(**arguments)
    grads = pullback(grad_output)
    case.output(**arguments)
    for array, copy in zip(arrays, before, strict=True):
        assert_array_equal(array, copy)
    if case.of not in VIEWS:
        assert not any(np.may_share_memory(array, new) for array in arrays for new in tree_leaves((output, grads)))


@every_case
def test_what_it_is_given_may_lie_in_memory_in_any_order(rng, case):
    given, others = case.arguments(rng)
    output, pullback = case.vjp(**given, **others)
    turned = {name: tree_map(elsewhere_in_memory, value) for name, value in (given | others).items()}
    turned_output, turned_pullback = case.vjp(**turned)
    grad_output = rng.normal(size=output.shape)
    grads, turned_grads = pullback(grad_output), turned_pullback(elsewhere_in_memory(grad_output))
    tree_map(lambda a, b: assert_allclose(b, a, rtol=1e-10, atol=1e-12), (output, grads), (turned_output, turned_grads))


@pytest.mark.parametrize("case", [case for case in CASES if case.of is not project_vjp], ids=str)
def test_a_gradient_must_have_the_shape_of_the_output(rng, case):
    given, others = case.arguments(rng)
    output, pullback = case.vjp(**given, **others)
    shape = output.shape
    for wrong in {(), (1,), (*shape, 1), (1, *shape), (2, *shape), shape[1:], shape[:-1], shape[::-1]} - {shape}:
        got = re.escape(f"grad_output {wrong}, output {shape}")
        with pytest.raises(ValueError, match=f"must have the shape of the output: got {got}|must be one number: got"):
            pullback(np.ones(wrong))
    for wrong in (np.ones(shape, complex), np.full(shape, None), "x"):
        with pytest.raises(TypeError, match=r"grad_(output must hold real numbers|loss must be one number): got"):
            pullback(wrong)


# One case for every set of arguments. Without a norm, last_norm hands x on unread.
ONE_OF_A_KIND = {(case.of, *case.options): case for case in CASES if case.of is not last_norm_vjp}


@pytest.mark.parametrize("case", ONE_OF_A_KIND.values(), ids=str)
def test_float32_and_float64_do_not_mix_and_other_numbers_are_refused(rng, case):
    given, others = case.arguments(rng)
    values = tuple(given.values())
    leaves = tree_leaves(values)
    for i, leaf in enumerate(leaves):
        for dtype in (np.float16, np.int64, *([np.float32] if len(leaves) > 1 else [])):
            mixed = dict(zip(given, with_leaf(values, i, np.ones(leaf.shape, dtype)), strict=True))
            words = rf"must (share one dtype: got .*|be float32 or float64: got ){dtype.__name__}"
            for call in (case.output, case.vjp):
                with pytest.raises(TypeError, match=words):
                    call(**mixed, **others)


@pytest.mark.parametrize("name", [name for name in attnlib.__all__ if name.endswith("_vjp")])
def test_what_may_be_left_out_means_the_same_to_the_function(rng, name):
    function, vjp = getattr(attnlib, name.removesuffix("_vjp")), getattr(attnlib, name)
    given, others = next(case for case in CASES if case.of is vjp).arguments(rng)
    arguments = inspect.signature(vjp).parameters.values()
    needed = {
        argument.name: (given | others)[argument.name] for argument in arguments if argument.default is argument.empty
    }
    output = function(**needed)
    assert_array_equal(vjp(**needed)[0], output[0] if isinstance(output, tuple) else output, strict=True)
