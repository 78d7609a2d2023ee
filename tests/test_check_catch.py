"""Write the test that catches it: a strong property passes, and a weak one hears what it misses."""

import re

import numpy as np
import pytest

from attncourse import check
from attncourse.check.catch import _shown, versions
from attncourse.check.catches import CATCHES
from attncourse.planted import Bug, library_with
from attnlib import softmax

BUGS = [(name, i, bug) for name, catch in CATCHES.items() for i, bug in enumerate(catch.bugs, 1)]


class TestPlantedBugs:
    @pytest.mark.parametrize("name", CATCHES)
    def test_each_function_has_five_or_six_bugs(self, name):
        assert len(CATCHES[name].bugs) in (5, 6)

    @pytest.mark.parametrize(("name", "number", "bug"), BUGS, ids=[bug.name for _, _, bug in BUGS])
    def test_each_bug_shows_in_its_call(self, name, number, bug):
        right, wrong = versions(name)[0], versions(name)[number]
        with np.errstate(all="ignore"):
            assert _shown(bug.call, name, wrong) != _shown(bug.call, name, right)

    def test_planting_leaves_the_library_as_it_is(self):
        [bug, *_] = CATCHES["softmax"].bugs
        with np.errstate(all="ignore"):
            assert np.isnan(library_with(bug)("softmax").softmax(np.array([1000.0]))).all()
        assert softmax(np.array([1000.0])) == 1

    def test_a_bug_that_has_lost_its_place_is_an_error(self):
        with pytest.raises(ValueError, match=r"lost: 'nowhere' must stand in softmax.py once"):
            library_with(Bug("lost", "softmax", "nowhere", ""))("softmax")


def always(says):
    return f"def is_right(function):\n    return {says}"


TURNS = "def is_right(softmax):\n    return np.random.default_rng().random() < 0.5"
ROWS = "def is_right(softmax):\n    return np.allclose(softmax(np.ones((2, 3))).sum(axis=-1), 1)"
LUCKY = """
def is_right(softmax):
    scores = 1500 * np.random.default_rng().random(2)
    return np.allclose(softmax(scores).sum(), 1)
"""


def with_the_library(function):
    return np.allclose(function(np.ones(3)), softmax(np.ones(3)))


class TestEveryProperty:
    @pytest.mark.parametrize("name", CATCHES)
    @pytest.mark.parametrize(
        ("answer", "reason"),
        [
            (always("True"), r"0 of \d planted bugs are caught. With one that is not caught, "),
            (always("False"), "is right, and your property finds it wrong"),
            (always("None"), "a property says True or False: yours returned something of type NoneType"),
            (always("np.array([True, True])"), "yours returned something of type ndarray"),
            (always("1"), "yours returned something of type int"),
            (always("function() is None"), "your code raised TypeError in line 2 of is_right, `return function"),
            (always("function.missing"), "your code raised AttributeError"),
            (with_the_library, "must stand alone, with np and nothing else: yours uses softmax"),
            ("def f(function):\n    import attnlib\n    return True", "must import nothing: what it may use is np"),
            (lambda function: True, "must be one function, written with def"),
            (True, "must be a function, passed without brackets: yours is of type bool"),
        ],
        ids=range(11),
    )
    def test_what_is_no_property_hears_why(self, name, answer, reason):
        said = repr(check.catch(**{name: answer}, keep=False))
        assert said.startswith(f"✗ catch.{name}: ")
        assert re.search(reason, said), said

    def test_a_property_that_sometimes_finds_the_library_wrong_hears_how_often(self):
        for _ in range(20):
            said = repr(check.catch(softmax=TURNS))
            assert re.search(r"finds it wrong|in \d of 5 runs|0 of 6", said), said

    def test_a_bug_that_is_caught_by_luck_is_not_caught(self):
        said = {repr(check.catch(softmax=LUCKY)) for _ in range(20)}
        assert any(
            re.search(r"With one that is caught in \d of 5 runs, large scores become NaN", text) for text in said
        )

    def test_a_property_without_a_name_hears_how_to_say_it(self):
        assert repr(check.catch(with_the_library)).endswith("it is to catch, as in check.catch(softmax=is_right)")

    def test_an_unknown_function_is_told_which_there_are(self):
        assert "there are softmax, attention_weights, multi_head" in repr(check.catch(soft_max=ROWS))

    def test_a_missed_bug_is_told_as_behaviour_with_its_numbers(self):
        assert repr(check.catch(softmax=ROWS)) == (
            "✗ catch.softmax: 2 of 6 planted bugs are caught. With one that is not caught, large scores become NaN: "
            "softmax(np.array([1000.0, 1000.0])) gives [nan, nan] where [0.5, 0.5] is due"
        )

    def test_an_error_on_a_bug_is_as_good_as_false(self):
        strict = ROWS.replace("return ", "assert ") + "\n    return True"
        assert "2 of 6 planted bugs are caught" in repr(check.catch(softmax=strict))

    def test_only_a_property_that_catches_all_is_kept_and_no_worked_solution(self, kept_file):
        check.catch(softmax=ROWS)
        assert not kept_file.exists()
        assert check.catch(softmax=SOFTMAX, keep=False)
        assert not kept_file.exists()
        assert check.catch(softmax=SOFTMAX)
        assert "catch.softmax" in kept_file.read_text("utf-8")


