"""The same work for many tasks, on several threads."""

from collections import deque
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from threading import Lock

from attnlib.arguments import as_count


def as_threads(threads):
    """How many threads: as many as are asked for, or if that is None, as NumPy's matrix library takes.

    Raises:
        TypeError, ValueError: if ``threads`` is no integer of 1 or more.
        ModuleNotFoundError: if it is 2 or more, and the package threadpoolctl is not installed.
    """
    count = matrix_threads() if threads is None else as_count("threads", threads)
    if count > 1 and matrix_library() is None:
        raise ModuleNotFoundError(f"threads={count} needs the package threadpoolctl: pip install threadpoolctl")
    return count


def run_in_threads(work, tasks, threads):
    """Call ``work(task)`` for every task; a thread that is done takes the next.

    NumPy lets other threads run while it computes. Meanwhile one matrix product uses one thread: products that start
    threads of their own would wait for one another.
    """
    waiting = deque(tasks)

    def work_on(_):
        while waiting:
            try:
                task = waiting.popleft()
            except IndexError:  # another thread was quicker
                return
            try:
                work(task)
            except BaseException:
                waiting.clear()  # stops the other threads, too
                raise

    with one_thread_a_product():
        if threads == 1:
            return work_on(0)
        with ThreadPoolExecutor(threads) as pool:
            try:
                list(pool.map(work_on, range(threads)))  # a list, so that an error is raised here
            finally:
                waiting.clear()  # so does Ctrl-C, which reaches the main thread alone


class Inside:
    """How many calls are inside ``one_thread_a_product`` at this moment, and what lifts the limit."""

    lock = Lock()
    calls = 0
    limit = None


@contextmanager
def one_thread_a_product():
    """While this context lasts, a matrix product uses one thread. Calls may overlap: the last lifts the limit."""
    library = matrix_library()
    with Inside.lock:
        if library is not None and Inside.calls == 0:
            Inside.limit = library.limit(limits=1)
        Inside.calls += 1
    try:
        yield
    finally:
        with Inside.lock:
            Inside.calls -= 1
            if Inside.calls == 0 and Inside.limit is not None:
                Inside.limit.restore_original_limits()
                Inside.limit = None


def matrix_threads():
    """How many threads NumPy's matrix library takes; 1 if nothing can say."""
    library = matrix_library()
    return 1 if library is None else max((part.num_threads for part in library.lib_controllers), default=1)


@cache
def matrix_library():
    """The control of NumPy's matrix library, or None without the package threadpoolctl."""
    try:
        from threadpoolctl import ThreadpoolController
    except ModuleNotFoundError:  # in a page, where there is one thread
        return None
    return ThreadpoolController().select(user_api="blas")
