"""The course's colours are roles: what a colour means is the same in every chapter, what it looks like the theme says.

A figure uses the light values below; on the page each becomes a CSS variable that the theme fills in. Hues are Okabe
and Ito's, chosen so that colour-blind readers can tell them apart. A role comes in two strengths:

- an area or a line: at least 3 : 1 on the paper, and a number in ``NUMBER`` on it is still 4.5 : 1 (``STRONGEST``);
- an ink for words: at least 4.5 : 1 on the paper.

Amounts are a role's colour laid on the paper so much the stronger (``shade``): stronger is more in both themes.
"""

import math
from typing import NamedTuple

import numpy as np
from matplotlib.colors import to_hex


class Role(NamedTuple):
    """What a colour is called on the page, and how it looks there."""

    name: str
    light: str
    dark: str


ROLES = (
    Role("query", "#0072B2", "#2A7FC1"),
    Role("query-ink", "#005F95", "#79BCEB"),
    Role("key", "#D55E00", "#C35A10"),
    Role("key-ink", "#A84A00", "#F29A62"),
    Role("value", "#009E73", "#0F8A67"),
    Role("value-ink", "#00714F", "#54C7A5"),
    Role("score", "#CC79A7", "#B25E8D"),
    Role("score-ink", "#97436F", "#E8A3CB"),
    Role("weight", "#E69F00", "#A67607"),
    Role("weight-ink", "#855C00", "#E3B255"),
    Role("position", "#A08050", "#8F7145"),  # position encodings: brown, which the five above leave free
    Role("position-ink", "#6B5030", "#CDAF82"),
    Role("negative", "#7A8CA3", "#66788F"),  # amounts below zero: grey-blue, whatever the role of those above
    Role("shared", "#D3C2EC", "#574388"),  # what shares one mean: chapter 6 has no queries, keys or values
    Role("shared-ink", "#5B3A99", "#C3ACF2"),
    Role("ink", "#222222", "#DBE1E8"),  # words and axes
    Role("number", "#000000", "#FEFEFE"),  # numbers on cells of any shade
    Role("faint", "#6B6B6B", "#9AA4AF"),  # secondary words: still 4.5 : 1
    Role("rule", "#C9C9C9", "#50565C"),  # grid lines and frames, never words
    Role("wash", "#F0F0F0", "#272A2D"),  # an area that stands apart and means nothing else
    Role("paper", "#FFFFFF", "#1A1A1A"),  # the page's own
)
_LIGHT = {role.name: role.light for role in ROLES}
_NAMES = {role.light.lower(): role.name for role in ROLES}

QUERY, QUERY_INK = _LIGHT["query"], _LIGHT["query-ink"]
KEY, KEY_INK = _LIGHT["key"], _LIGHT["key-ink"]
VALUE, VALUE_INK = _LIGHT["value"], _LIGHT["value-ink"]
SCORE, SCORE_INK = _LIGHT["score"], _LIGHT["score-ink"]
WEIGHT, WEIGHT_INK = _LIGHT["weight"], _LIGHT["weight-ink"]
POSITION, POSITION_INK = _LIGHT["position"], _LIGHT["position-ink"]
NEGATIVE = _LIGHT["negative"]
SHARED, SHARED_INK = _LIGHT["shared"], _LIGHT["shared-ink"]
INK, NUMBER, FAINT, RULE, WASH, PAPER = (_LIGHT[name] for name in ("ink", "number", "faint", "rule", "wash", "paper"))

STRONGEST = 0.85  # of a role's colour in a cell: a number on it can still be read in both themes

Shade = tuple[str, float]  # a colour and its strength, as Matplotlib takes them


def shade(amount: float, colour: str, reach: float = 1.0) -> Shade:
    """A role's colour for an amount: none at zero, the strongest at ``reach`` and beyond; grey-blue below zero."""
    strength = STRONGEST * min(abs(amount) / reach, 1.0) if math.isfinite(amount) else 0.0
    return (NEGATIVE if amount < 0 else colour), round(strength, 2)


def role_of(colour) -> str:
    """The name of the role that has this colour; a colour of no role as it is, "#rrggbb"."""
    written = to_hex(colour, keep_alpha=False)
    return _NAMES.get(written, written)


# Inks on a colour of no role: no theme changes them, as no theme changes what they stand on.
ON_LIGHT, ON_DARK = "#111111", "#FEFEFE"


def ink_on(background: tuple[float, ...]) -> str:
    """The ink that has more contrast on a colour of no role (WCAG 2.2)."""
    rgb = np.asarray(background[:3])
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    return ON_DARK if linear @ (0.2126, 0.7152, 0.0722) < 0.2 else ON_LIGHT
