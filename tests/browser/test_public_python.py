"""A site that brings no Python along takes it from Pyodide's public address, once its reader asks."""

import os
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Route, expect

from attnbook import pyodide, runtime
from tests.browser.python_site import needs_python
from tests.browser.test_exercises import FIRST, done, exercises, first_of, page_of, write

pytestmark = [pytest.mark.browser, pytest.mark.site]


def test_python_comes_from_the_public_address_and_an_exercise_is_checked(browser: Browser, site, tmp_path):
    needs_python()
    if not (dist := os.environ.get("PYODIDE_DIST")):
        pytest.skip("PYODIDE_DIST names no folder with Pyodide's files, which stands for the public address here")
    runtime.write_runtime(tmp_path)  # as a site has it that is built without that folder
    asked = []

    def from_site(route: Route) -> None:
        path = tmp_path / runtime.FOLDER / route.request.url.partition(f"/{runtime.FOLDER}/")[2]
        route.fulfill(path=path) if path.is_file() else route.fallback()

    def from_public_address(route: Route) -> None:
        asked.append(route.request.url)
        name = route.request.url.removeprefix(pyodide.PUBLIC)
        route.fulfill(path=Path(dist, name), headers={"Access-Control-Allow-Origin": "*"})

    context = browser.new_context()
    context.route(f"**/{runtime.FOLDER}/**", from_site)
    context.route(f"{pyodide.PUBLIC}**", from_public_address)
    page = context.new_page()
    page.goto(site + page_of(FIRST))
    assert not asked
    bench, (_, solution) = first_of(page), next(exercises(FIRST))
    write(bench, solution["source"])
    page.keyboard.press("Control+Enter")
    expect(done(bench)).to_contain_text("✓ next_letter")
    assert {url.removeprefix(pyodide.PUBLIC) for url in asked} >= {*pyodide.RUNTIME}
    context.close()
