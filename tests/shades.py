"""Words that name a shade: what is dark in one theme is light in the other."""

import re

_SHADES = re.compile(
    r"\b(dark|darker|darkest|darkness|light(?:er|est)? (?:cell|shade|colour|area|square)s?|pale|paler|palest|"
    r"white|whiter|black|blacker|bright|brighter|brightest|dim|dimmer)\b",
    re.IGNORECASE,
)
_NO_SHADE = re.compile(r"black.box|white.noise|`[^`]*`|dark theme|light theme", re.IGNORECASE)


def shades(text: str) -> list[str]:
    """The words of a text that name a shade of a figure."""
    return _SHADES.findall(_NO_SHADE.sub("", text))
