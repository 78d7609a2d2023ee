"""Threads share tasks: every task once, errors come through, and the matrix library is left as it was."""

import sys
import threading
import time
import types

import numpy as np
import pytest

from attnlib import fast_attention
from attnlib.threads import as_threads, matrix_library, matrix_threads, one_thread_a_product, run_in_threads


@pytest.mark.parametrize("threads", [1, 2, 7])
def test_every_task_is_done_once(threads):
    done = []
    run_in_threads(done.append, range(50), threads)
    assert sorted(done) == list(range(50))


def test_threads_work_at_the_same_time():
    meeting = threading.Barrier(2, timeout=30)  # two calls must be under way at once, or it breaks
    run_in_threads(lambda _: meeting.wait(), range(2), 2)


@pytest.mark.parametrize("threads", [1, 2])
def test_an_error_in_a_task_is_raised_and_no_further_task_begins(threads):
    begun = []

    def work(task):
        begun.append(task)
        raise ArithmeticError("of task")

    with pytest.raises(ArithmeticError, match="of task"):
        run_in_threads(work, range(100), threads)
    assert len(begun) <= threads


def test_an_error_in_one_task_stops_the_other_threads_too():
    """The first task waits until the second has failed; without that it would go on to do all others."""
    failed, done = threading.Event(), []

    def work(task):
        if task == 1:
            failed.set()
            raise ArithmeticError("of task 1")
        failed.wait(timeout=30)
        time.sleep(0.01)
        done.append(task)

    with pytest.raises(ArithmeticError, match="of task 1"):
        run_in_threads(work, range(100), 2)
    assert len(done) < 50


def test_calls_that_overlap_leave_the_matrix_library_as_the_first_found_it():
    with matrix_library().limit(limits=2):
        first, second = one_thread_a_product(), one_thread_a_product()
        first.__enter__()
        second.__enter__()
        first.__exit__(None, None, None)
        assert matrix_threads() == 1  # the second still computes
        second.__exit__(None, None, None)
        assert matrix_threads() == 2


@pytest.mark.parametrize("threads", [1, 2])
def test_a_matrix_product_inside_a_task_has_one_thread_and_afterwards_as_many_as_before(threads):
    inside = []
    with matrix_library().limit(limits=2):
        run_in_threads(lambda _: inside.append(matrix_threads()), [0], threads)
        assert inside == [1]
        assert matrix_threads() == 2


def test_a_matrix_library_that_nothing_can_steer_counts_as_one_thread(monkeypatch):
    unknown = types.SimpleNamespace(lib_controllers=[])
    monkeypatch.setattr(sys.modules["attnlib.threads"], "matrix_library", lambda: unknown)
    assert matrix_threads() == 1


@pytest.mark.parametrize(("threads", "error"), [(0, ValueError), (1.5, TypeError)])
def test_a_number_of_threads_that_is_none_is_restated(threads, error):
    with pytest.raises(error, match=f"^threads must be .*got {threads}"):
        as_threads(threads)


def test_without_threadpoolctl_there_is_one_thread_and_more_are_an_error(rng, monkeypatch):
    monkeypatch.setitem(sys.modules, "threadpoolctl", None)
    matrix_library.cache_clear()
    try:
        assert as_threads(None) == 1
        query = rng.normal(size=(5, 4))
        assert np.isfinite(fast_attention(query, query, query)).all()
        with pytest.raises(ModuleNotFoundError, match="threads=2 needs the package threadpoolctl"):
            fast_attention(query, query, query, threads=2)
    finally:
        matrix_library.cache_clear()
