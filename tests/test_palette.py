"""Every role can be told from the paper, and read, in both themes (WCAG 2.2)."""

import numpy as np
import pytest
from matplotlib.colors import to_rgb

from attncourse.drawing.palette import PAPER, ROLES, STRONGEST, WEIGHT, role_of, shade

BY_NAME = {role.name: role for role in ROLES}
THEMES = pytest.mark.parametrize("theme", ["light", "dark"])
INKS = [name for name in BY_NAME if name.endswith("ink") or name == "faint"]
AREAS = ["query", "key", "value", "score", "weight", "position", "negative"]


def luminance(rgb):
    """Relative luminance, 0 to 1."""
    rgb = np.asarray(rgb)
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    return float(linear @ (0.2126, 0.7152, 0.0722))


def contrast(one, other):
    """From 1 to 21."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def colour(name, theme):
    return np.array(to_rgb(getattr(BY_NAME[name], theme)))


@THEMES
@pytest.mark.parametrize("name", INKS)
def test_words_can_be_read_on_the_paper(name, theme):
    assert contrast(colour(name, theme), colour("paper", theme)) >= 4.5


@THEMES
@pytest.mark.parametrize("name", AREAS)
def test_areas_and_lines_can_be_told_from_the_paper(name, theme):
    least = 2 if (name, theme) in {("weight", "light"), ("score", "light")} else 3  # which stand beside a darker ink
    assert contrast(colour(name, theme), colour("paper", theme)) >= least


@THEMES
@pytest.mark.parametrize("name", AREAS)
def test_a_number_can_be_read_on_a_cell_of_any_strength(name, theme):
    for strength in np.linspace(0, STRONGEST, 50):
        cell = strength * colour(name, theme) + (1 - strength) * colour("paper", theme)
        assert contrast(colour("number", theme), cell) >= 4.5


@THEMES
@pytest.mark.parametrize("name", AREAS)
def test_more_is_further_from_the_paper(name, theme):
    steps = np.linspace(0, STRONGEST, 20)[:, None]
    cells = steps * colour(name, theme) + (1 - steps) * colour("paper", theme)
    assert (np.diff([contrast(cell, colour("paper", theme)) for cell in cells]) > 0).all()


def test_no_two_roles_have_one_colour():
    assert len({role.light for role in ROLES}) == len(ROLES)


def test_a_shade_is_none_at_zero_strongest_at_its_reach_and_grey_blue_below():
    assert shade(0, WEIGHT) == (WEIGHT, 0)
    assert shade(3, WEIGHT, reach=2) == (WEIGHT, STRONGEST)
    assert role_of(shade(-1, WEIGHT)[0]) == "negative"
    assert role_of(PAPER) == "paper"
    assert role_of("#123456") == "#123456"
