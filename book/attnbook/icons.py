"""The handful of icons that the pages show, as masks in the stylesheet, instead of 1.5 MB of script."""

import re
from collections.abc import Iterable
from urllib.parse import quote

# In the theme's own copy of Font Awesome: bars:[448,512,["navicon"],"f0c9","M16 132h416c…"]
_ICON = r'[{{,]"?{name}"?:\[(\d+),(\d+),\[[^\]]*\],"[0-9a-f]+","([^"]+)"'

CREDIT = "/* Icons: Font Awesome Free, fontawesome.com, licence CC BY 4.0 */\n"
_FRAME = """.fa-solid{display:inline-block;width:1em;height:1em;vertical-align:-.125em;background:currentColor;
-webkit-mask:var(--icon) center/contain no-repeat;mask:var(--icon) center/contain no-repeat}
"""


def icon_names(html: str) -> set[str]:
    """The icons that a page names: ``fa-bars`` gives ``bars``."""
    classes = re.findall(r'class="([^"]*\bfa-solid\b[^"]*)"', html)
    return {word[3:] for value in classes for word in value.split() if word.startswith("fa-")} - {"solid", "lg"}


def icon_css(names: Iterable[str], library: str) -> str:
    """A rule for each icon.

    Args:
        names: such as ``bars``.
        library: the text of the theme's ``fontawesome.js``, which holds the outlines.

    Raises:
        KeyError: if the library has no solid icon of that name.
    """
    rules = [CREDIT, _FRAME]
    for name in sorted(names):
        found = re.findall(_ICON.format(name=re.escape(name)), library)
        if not found:
            raise KeyError(f"the theme's Font Awesome has no icon named {name!r}")
        width, height, outline = found[-1]  # the solid set comes after the regular one
        svg = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}"><path d="{outline}"/></svg>'
        rules.append(f'.fa-{name}{{--icon:url("data:image/svg+xml,{quote(svg, safe=" /=:")}")}}\n')
    return "".join(rules).replace("\n-webkit", "-webkit")
