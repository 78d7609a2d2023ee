"""A table shows what it was given, or says which row does not fit."""

import pytest

from attncourse import table


def test_a_table_is_markdown_with_one_line_a_row():
    shown = table(["heads", "accuracy"], [(1, "0.60"), (2, "1.00")])
    assert shown._repr_markdown_().splitlines() == [
        "| heads | accuracy |",
        "| --- | --- |",
        "| 1 | 0.60 |",
        "| 2 | 1.00 |",
    ]


def test_a_row_that_does_not_fit_its_head_is_an_error():
    with pytest.raises(ValueError, match="a row of 1 under a head of 2"):
        table(["heads", "accuracy"], [(1,)])


def test_a_column_without_a_name_is_an_error():
    with pytest.raises(ValueError, match="every column needs a name"):
        table(["", "accuracy"], [(1, "0.60")])
