"""A check says in words what is wrong with an answer, whatever the answer does."""

import functools
import itertools
import re
import sys
import tracemalloc
import warnings
from typing import NamedTuple

import numpy as np
import pytest

import attnlib
from attncourse import check
from attncourse.check.base import checker
from attncourse.check.compare import apart, close
from attncourse.check.memory import held_memory, peak_memory
from attncourse.check.require import (
    ViolatedError,
    require,
    require_close,
    require_judgement,
    require_parts,
    require_shape,
)
from attncourse.check.withheld import withhold
from attnlib.attention import attention
from attnlib.rms_norm import rms_norm, rms_norm_vjp
from attnlib.rotary import rotate


class Maps(NamedTuple):
    w_q: np.ndarray
    w_k: np.ndarray


@checker
def double(answer):
    x = np.array([1.0, 2.0])
    doubled = require_shape(answer(x), (2,), "the result")
    require_close(doubled, 2 * x, "each number must double", mistakes={"yours squares": x**2})


@checker
def total(answer):
    maps, token, mask = Maps(np.ones((2, 3)), np.ones((2, 4))), [np.zeros(5)], np.ones(5, dtype=bool)
    require_close(require_shape(answer(maps, token, mask, 0.5, len), (), "the sum"), 14, "everything adds up")


@checker
def judge(answer):
    require_judgement(answer(), True, "a true thing")


@checker
def pair(answer):
    for part in require_parts(answer(np.eye(2)), "one", "other"):
        require_close(require_shape(part, (2, 2), "a part"), np.eye(2), "each part is what came in")


@checker
def twice(answer):
    one, other = answer(np.ones(5)), answer(np.arange(5.0))
    require(one is other, "not reached")


@checker
def power(answer):
    cubed = answer(3)
    require_close(require_shape(cubed(np.array([2.0])), (1,), "the cube"), 8, "2 becomes 8")


def raw_sum(maps, token, mask, *rest):
    return maps.w_q.sum() + maps.w_k.sum() + token[0].sum()


class TestVerdict:
    def test_right_answer_passes(self):
        assert double(lambda x: 2 * x)
        assert repr(double(lambda x: 2 * x)) == "✓ double: every property holds"

    def test_wrong_answer_hears_the_property_and_the_first_entry_that_differs(self):
        assert not double(lambda x: x * [2, 3])
        said = "✗ double: each number must double: yours at [1] is 6 where 4 is due"
        assert repr(double(lambda x: x * [2, 3])) == said

    def test_known_mistake_hears_its_name_instead(self):
        assert repr(double(np.square)) == "✗ double: yours squares"

    def test_empty_answer_is_named_as_such(self):
        assert "the result must not be None: does the function return something?" in repr(double(lambda x: None))

    def test_wrong_shape_names_both_shapes(self):
        assert "must have shape (2,): yours has (1,)" in repr(double(lambda x: x[:1]))

    def test_nan_is_named_before_anything_else(self):
        assert "NaN" in repr(double(lambda x: x / 0.0 * 0.0))

    def test_what_is_no_function_is_named_as_such(self):
        assert "must be a function, passed without brackets: yours is of type ndarray" in repr(double(np.ones(2)))


