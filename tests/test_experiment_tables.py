"""The tables of the experiments' README are what their results say."""

import re

from experiments.tables import README, filled


def test_every_table_of_results_is_made_from_its_result():
    text = README.read_text("utf-8")
    assert filled(text) == text, "call: python -m experiments.tables"


def test_no_table_of_results_was_typed():
    text = re.sub(r"<!-- table: \S+ -->.*?<!-- end -->", "", README.read_text("utf-8"), flags=re.DOTALL)
    [commands] = re.findall(r"^\|[ :-]+\|.*$", text, re.MULTILINE)  # the list of all experiments
    assert text.index(commands) < text.index("\n## ")
