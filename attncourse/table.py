"""Numbers in rows and columns, as a page and a notebook show them."""

import re
from collections.abc import Sequence


class Table:
    """A few rows under a head; displays itself as a table, and prints as its Markdown."""

    def __init__(self, head: Sequence[str], rows: Sequence[Sequence[object]]):
        self.head, self.rows = head, rows

    def __repr__(self) -> str:
        lines = [self.head, ["---"] * len(self.head), *self.rows]
        return "\n".join(f"| {' | '.join(map(_shown, line))} |" for line in lines)

    def _repr_markdown_(self) -> str:
        return repr(self)


def _shown(entry: object) -> str:
    """As prose writes it, with a minus before a negative number and not a hyphen."""
    return re.sub(r"^-(?=\d)", "−", str(entry))


def table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> Table:
    """Show computed numbers as a table.

    Args:
        head: one word or two for each column.
        rows: what stands below them, already rounded.

    Raises:
        ValueError: if a row has another number of entries than the head, or a column has no name.
    """
    if not all(head):
        raise ValueError(f"every column needs a name, which a screen reader says: got {list(head)}")
    for row in rows:
        if len(row) != len(head):
            raise ValueError(f"a row of {len(row)} under a head of {len(head)}: {row}")
    return Table(head, rows)