class TestForms:
    """Whatever holds the numbers is accepted; what cannot hold them is named."""

    @pytest.mark.parametrize("form", [list, tuple, np.ndarray.tolist, np.float32, lambda x: [np.array(n) for n in x]])
    def test_other_holders_of_the_same_numbers_pass(self, form):
        assert double(lambda x: form(2 * x))

    @pytest.mark.parametrize("form", [tuple, list, np.stack])
    def test_pair_may_be_a_tuple_a_list_or_a_stack(self, form):
        assert pair(lambda x: form((x, x)))

    @pytest.mark.parametrize(
        ("found", "yours"),
        [
            ((1, 2, 3), "a tuple of 3"),
            ([], "a list of 0"),
            ({}, "of type dict"),
            (np.ones(2), "one array of shape (2,)"),
        ],
    )
    def test_what_is_no_pair_is_counted(self, found, yours):
        assert repr(pair(lambda x: found)).endswith(f"the answer must be 2 things, (one, other): yours is {yours}")

    def test_judgement_may_be_an_array_of_no_axes(self):
        assert judge(lambda: np.array(True))
        assert "must be True or False: yours is of type ndarray" in repr(judge(lambda: np.array([True])))
        assert "must be True or False: yours is of type float64" in repr(judge(lambda: np.array(1.0)))

    def test_tuple_of_arrays_for_one_array_is_named_with_its_shapes(self):
        said = repr(double(lambda x: (x, np.eye(3))))
        assert "one array of shape (2,): yours is a tuple of 2, with arrays of shape (2,) and (3, 3)" in said
        assert "attention, for one, returns two arrays: [0] is the output" in said

    @pytest.mark.parametrize("found", [{1: 2}, (i for i in range(2)), [[1.0], [1.0, 2.0]], ["a", "b"], [1j, 2j]])
    def test_what_holds_no_real_numbers_is_named_by_its_type(self, found):
        assert f"must hold real numbers, in rows of one length: yours is of type {type(found).__name__}, dtype" in repr(
            double(lambda x: found)
        )

    def test_flags_are_no_numbers(self):
        assert "must hold real numbers, in rows of one length: yours is of type ndarray, dtype bool" in repr(
            double(lambda x: x > 0)
        )

    def test_object_that_fails_to_become_an_array_is_the_readers(self):
        class Shy:
            def __array__(self, dtype=None, copy=None):
                raise RuntimeError

        assert "yours is of type Shy, dtype object" in repr(double(lambda x: Shy()))

    def test_masked_array_passes_unless_an_entry_is_missing(self):
        assert double(lambda x: np.ma.asarray(2 * x))
        assert "a value in every entry: yours has masked ones" in repr(double(lambda x: np.ma.masked_equal(2 * x, 2)))

    def test_matrix_is_refused_by_name(self):
        assert "must be an array: yours is an np.matrix" in repr(pair(lambda x: (np.asmatrix(x), x)))

    def test_class_is_no_function(self):
        assert "must be a function: yours is a class" in repr(double(Holder))

    @pytest.mark.parametrize("dtype", [np.int64, np.uint8])
    def test_whole_numbers_are_named_where_they_may_be_the_fault(self, dtype):
        said = repr(double(lambda x: (1.9 * x).astype(dtype)))
        assert said.endswith(f"yours at [0] is 1 where 2 is due (dtype {np.dtype(dtype)}, not float64)")

    def test_coarse_dtype_is_named_where_it_may_be_the_fault(self):
        said = repr(double(lambda x: (2.001 * x).astype(np.float16)))
        assert said.endswith("is 2.002 where 2 is due (dtype float16, not float64)")


class TestNumbers:
    @pytest.mark.parametrize("two", [(1, 1 + 1e-4), (-2.75, -2.75 - 1e-9), (1.0, np.nextafter(1, 2)), (1e9, 1e9 + 1)])
    def test_two_numbers_that_differ_never_look_alike(self, two):
        one, other = apart(*two)
        assert one != other

    def test_short_numbers_stay_short(self):
        assert apart(0.5, 1.0, 1234.0) == ["0.5", "1", "1234"]

    def test_close_forgives_rounding_and_nothing_more(self):
        x = np.linspace(-3, 1000, 7)
        assert close(x.astype(np.float32), x)
        assert not close(x + 0.02, x)
        assert not close(np.full(7, np.nan), x)


class TestArguments:
    def test_arguments_left_alone_pass(self):
        assert total(raw_sum)

    @pytest.mark.parametrize(
        ("change", "name"),
        [
            (lambda maps, token, mask, *rest: maps.w_k.fill(7), "maps.w_k"),
            (lambda maps, token, mask, *rest: token[0].fill(7), r"token[0]"),
            (lambda maps, token, mask, *rest: mask.fill(False), "mask"),
        ],
    )
    def test_the_argument_that_changed_is_named_with_the_call(self, change, name):
        assert f"your function changed {name} in place, called with maps" in repr(total(change))

    @pytest.mark.parametrize("change", [lambda x: x.setflags(write=False), lambda x: x.resize((2, 1), refcheck=False)])
    def test_flags_and_shape_of_an_argument_belong_to_it(self, change):
        assert "changed x in place" in repr(double(lambda x: (2 * x, change(x))[0]))

    def test_array_that_is_filled_anew_by_every_call_is_named(self):
        buffer = np.empty(5)

        def answer(x):
            result = buffer if x.shape == (5,) else np.empty_like(x)
            result[:] = np.exp(x - x.max(axis=-1, keepdims=True))
            result /= result.sum(axis=-1, keepdims=True)
            return result

        assert "every call must return a new array: your function, called with x (5,)" in repr(twice(answer))

    def test_the_call_is_shown_in_shapes_and_numbers(self):
        said = repr(total(lambda maps, token, mask, scale, size: mask.fill(False)))
        assert "changed mask in place" in said
        assert "called with maps: a Maps, token: a list, mask (5,) bool, scale = 0.5, size: a function" in said

    def test_a_place_is_shown_in_numbers(self):
        @checker
        def anywhere(answer):
            answer((1, 2))

        assert repr(anywhere(lambda token: 1 / 0)).endswith("it was called with token = (1, 2)")

    def test_a_function_that_does_not_tell_its_names_has_numbered_arguments(self):
        assert "called with argument 1 (2,)" in repr(double(lambda *args: args[1]))

    def test_a_reader_may_change_what_is_the_readers_own(self):
        def answer(cache, query, key, value):
            seen, new = len(cache[0]) if cache else 0, len(query)
            cache = cache or [np.empty((0, key.shape[1])), np.empty((0, value.shape[1]))]
            for held, more in zip(cache, (key, value), strict=True):
                held.resize((seen + new, more.shape[1]), refcheck=False)
                held[seen:] = more
            scores = query @ cache[0].T / np.sqrt(key.shape[1])
            exps = np.exp(scores) * np.tri(new, seen + new, seen)
            return exps / exps.sum(axis=-1, keepdims=True) @ cache[1], cache

        assert check.cached_attention(answer)


