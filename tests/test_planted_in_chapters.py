"""A sample of ``python -m tests.planted_in_chapters``, and what must be true of its list."""

import pytest

from tests.notebooks import CHAPTERS
from tests.planted_bugs import BUGS, copy_repository
from tests.planted_in_chapters import caught_by, listed

NAMED = {bug.name: bug for bug in BUGS}
SAMPLE = {  # bug → number of a chapter that notices it
    "no guard for a row of −inf": 1,
    "scale 1/d_k": 2,
    "key heads tiled instead of repeated": 3,
    "eps a tenth": 6,
}


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    return copy_repository(tmp_path_factory.mktemp("planted"))


@pytest.mark.parametrize("name", SAMPLE)
def test_a_chapter_alone_notices_a_planted_bug(name, copy):
    place = caught_by(NAMED[name], [CHAPTERS[SAMPLE[name] - 1]], copy)
    assert place is not None
    assert "::Cell" in place


def test_every_bug_that_no_chapter_notices_is_one_and_has_a_reason():
    assert set(listed()) <= set(NAMED) - set(SAMPLE)
    assert all(len(why) > 20 for why in listed().values())
