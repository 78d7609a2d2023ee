"""Addresses: of changed files, for the page that stands in for wrong ones, for search engines and robots."""

import re
import zlib
from collections.abc import Iterable, Mapping
from html import escape
from pathlib import Path
from urllib.parse import urlsplit

_STATIC = re.compile(r'((?:href|src)="(?:[^"?]*/)?_static/|url\(")([\w.-]+)(?:\?v=\w+)?(?=")')
_RELATIVE = re.compile(r'((?:href|src|action)=")(?!#|/|[a-z]+:)')


def checksum(file: Path) -> str:
    """Eight digits that change with a file's content, as Sphinx has them for scripts."""
    return f"{zlib.crc32(file.read_bytes()):08x}"


def stamped(text: str, sums: Mapping[str, str]) -> str:
    """A page or a stylesheet that asks for static files by name and checksum: a changed one is fetched anew.

    Args:
        text: HTML or CSS; what an earlier build has stamped is stamped anew.
        sums: file name → checksum; other names stay as they are.
    """
    return _STATIC.sub(lambda found: f"{found[1]}{found[2]}?v={sums[found[2]]}" if found[2] in sums else found[0], text)


def absolute(html: str, address: str) -> str:
    """A page at the site's root whose addresses hold from everywhere: a host shows it for addresses of any depth.

    Args:
        html: the page.
        address: of the site; without one it is taken to stand at the root of its host.
    """
    return _RELATIVE.sub(rf"\g<1>{urlsplit(address).path or '/'}", html)


def sitemap(address: str, pages: Iterable[str]) -> str:
    """The list of all pages for search engines: the site's first, then ``pages``, by their places in it."""
    entries = "".join(f"<url><loc>{escape(address + page)}</loc></url>\n" for page in ("", *pages))
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n'
        f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n{entries}</urlset>\n'
    )


def robots(address: str) -> str:
    """Everything may be read; where the list of pages is."""
    return "User-agent: *\nAllow: /\n" + (f"Sitemap: {address}sitemap.xml\n" if address else "")
