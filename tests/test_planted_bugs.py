import pytest

from tests.planted_bugs import BUGS, copy_repository, fails, own_tests, planted, stands_once, unit_tests

# One bug of every fourth module. All of them: python -m tests.planted_bugs
SAMPLE = list({bug.file: bug for bug in BUGS}.values())[::4]

every_bug_of_the_sample = pytest.mark.parametrize("bug", SAMPLE, ids=lambda bug: bug.name)


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.name)
def test_each_planted_bug_still_has_its_place_in_the_library(bug):
    assert stands_once(bug), f"{bug.old!r} must stand in attnlib/{bug.file}.py once: keep the list of bugs true"


def test_no_bug_is_planted_twice():
    assert len({bug.name for bug in BUGS}) == len({bug[1:] for bug in BUGS}) == len(BUGS)


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    """A copy of the repository, in which the tests of the sample's modules pass."""
    copy = copy_repository(tmp_path_factory.mktemp("planted"))
    broken, reason = fails(unit_tests(own_tests(SAMPLE)), copy, compiled=True)
    assert not broken, f"without a bug: {reason}"
    return copy


@every_bug_of_the_sample
def test_the_tests_of_its_own_module_or_the_contracts_catch_a_planted_bug(bug, copy):
    with planted(bug, copy):
        for tests in (own_tests([bug]), ["vjp_contracts"]):
            found, reason = fails(unit_tests(tests), copy)
            if found:
                break
    assert found, f"no test of {bug.file} fails, and no contract"
    assert reason.startswith("FAILED"), reason
