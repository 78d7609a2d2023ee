"""How both commands of this room end: with an exit code and a line at most, never with a traceback."""

import io
import os
import sys

INTERRUPTED, CLOSED, FAILED = 130, 141, 2  # the first two as shells say it: Ctrl-C; nobody reads the output


def run(main):
    """Call ``main``, and leave with the exit code that it returns, or that tells what kept it from an end.

    What the encoding of the output lacks is written as ``\\\\u5e74``.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        code = main()
        print(end="", flush=True)
    except KeyboardInterrupt:
        code = INTERRUPTED
    except BrokenPipeError:
        code = CLOSED
        forget_output()
    except OSError as error:  # a file or a folder, or a disk that is full
        code = FAILED
        print(error, file=sys.stderr)
        forget_output()
    sys.exit(code)


def forget_output():
    """Throw away what cannot be written: Python tries once more at the very end, and complains."""
    try:
        print(end="", flush=True)
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
