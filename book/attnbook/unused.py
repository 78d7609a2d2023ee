"""Removes from a built site every file of its static folder that nothing refers to.

The theme and its extensions lay there source maps, two icon fonts, a framework and forty languages: seven megabytes.
"""

import re
from pathlib import Path

_PAGE = re.compile(r'(?:href|src|content|data-[\w-]+)="([^"]+)"')
_SHEET = re.compile(r'url\(\s*["\']?([^)"\']+)')
_SCRIPT = re.compile(r"""["'`]([^"'`\n]+\.\w+)["'`]""")
_ADDRESS = re.compile(r"[\w./~%-]{1,200}")
_REFERENCES = {".html": _PAGE, ".css": _SHEET, ".svg": _PAGE, ".js": _SCRIPT}


def referred(file: Path, site: Path) -> set[Path]:
    """The files of the site to which a page, a stylesheet or a script refers."""
    pattern = _REFERENCES.get(file.suffix)
    found = pattern.findall(file.read_text("utf-8")) if pattern else []
    addresses = [re.split("[?#]", word)[0] for word in found]
    # Where an address is absolute, its end decides: the site may stand anywhere.
    ends = [address[address.index("_static/") :] for address in addresses if "_static/" in address]
    near = [file.parent / address for address in addresses if _ADDRESS.fullmatch(address)]
    far = [site / end for end in ends if _ADDRESS.fullmatch(end)]
    return {path.resolve() for path in (*near, *far) if path.is_file()}


def used(pages: list[Path], site: Path) -> set[Path]:
    """Every file that some page needs, directly or through what it refers to; the pages are among them."""
    known, waiting = set(), [page.resolve() for page in pages]
    while waiting:
        file = waiting.pop()
        if file not in known:
            known.add(file)
            waiting += referred(file, site.resolve())
    return known


def remove_unused(pages: list[Path], site: Path) -> int:
    """Remove what is not needed from ``_static``; returns how many files that were."""
    needed, static = used(pages, site), site / "_static"
    unused = [path for path in static.rglob("*") if path.is_file() and path.resolve() not in needed]
    for path in unused:
        path.unlink()
    for folder in sorted((path for path in static.rglob("*") if path.is_dir()), reverse=True):
        if not any(folder.iterdir()):
            folder.rmdir()
    return len(unused)
