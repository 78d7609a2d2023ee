"""Translate dates to ISO 8601 with the trained model: ``python -m attnlib.dates.translate "June 7th, 2021"``.

    python -m attnlib.dates.translate "June 7th, 2021" "7.6.21"
    python -m attnlib.dates.translate < dates.txt                 # one date a line

Each line of the answer: the text, the date, and how sure the model is. What it is not sure of is marked, not hidden.
"""

import argparse
import sys
from pathlib import Path

from attnlib.dates.model import load_date_model, translate
from attnlib.dates.task import NO_DATE

SURE = 0.9


def line(found):
    """One answer as a line of text.

    Args:
        found: ``Translation``.
    """
    if found.is_date:
        answer = found.answer if found.confidence >= SURE else f"{found.answer}, but not sure"
    elif found.answer == NO_DATE:
        answer = "no date" if found.confidence >= SURE else "no date, but not sure"
    else:
        answer = f"no day of the calendar ({found.answer or 'no answer'})"
    return f"{found.text}\t{answer}\tconfidence {found.confidence:.3f}"


def main():
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="python -m attnlib.dates.translate", description="Translate dates to ISO 8601."
    )
    parser.add_argument("dates", nargs="*", help="texts; none: lines of standard input")
    parser.add_argument("--weights", type=Path, help="weights that python -m attnlib.dates.train has written")
    options = parser.parse_args()
    try:
        params = load_date_model(options.weights)
    except (OSError, ValueError) as error:  # no such file, or another model's
        parser.error(str(error))
    wrong = 0
    for text in options.dates or (read.strip() for read in sys.stdin):
        try:
            found = translate(params, [text])
        except ValueError as error:  # empty, or too long: say so, and go on with the next
            print(f"{text}\t{error}", file=sys.stderr)
            wrong += 1
            continue
        print(line(found[0]), flush=True)
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