SOFTMAX = """
def is_right(softmax):
    scores = np.log([[1.0, 3.0], [2.0, 2.0]])
    weights = [[0.25, 0.75], [0.5, 0.5]]
    right = np.allclose(softmax(scores), weights) and np.allclose(softmax(scores + 1000), weights)
    return right and not softmax(np.full(3, -np.inf)).any()
"""

DRAW = "rng = np.random.default_rng()\n    "
WEAK = {  # a property that a reader may well write -> the behaviour that it misses
    "softmax": [
        ("np.allclose(f(np.eye(3)).sum(axis=-1), 1)", "large scores become NaN"),
        ("np.allclose(f(np.array([[1000.0, 0], [0, 0]])).sum(axis=-1), 1)", "a score larger by 1 weighs twice"),
        ("(f(np.array([900.0, 1])) >= 0).all()", "columns sum to 1"),
        ("np.allclose(f(np.array([800.0, 800])), 0.5)", "columns sum to 1"),
        ("np.allclose(f(np.array([1.0, 2]) + 700), f(np.array([1.0, 2])))", "large scores become NaN"),
        ("np.argmax(f(np.array([900.0, 901]))) == 1", "columns sum to 1"),
        ("np.allclose(f(np.log([[1e300, 3e300]]) + 90)[0], [0.25, 0.75])", "columns sum to 1|all rows together"),
        ("f(np.full(3, -np.inf)).sum() == 0", "large scores become NaN"),
        ("np.allclose(f(np.array([[-np.inf, 0]])), [[0, 1]])", "large scores become NaN"),
        ("np.isfinite(f(np.full((2, 2), 900.0))).all()", "columns sum to 1"),
    ],
    "attention_weights": [
        ("np.allclose(f(np.eye(4), np.eye(4)).sum(axis=-1), 1)", "the scores are not divided"),
        ("np.allclose(f(np.eye(1, 4), np.eye(1, 4)), 1)", "the scores are not divided"),
        ("np.argmax(f(np.eye(1, 4), np.eye(4))) == 0", "the scores are not divided"),
        ("f(np.eye(1, 4), np.eye(4)).max() < 0.4", "the scores are divided by too much|the divisor"),
        ("f(np.eye(1, 4), np.eye(4)).max() > 0.3", "the scores are not divided"),
        ("np.allclose(f(2 * np.eye(1, 4), np.eye(4))[0, 0], np.e / (np.e + 3))", "number of keys"),
        (
            "np.isclose(np.log((a := f(np.eye(1, 4), np.eye(4))[0])[0] / a[1]), 0.5)",
            "number of keys",
        ),
        ("np.allclose(np.diff(np.log(f(np.eye(4), np.eye(4))[1]))[0], 0.5)", "number of (keys|queries)"),
        ("np.allclose(np.diff(np.log(f(np.eye(1, 64), np.eye(2, 64))[0])), -1 / 8)", "the same for every width"),
        ("f(np.eye(1, 4), np.eye(4)).shape == (1, 4)", "the scores are not divided"),
    ],
    "multi_head": [
        ("f(np.ones((3, 4)), *np.ones((4, 4, 4)), 2).shape == (3, 4)", "a head mixes numbers of several tokens"),
        ("np.allclose(f(np.ones((3, 4)), *np.ones((4, 4, 4)), 2), 16)", "wrong places|mixes numbers"),
        ("f(w := np.eye(4), w, w, w, w, 2).sum() > 0", "a head mixes|wrong places"),
        ("np.allclose(f(x := np.eye(4), x, x, x, 2 * x, 2), 2 * f(x, x, x, x, x, 2))", "a head mixes"),
        (
            "np.allclose(f(np.eye(1, 4), w := np.tri(4), w, w, w, 2), np.eye(1, 4) @ w @ w)",
            "a head mixes|wrong places|scores",
        ),
        ("np.allclose(f(x := np.tri(4), *4 * [x], 1)[::-1], f(x[::-1], *4 * [x], 1))", "a head mixes"),
        ("not np.allclose(f(x := np.tri(4), 0 * x, x, x, x, 2), f(x, x, x, x, x, 2))", "a head mixes"),
        ("not np.allclose(f(x := np.tri(4), x, x, x, x, 2), f(x, x, x, x, x, 1))", "a head mixes"),
        ("np.isfinite(f(x := np.tri(4), x, x, x, x, 2)).all()", "a head mixes"),
        ("not f(x := np.tri(4), x, x, 0 * x, x, 2).any()", "a head mixes"),
    ],
    "sinusoidal_positions": [
        ("f(5, 6).shape == (5, 6)", "the first position is not 0"),
        ("(np.abs(f(5, 6)) <= 1).all()", "the first position is not 0"),
        ("np.allclose((f(5, 6) ** 2).sum(axis=-1), 3)", "the first position is not 0"),
        ("len(np.unique(f(50, 6), axis=0)) == 50", "the first position is not 0"),
        ("np.allclose(f(5, 6)[0], [0, 1, 0, 1, 0, 1])", "two wave lengths"),
        ("np.allclose(f(5, 6)[1, :2], [np.sin(1), np.cos(1)])", "two wave lengths|too slowly|too short"),
        ("np.allclose(f(5, 2)[:, 0], np.sin(np.arange(5)))", "side by side|two wave lengths|too slowly|too short"),
        ("np.allclose(np.diag(f(6, 4) @ f(6, 4).T, 1), (f(6, 4) @ f(6, 4).T)[0, 1])", "the first position is not 0"),
        ("np.allclose(f(9, 6)[:5], f(5, 6))", "the first position is not 0"),
        ("np.allclose(f(5, 4)[:, 2], np.sin(np.arange(5) / 100))", "the cosine|two wave lengths|side by side"),
    ],
    "attend": [
        ("f(np.ones((2, 3, 4)), np.array([2, 3])).shape == (2, 3, 4)", "no token sees itself"),
        ("np.allclose(f(np.ones((2, 3, 4)), np.array([2, 3])), 1)", "a token sees the one behind it"),
        ("np.allclose(f(x := np.tri(3)[None], np.array([3]))[0, 0], x[0, 0])", "padding|another"),
        ("np.isfinite(f(np.tri(3)[None], np.array([2]))).all()", "no token sees itself"),
        (
            "np.allclose(f(x := np.tri(3)[None], n := np.array([2])), f(x + 0, n))",
            "no token",
        ),
        ("np.allclose(f(np.eye(3)[None], np.array([3]))[0, :2, 2], 0)", "no token sees itself|padding"),
        ("np.allclose(f(np.eye(3)[None], np.array([1]))[0, :, 1:], 0)", "no token sees itself|another|one behind"),
        ("f(np.eye(3)[None], np.array([3]))[0, 2].all()", "one behind it|padding"),
        ("np.allclose(f(np.eye(3)[None], np.array([3])).sum(axis=-1), 1)", "a token sees"),
        (
            "np.allclose(f(x := np.stack([np.eye(3)] * 2), n := np.array([3, 3])), f(x[:1], n[:1]))",
            "no token sees itself",
        ),
    ],
    "layer_norm": [
        ("np.allclose(f(x := np.eye(3), np.ones(3), np.zeros(3)).mean(axis=-1), 0)", "one token"),
        (
            "np.allclose(f(x := np.eye(3), np.ones(3), np.zeros(3)).std(axis=-1), 1, atol=1e-2)",
            "one token",
        ),
        ("np.allclose(f(np.eye(3), np.zeros(3), np.arange(3.0)), np.arange(3))", "one token's numbers|not taken away"),
        (
            "np.allclose(f(np.eye(3) + 5, o := np.ones(3), 0 * o), f(np.eye(3), o, 0 * o), atol=1e-3)",
            "one token|variance",
        ),
        (
            "np.allclose(f(9 * np.eye(3), o := np.ones(3), 0 * o), f(np.eye(3), o, 0 * o), atol=1e-3)",
            "one token|not taken",
        ),
        ("np.allclose(f(x := np.eye(3), o := np.ones(3), 0 * o)[:1], f(x[:1], o, 0 * o))", "the mean|variance"),
        ("np.allclose(f(np.eye(3), o := np.ones(3), o), f(np.eye(3), o, 0 * o) + 1)", "one token"),
        (
            "np.allclose(f(np.eye(3), 2 * np.ones(3), np.zeros(3)), 2 * f(np.eye(3), np.ones(3), np.zeros(3)))",
            "one token",
        ),
        ("f(np.eye(3), np.ones(3), np.zeros(3)).shape == (3, 3)", "one token"),
        ("np.isfinite(f(np.ones((2, 3)), np.ones(3), np.zeros(3))).all()", "one token"),
    ],
    "decoder_layer": [
        ("f(np.ones((1, 2, 8)), np.ones((1, 3, 8)), np.array([2])).shape == (1, 2, 8)", "padding of the memory counts"),
        ("not np.allclose(f(x := np.eye(2, 8)[None], x, n := np.array([2])), f(x, 2 * x, n))", "padding"),
        (
            "np.allclose(f(x := np.eye(2, 8)[None], m := np.eye(3, 8)[None], n := [2]), f(x, m * [[1], [1], [5]], n))",
            "memory changes",
        ),
        (
            "np.allclose(f(x := np.eye(2, 8)[None], m := np.eye(3, 8)[None], n := np.array([3])), f(x, m[:, ::-1], n))",
            "padding",
        ),
        ("np.allclose(f(x := np.eye(2, 8)[None], x, n := np.array([2]))[:, 0], f(x[:, :1], x, n)[:, 0])", "padding"),
        (
            "np.allclose(f(x := np.eye(2, 8)[None], x, n := np.array([2]))[:, 0], f(x + [[0], [1]], x, n)[:, 0])",
            "padding",
        ),
        ("np.isfinite(f(np.ones((1, 2, 8)), np.ones((1, 3, 8)), np.array([1]))).all()", "padding"),
        (
            "not np.allclose(f(x := np.eye(2, 8)[None], x, np.array([2])), f(x, x, np.array([1])))",
            "order|memory|depends",
        ),
        (
            "np.allclose(f(x := np.eye(2, 8)[None], m := np.eye(3, 8)[None], n := [2]), f(x, m[:, :2], n))",
            "memory",
        ),
        ("f(np.eye(2, 8)[None], np.eye(3, 8)[None], np.array([3])).std() > 0", "padding"),
    ],
}
CASES = [(name, *case) for name, cases in WEAK.items() for case in cases]


@pytest.mark.parametrize(
    ("name", "says", "missed"), CASES, ids=[f"{name}-{i % 10}" for i, (name, *_) in enumerate(CASES)]
)
def test_a_weak_property_hears_of_a_behaviour_that_it_misses(name, says, missed):
    said = repr(check.catch(**{name: f"def is_right(f):\n    return bool({says})"}, keep=False))
    assert re.search(rf"[0-5] of 6 planted bugs are caught. With one that is not caught, .*({missed})", said), said
