"""What depends on where the site stands: the page for wrong addresses, the list of right ones, the word to robots."""

import re
from collections.abc import Iterable
from html import escape
from urllib.parse import urlsplit

_RELATIVE = re.compile(r'((?:href|src|action)=")(?!#|/|[a-z]+:)')


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
