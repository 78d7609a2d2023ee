"""Figures and pages share one palette, whatever decides between light and dark."""

import re

import pytest

from attnbook.colours import FORCED, PAGE, colours_css
from attncourse.drawing.palette import ROLES

CSS = colours_css()


@pytest.mark.parametrize("role", [*ROLES, *PAGE], ids=lambda role: role.name)
def test_every_role_is_a_variable_with_one_value_for_each_theme(role):
    values = set(re.findall(rf"--{role.name}:([^;}}]+)", CSS))
    assert values - {FORCED.get(role.name)} == {role.light, role.dark}


@pytest.mark.parametrize("role", ROLES, ids=lambda role: role.name)
def test_every_role_of_a_figure_fills_and_draws(role):
    assert f".fill-{role.name}{{fill:var(--{role.name})}}" in CSS
    assert f".line-{role.name}{{stroke:var(--{role.name})}}" in CSS


def test_dark_is_for_screens_alone():
    dark = [line for line in CSS.splitlines() if ROLES[0].dark in line]
    assert dark
    assert all(line.startswith("@media screen") for line in dark)


def test_forced_colours_name_roles_that_there_are():
    assert set(FORCED) <= {role.name for role in (*ROLES, *PAGE)}