def broken_inside(x):
    return deeper(x)


def deeper(x):
    return x @ np.ones((3, 3))


def divide(x):
    return x / 0


def fail(x):
    raise AssertionError


class Holder:
    def __init__(self, function):
        self.function = function

    def use(self, *args):
        return self.function(*args)

    __call__ = use


class TestExceptions:
    def test_exception_shows_the_readers_line_and_the_call(self):
        said = repr(double(broken_inside))
        assert "your code raised ValueError in line " in said
        assert "of deeper, `return x @ np.ones((3, 3))`: " in said
        assert said.endswith("it was called with x (2,)")
        assert __file__ not in said

    def test_wrong_number_of_arguments_shows_the_call(self):
        said = repr(double(lambda: 1))
        assert "your code raised TypeError: " in said
        assert "called with argument 1 (2,)" in said

    def test_exception_of_a_function_that_was_returned_is_the_readers_too(self):
        assert "your code raised ZeroDivisionError in line" in repr(power(lambda n: lambda x: 1 / 0))
        assert power(lambda n: lambda x: x**n)

    @pytest.mark.parametrize("use", [lambda pair: pair.T, lambda pair: np.asarray(pair)])
    def test_tuple_used_as_an_array_hears_of_the_forgotten_index(self, use):
        assert "[0] is the output" in repr(double(lambda x: use((x, np.eye(3)))))

    @pytest.mark.parametrize("use", [lambda x: x.shape(-1), lambda x: range(x.shape)])
    def test_other_misuse_of_a_tuple_does_not(self, use):
        said = repr(double(use))
        assert "'tuple' object" in said
        assert "attention" not in said

    def test_class_that_is_returned_is_not_taken_for_the_answer(self):
        assert "the result must hold real numbers" in repr(double(lambda x: np.float64))

    def test_error_in_the_check_is_not_called_the_readers(self):
        @checker
        def faulty(answer):
            raise KeyError("w_q")

        assert repr(faulty(len)) == "✗ faulty: this check itself failed, not your code: KeyError: 'w_q'"

    def test_call_of_exit_is_named_and_stops_nothing(self):
        assert "your code raised SystemExit in line" in repr(double(lambda x: sys.exit()))

    @pytest.mark.parametrize(
        "wrap", [functools.partial, functools.cache, np.vectorize, lambda f: Holder(f).use, lambda f: Holder(f)]
    )
    def test_line_is_shown_however_the_function_is_wrapped(self, wrap):
        @checker
        def half(answer):
            require_shape(answer(3.0), (), "the half")

        assert "of divide, `return x / 0`: float division by zero; it was called with" in repr(half(wrap(divide)))

    def test_exception_without_words_leaves_no_gap(self):
        assert re.search(r"raised AssertionError in line \d+ of fail, `[^`]+`; it was called", repr(double(fail)))

    def test_long_exception_is_cut(self):
        def shout(x):
            raise ValueError("word\n" * 1000)

        said = repr(double(shout))
        assert "word word …; it was called with x (2,)" in said
        assert len(said) < 300

    def test_sizes_in_a_failed_product_come_without_numpys_notation(self):
        said = repr(double(broken_inside))
        assert "(size 3 is different from 2); it was called" in said
        assert "gufunc" not in said

    def test_interrupt_goes_through(self):
        def stop(x):
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            double(stop)


def turn_it(x):
    return rotate(x)


