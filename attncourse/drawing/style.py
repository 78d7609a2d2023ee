"""The style of a figure: colours of the roles, classes of the shapes, typeface."""

from collections.abc import Iterable

from attncourse.drawing.canvas import CSS_DPI, SMALL
from attncourse.drawing.palette import ROLES, Role
from attncourse.drawing.typeface import FAMILY, X_HEIGHT

ALONE = "attention-figure"  # the class around a figure outside the course's own pages


def variables(theme: str, roles: Iterable[Role] = ROLES) -> str:
    """A variable for each role, as ``--query:#0072B2``; ``theme`` is "light" or "dark"."""
    return ";".join(f"--{role.name}:{getattr(role, theme)}" for role in roles)


def classes(within: str = "") -> str:
    """The classes ``fill-<role>``, ``line-<role>`` and ``none``."""
    rules = [".none{fill:none}"]
    for role in ROLES:
        rules += [f".fill-{role.name}{{fill:var(--{role.name})}}", f".line-{role.name}{{stroke:var(--{role.name})}}"]
    return "".join(f"{within} {rule}".strip() for rule in rules)


def style(name: str) -> str:
    """The whole style of figures inside an element of this class; dark, and on its paper, where JupyterLab is."""
    paper = f"body[data-jp-theme-light] .{name}{{--paper:var(--jp-layout-color0)}}"
    families = ",".join(f"'{family}'" for family in FAMILY)
    return (
        f".{name}{{{variables('light')};max-width:720px}}"
        f"body[data-jp-theme-light=false] .{name}{{{variables('dark')}}}{paper}"
        f".{name} svg{{display:block;width:100%;height:auto;overflow:visible;stroke-linejoin:round;"
        f"font:{SMALL * CSS_DPI / 72:g}px/1 {families},sans-serif;font-size-adjust:{X_HEIGHT}}}"
        f"{classes('.' + name)}"
    )
