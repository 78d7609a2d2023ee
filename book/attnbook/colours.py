"""The palette as CSS: each role a variable with two values, and two classes for the shapes of a figure.

It is written from ``attncourse.drawing.palette``, so that figures and pages have one source of colours.
"""

from collections import defaultdict

from pygments.styles import get_style_by_name
from pygments.token import STANDARD_TYPES

from attncourse.drawing.palette import ROLES, Role
from attncourse.drawing.style import classes, variables

# What only a page needs: its links and marks, the ground behind a chosen entry, and verdicts.
PAGE = (
    Role("accent", "#0B5FA5", "#7DB8EA"),
    Role("accent-soft", "#E8F1F9", "#1F2F3D"),
    Role("holds", "#00714F", "#4CC3A0"),
    Role("holds-if", "#855C00", "#E6B450"),
    Role("fails", "#A8321B", "#FF8D75"),
)

# Where the reader's system sets the colours, what is paper and ink it says; the other hues suit its ground.
FORCED = {
    "paper": "Canvas", "wash": "Canvas", "accent-soft": "Canvas",
    "ink": "CanvasText", "number": "CanvasText", "faint": "CanvasText", "rule": "CanvasText",
    "accent": "LinkText",
}  # fmt: skip


# Code has a palette of its own: what a colour means in a figure it does not mean there.
CODE = {"light": "a11y-high-contrast-light", "dark": "a11y-high-contrast-dark"}


def code_roles() -> dict[Role, list[str]]:
    """The colours of code, and for each the short names of Pygments' tokens that have it."""
    styles = {theme: get_style_by_name(name) for theme, name in CODE.items()}
    names = defaultdict(list)
    for token, name in STANDARD_TYPES.items():
        colours = [f"#{style.style_for_token(token)['color']}" for style in styles.values()]
        if name and "#None" not in colours:
            names[tuple(colours)].append(name)
    return {Role(f"code-{group[0]}", *colours): group for colours, group in names.items()}


def colours_css() -> str:
    """The variables in every theme, and the classes ``fill-<role>``, ``line-<role>`` and ``none``.

    Dark is for screens alone: paper is white. Without a script no theme is chosen, and the system's holds.
    """
    code = code_roles()
    light, dark = (variables(theme, (*ROLES, *PAGE, *code)) for theme in ("light", "dark"))
    forced = ";".join(f"--{name}:{colour}" for name, colour in FORCED.items())
    rules = [
        f":root{{color-scheme:light;{light}}}",
        f'@media screen{{:root[data-theme="dark"]{{color-scheme:dark;{dark}}}}}',
        f"@media screen and (prefers-color-scheme:dark){{:root:not([data-theme]){{color-scheme:dark;{dark}}}}}",
        f"@media screen and (forced-colors:active){{:root:root{{color-scheme:light dark;{light};{forced}}}}}",
        f"@media screen and (forced-colors:active) and (prefers-color-scheme:dark){{:root:root{{{dark};{forced}}}}}",
        *(
            f"{','.join(f'.highlight .{name}' for name in names)}{{color:var(--{role.name})}}"
            for role, names in code.items()
        ),
        classes(),
    ]
    return "\n".join(rules)
