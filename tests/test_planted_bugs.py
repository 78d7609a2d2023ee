import pytest

from tests.planted_bugs import BUGS, stands_once


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.name)
def test_each_planted_bug_still_has_its_place_in_the_library(bug):
    assert stands_once(bug), f"{bug.old!r} must stand in attnlib/{bug.file}.py once: keep the list of bugs true"


def test_no_bug_is_planted_twice():
    assert len({bug.name for bug in BUGS}) == len({bug[1:] for bug in BUGS}) == len(BUGS)