class TestWhoseAnswer:
    @pytest.mark.parametrize("answer", [rotate, functools.partial(rotate, base=10000.0)])
    def test_a_function_of_the_library_is_nobodys_answer(self, answer):
        said = repr(check.rotate(answer))
        assert said.endswith("the answer must be a function of your own: rotate is the library's")

    @pytest.mark.parametrize(
        "answer", [lambda x: turn_it(x), lambda x: attnlib.rotary.rotate(x), lambda x: next(map(rotate, [x]))]
    )
    def test_a_withheld_function_is_noticed_by_whatever_way_it_is_called(self, answer):
        profile = sys.getprofile()
        with pytest.raises(ViolatedError, match="what rotate does is the exercise: yours calls it"):
            withhold(answer, rotate)(np.ones((3, 4)))
        assert sys.getprofile() is profile

    def test_what_the_library_calls_itself_is_not_the_readers_call(self):
        x = np.ones((3, 4))
        np.testing.assert_array_equal(withhold(rms_norm, rms_norm_vjp)(x, x[0]), rms_norm(x, x[0]))

    def test_an_answer_of_ones_own_may_call_the_library(self):
        def answer(query, key, value):
            output, _ = attention(query, key, value)
            hidden = [attention(query, key, value, mask)[0] for mask in ~np.eye(len(key), dtype=bool)]
            return np.stack([np.linalg.norm(one - output, axis=-1) for one in hidden], axis=-1)

        assert check.removal_effects(answer)

    def test_an_answer_that_depends_on_earlier_calls_is_not_right(self):
        calls = []

        def answer(x):
            calls.append(x)
            return 2 * x if len(calls) == 1 else x

        said = repr(double(answer))
        assert said.startswith("✗ double: right at first, but not when all is asked again: each number must double")

    def test_an_answer_that_is_right_by_luck_is_seldom_right(self):
        rng = np.random.default_rng(0)
        assert sum(bool(judge(lambda: rng.random() < 0.5)) for _ in range(200)) < 70


class TestStateAround:
    def test_memory_counts_what_the_call_held_at_once(self):
        assert 8e6 < peak_memory(lambda: np.ones(1_000_000).sum()) < 9e6

    def test_memory_held_is_what_the_result_holds_on_to(self):
        assert held_memory(lambda: np.ones(1_000_000).sum()) < 1e4
        kept = np.ones(1_000_000)
        assert held_memory(lambda: lambda: kept) < 1e4
        assert 8e6 < held_memory(lambda: [kept.copy()].pop) < 9e6

    @pytest.mark.parametrize("switch", [tracemalloc.start, tracemalloc.stop])
    @pytest.mark.parametrize("before", [False, True])
    def test_tracing_is_as_before_whatever_the_call_does(self, before, switch):
        if before:
            tracemalloc.start()
        try:
            peak_memory(switch)
            assert tracemalloc.is_tracing() == before
        finally:
            tracemalloc.stop()

    @pytest.mark.parametrize("before", [False, True])
    def test_tracing_goes_on_or_stays_off_after_an_error(self, before):
        if before:
            tracemalloc.start()
        kept = np.ones(1_000_000)
        try:
            with pytest.raises(ZeroDivisionError):
                peak_memory(lambda: 1 / 0)
            assert tracemalloc.is_tracing() == before
            assert 8e6 < peak_memory(lambda: (kept + 1).sum()) < 9e6
        finally:
            tracemalloc.stop()

    def test_settings_and_global_draws_are_as_before(self):
        def answer(x):
            np.seterr(all="raise")
            np.set_printoptions(precision=1)
            np.random.seed(0)  # noqa: NPY002
            warnings.simplefilter("ignore")
            print("looking into it", file=sys.stderr)
            return 2 * x

        def settings():
            draws = repr(np.random.get_state())  # noqa: NPY002
            return np.geterr(), np.get_printoptions(), draws, list(warnings.filters)

        before = settings()
        assert double(answer)
        assert settings() == before

    def test_settings_of_the_answer_do_not_reach_the_check(self):
        signs = itertools.cycle([1, -1])

        def answer(query, key, value, beta):
            np.seterr(all="raise")
            warnings.simplefilter("error")
            return np.full((len(query), value.shape[-1]), next(signs) * 1e308)  # whose difference overflows

        assert "norms must not count" in repr(check.cosine_attention(answer))

    def test_warnings_of_a_wrong_answer_stay_quiet(self):
        assert "NaN" in repr(double(lambda x: np.array([]).mean() + x))  # "Mean of empty slice" would raise here
