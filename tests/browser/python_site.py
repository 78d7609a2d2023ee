"""Whether the built site brings Python along."""

import json

import pytest

from tests.browser.served import SITE, missing


def needs_python() -> None:
    """Skip where Python would come from another host, which a test must not ask."""
    described = SITE / "_python/python.json"
    if not described.exists():
        missing("the site is not built: run `make site` first")
    if json.loads(described.read_text("utf-8"))["pyodide"].startswith("http"):
        pytest.skip("the site was built without PYODIDE_DIST: Python in the page would come from another host")
