"""Whether the built site brings Python along."""

import json
import urllib.request

import pytest


def needs_python(site: str) -> None:
    """Skip where Python would come from another host, which a test must not ask."""
    with urllib.request.urlopen(f"{site}_python/python.json") as answer:
        if json.load(answer)["pyodide"].startswith("http"):
            pytest.skip("the site was built without PYODIDE_DIST: Python in the page would come from another host")
