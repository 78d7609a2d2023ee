"""What the notation page says of other libraries is what came out when they were run."""

import json

import pytest

from conformity.libraries import BIASED, FAST, Fact
from conformity.report import RESULTS
from tests.notebooks import ROOT

STORED = json.loads((RESULTS / "libraries.json").read_text("utf-8"))
FACTS = [Fact(*row) for row in STORED["rows"]]
PAGE = (ROOT / "appendix" / "notation.md").read_text("utf-8")
IN_PROSE = ("A mask beside is_causal", "If the key is left out")  # and the settings below
LONG_SETTINGS = (FAST, BIASED, "key_padding_mask")


def cells():
    """(column, library) → the cell, of all tables of the page whose rows are libraries, without marks."""
    found, head = {}, []
    for line in PAGE.splitlines():
        row = [cell.strip().replace("**", "").replace("`", "") for cell in line.strip("|").split("|")]
        if not line.startswith("|"):
            head = []
        elif not head:
            head = row
        elif head[0] == "Library":
            found |= {(column, row[0]): cell for column, cell in zip(head, row, strict=True)}
    return found


CELLS = cells()


@pytest.mark.parametrize(
    "fact",
    [fact for fact in FACTS if fact.thing not in IN_PROSE and fact.setting not in LONG_SETTINGS],
    ids=lambda fact: "-".join(fact[:3]),
)
def test_a_cell_of_the_notation_page_says_what_the_library_did(fact):
    cell = CELLS[fact.thing, fact.library]
    if fact.thing == "Fewer key and value heads":
        shares = cell.partition("=")[0] not in ("no", "–") and not cell.startswith("another layer")
        assert shares == any(other.found != "no" for other in FACTS if other[:2] == fact[:2])
        assert fact.setting.partition("=")[0] in cell
    elif fact.thing == "Width of a value":
        assert ("must equal the key's" in cell) == (fact.found == "must equal the key's")
    elif fact.thing == "Scale":
        assert fact.found == "1/√ of the key's width"
        assert "1/√" in cell
    else:
        assert fact.found in cell
        assert fact.setting in cell
        assert cell == fact.found or fact.thing not in ("Projects its inputs?", "Inputs, in order")
        assert fact.setting or fact.thing == "Axes" or cell.startswith(fact.found)


def test_every_library_of_the_page_but_this_one_and_the_paper_was_run():
    libraries = {library for _, library in CELLS} - {"attnlib", "The paper", "---"}
    for thing in {fact.thing for fact in FACTS} - {*IN_PROSE, "Width of a value"}:
        assert {fact.library for fact in FACTS if fact.thing == thing} == libraries


def test_the_warnings_under_the_tables_are_what_was_found():
    found = {fact[:3]: fact.found for fact in FACTS}
    layer = "PyTorch's layer"
    assert found["A mask beside is_causal", layer, ""] == "its mask counts"
    assert found["A mask beside is_causal", layer, "need_weights=False"] == "replaced by a causal one"
    assert found["A mask beside is_causal", layer, FAST] == "its mask counts"
    nothing = "Query that may attend to nothing"
    assert found[nothing, layer, "need_weights=False"] == "zeros"
    assert found[nothing, layer, FAST] == "NaN"
    assert found[nothing, layer, BIASED] == "zeros, then the bias of the last projection"
    assert found["Boolean True means", layer, "key_padding_mask"] == "may not attend"
    assert CELLS["Boolean True means", layer] == "may not attend, in both"
    assert found["If the key is left out", "Keras's layer", ""] == "the value takes its place"


def test_the_page_names_the_versions_that_were_run():
    names = {"torch": "PyTorch", "jax": "JAX", "keras": "Keras", "onnx": "ONNX"}
    for package, name in names.items():
        assert f"{name} {STORED['versions'][package].partition('+')[0]}" in PAGE
