"""Translate dates to ISO 8601 with the trained model: ``python -m attnlib.dates.translate "June 7th, 2021"``.

    python -m attnlib.dates.translate "June 7th, 2021" "7.6.21"
    python -m attnlib.dates.translate < dates.txt                 # one date a line, in UTF-8; answered as they arrive

Each line of the answer: the text, the date, and how sure the model is. What it is not sure of is marked, not hidden,
and so is a year that the text contradicts. A text that cannot be read gets a line on standard error, and exit code 1.
"""

import argparse
import codecs
import io
import re
import reprlib
import sys
from pathlib import Path

from attnlib.dates.characters import as_known
from attnlib.dates.command import FAILED, run
from attnlib.dates.model import load_date_model, translate
from attnlib.dates.task import FIRST, LAST, NO_DATE

SURE = 0.9
BATCH = 200  # texts translated at a time
CHUNK = 1 << 16  # bytes read at a time


def line(found):
    """One answer as a line of text.

    Args:
        found: ``Translation``.
    """
    confidence = f"{found.confidence:.3f}"
    doubt = ", but not sure" if float(confidence) < SURE else ""  # as printed: 0.900 is sure
    if found.other_year:
        doubt = ", but the text has another year"
    if found.is_date:
        answer = found.answer + doubt
    elif found.answer == NO_DATE:
        answer = "no date" + doubt
    else:
        answer = f"no day of the calendar ({found.answer or 'no answer'})"
    return f"{' '.join(found.text.split())}\t{answer}\tconfidence {confidence}"


def fault(text):
    """Why the model cannot read a text, or None."""
    try:
        text.encode()  # not possible with the lone surrogates that stand for other bytes than UTF-8
        as_known(text)
    except UnicodeEncodeError:
        return f"a text must be in UTF-8: got {reprlib.repr(text)}"
    except ValueError as error:
        return str(error)
    return None


def print_answers(params, texts, kind, first):
    """Print the answer to each text, or its fault.

    Args:
        params: ``TransformerParams``.
        texts: a list of strings.
        kind: what a text is called in the line of a fault.
        first: number of the first text.

    Returns:
        The number of faults.
    """
    faults = [fault(text) for text in texts]
    found = iter(translate(params, [text for text, wrong in zip(texts, faults, strict=True) if not wrong]))
    for number, wrong in enumerate(faults, first):
        if wrong:
            print(f"{kind} {number}: {wrong}", file=sys.stderr, flush=True)
        else:
            print(line(next(found)), flush=True)
    return len(faults) - faults.count(None)


def arriving_lines(stream):
    """Lists of lines as they arrive: one from a keyboard, many from a file.

    Args:
        stream: of bytes, in UTF-8. What is not becomes lone surrogates, as in Python's own arguments.
    """
    utf8 = codecs.getincrementaldecoder("utf-8-sig")("surrogateescape")
    decoder, rest = io.IncrementalNewlineDecoder(utf8, translate=True), ""
    while chunk := stream.read1(CHUNK):
        *lines, rest = (rest + decoder.decode(chunk)).split("\n")
        yield lines
    *lines, rest = (rest + decoder.decode(b"", final=True)).split("\n")
    yield [*lines, rest] if rest else lines


def as_positional(arguments):
    """Arguments for argparse, with a space before each text that it would take for an option, such as -7.6.2021."""
    end = arguments.index("--") if "--" in arguments else len(arguments)
    before = [f" {text}" if re.match(r"-(?![-A-Za-z])", text) else text for text in arguments[:end]]
    return before + [f" {text}" for text in arguments[end + 1 :]]


def main():
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="python -m attnlib.dates.translate",
        description="Translate dates to ISO 8601.",
        epilog=f"The model was trained on the years {FIRST.year} to {LAST.year}. Its confidence is its own and can be "
        "wrong, above all for other years and other ways to write a date.",
    )
    parser.add_argument("dates", nargs="*", help="texts; none: lines of standard input, in UTF-8")
    parser.add_argument("--weights", type=Path, help="weights that python -m attnlib.dates.train has written")
    options = parser.parse_intermixed_args(as_positional(sys.argv[1:]))
    try:
        params = load_date_model(options.weights)
    except ValueError as error:  # another model's, or broken
        parser.exit(FAILED, f"{error}\n")
    if options.dates:
        kind, arriving = "text", [options.dates]
    elif sys.stdin:
        kind, arriving = "line", arriving_lines(sys.stdin.buffer)
    else:
        parser.error("no texts, and no standard input")
    number, faults = 1, 0
    for texts in arriving:
        for start in range(0, len(texts), BATCH):
            some = [text.strip() for text in texts[start : start + BATCH]]
            faults += print_answers(params, some, kind, number)
            number += len(some)
    return 1 if faults else 0


if __name__ == "__main__":
    run(main)
