import json

import pytest

from attnbook.ledger import collect, count, table
from attncourse.claims import CLAIMS
from attncourse.verdict import VERDICT_MIME


def notebook(path, *verdicts):
    outputs = [
        {"data": {VERDICT_MIME: {"id": id, "verdict": verdict, "evidence": f"numbers of {id}"}}, "metadata": {}}
        for id, verdict in verdicts
    ]
    markdown = [{"cell_type": "markdown", "source": source} for source in ("# Title", "## Is it so?")]
    cells = [*markdown, {"cell_type": "code", "outputs": outputs}]
    path.write_text(json.dumps({"cells": cells}), "utf-8")
    return path


def test_verdicts_come_in_the_order_of_the_claims(tmp_path):
    later = notebook(tmp_path / "02_b.ipynb", ("2.2", "holds"), ("2.1", "holds-if"))
    earlier = notebook(tmp_path / "01_a.ipynb", ("1.3", "fails"))
    records = collect([later, earlier])
    assert [record.id for record in records] == ["1.3", "2.1", "2.2"]
    assert records[0].evidence == "numbers of 1.3"
    assert records[0].notebook == earlier


def test_other_outputs_are_no_verdicts(tmp_path):
    path = tmp_path / "01_a.ipynb"
    outputs = [{"data": {"text/plain": "1"}}, {"name": "stdout", "text": "2"}]
    path.write_text(json.dumps({"cells": [{"outputs": outputs}]}), "utf-8")
    assert collect([path]) == []


def test_a_second_verdict_on_a_claim_is_an_error(tmp_path):
    one = notebook(tmp_path / "01_a.ipynb", ("1.1", "holds"))
    two = notebook(tmp_path / "02_b.ipynb", ("1.1", "fails"))
    with pytest.raises(ValueError, match=r"claim 1\.1 has two verdicts: 01_a\.ipynb, 02_b\.ipynb"):
        collect([one, two])


def test_a_verdict_on_no_claim_is_an_error(tmp_path):
    with pytest.raises(ValueError, match=r"there is no claim '8\.1'"):
        collect([notebook(tmp_path / "01_a.ipynb", ("8.1", "holds"))])


def test_an_unknown_ruling_is_an_error(tmp_path):
    with pytest.raises(ValueError, match="unknown verdict 'maybe'"):
        collect([notebook(tmp_path / "01_a.ipynb", ("1.1", "maybe"))])


def test_a_verdict_that_answers_no_question_is_an_error(tmp_path):
    path = notebook(tmp_path / "01_a.ipynb", ("1.1", "holds"))
    cells = json.loads(path.read_text("utf-8"))["cells"]
    path.write_text(json.dumps({"cells": [cells[0], cells[2]]}), "utf-8")
    with pytest.raises(ValueError, match=r"claim 1\.1 stands under no question"):
        collect([path])


def test_the_count_adds_up(tmp_path):
    path = notebook(tmp_path / "01_a.ipynb", ("1.1", "holds"), ("1.2", "holds"), ("1.4", "fails"), ("1.5", "holds-if"))
    sentence = count(collect([path]))
    assert sentence == (
        "4 of 26 claims are decided so far: 2 hold, 1 holds only under a condition, 1 fails as written."
    )


def test_the_count_says_so_when_all_are_decided(tmp_path):
    path = notebook(tmp_path / "01_a.ipynb", *((id, "holds") for id in CLAIMS))
    assert count(collect([path])).startswith("All 26 claims are decided: 26 hold, ")


def test_the_table_has_every_claim_and_links_the_decided_ones(tmp_path):
    path = notebook(tmp_path / "01_compute.ipynb", ("1.4", "fails"))
    html = table(collect([path]))
    for claim in CLAIMS.values():
        assert f'<span class="number">{claim.id}</span>' in html
    assert html.count("badge-open") == len(CLAIMS) - 1
    assert 'href="../chapters/01_compute.html#claim-1-4"' in html
    assert ">Is it so?</a>" in html
    assert 'numbers of <b class="amount">1.4</b>' in html
