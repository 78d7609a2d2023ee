"""A verdict carries its numbers, and cannot be given against them."""

import pytest

from attncourse import CLAIMS, FAILS, HOLDS, HOLDS_IF, verdict
from attncourse.verdict import VERDICT_MIME


def test_notes_have_26_claims_in_seven_chapters():
    assert len(CLAIMS) == 26
    assert [sum(claim.chapter == chapter for claim in CLAIMS.values()) for chapter in range(1, 8)] == [
        6,
        3,
        5,
        3,
        2,
        5,
        2,
    ]


@pytest.mark.parametrize("ruling", [HOLDS, HOLDS_IF, FAILS])
def test_verdict_stores_id_ruling_and_evidence(ruling):
    bundle = verdict("2.1", ruling, "variance 63.9 at d_k = 64", because={"within 5 %": True})._repr_mimebundle_()
    assert bundle[VERDICT_MIME] == {"id": "2.1", "verdict": ruling, "evidence": "variance 63.9 at d_k = 64"}
    assert "63.9" in bundle["text/plain"]
    assert "63.9" in bundle["text/html"]


def test_verdict_against_the_numbers_raises_and_names_the_broken_condition():
    with pytest.raises(AssertionError, match="not true that rows sum to 1"):
        verdict("1.2", HOLDS, "…", because={"weights are positive": True, "rows sum to 1": False})


def test_verdict_that_rests_on_nothing_raises():
    with pytest.raises(ValueError, match="rests on nothing"):
        verdict("1.2", HOLDS, "…", because={})


def test_unknown_claim_or_ruling_raises():
    with pytest.raises(ValueError, match=r"no claim '9\.9'"):
        verdict("9.9", HOLDS, "…", because={"x": True})
    with pytest.raises(ValueError, match="HOLDS, HOLDS_IF or FAILS"):
        verdict("1.1", "maybe", "…", because={"x": True})


def test_html_of_a_verdict_escapes_its_evidence():
    assert "a &lt; b" in verdict("1.1", HOLDS, "a < b", because={"x": True})._repr_mimebundle_()["text/html"]
