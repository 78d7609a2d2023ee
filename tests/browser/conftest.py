"""A real browser, and a visit in it that fails when the page misbehaves."""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Request, sync_playwright

from tests.browser.served import missing, served

Visit = Callable[..., AbstractContextManager[Page]]

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
_PLACES = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    r"C:\Program Files\Google\Chrome\Application\chrome.exe",
    r"C:\Program Files (x86)\Google\Chrome\Application\chrome.exe",
)
# A browser that phones home would blur the question whether the page asks for anything from elsewhere; and whatever is
# asked of another host fails.
_QUIET = (
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium or Chrome, without a window."""
    found = [path for name in _NAMES if (path := shutil.which(name))] + [p for p in _PLACES if Path(p).exists()]
    if not found:
        missing("no Chromium or Chrome on the PATH")
    # Chromium's sandbox refuses to run as root, as in a container.
    as_root = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        yield playwright.chromium.launch(executable_path=found[0], args=[*_QUIET, *as_root])


@pytest.fixture(scope="session")
def site() -> Iterator[str]:
    """The address of the site."""
    with served() as address:
        yield address


@pytest.fixture(scope="session")
def visit(browser: Browser) -> Visit:
    """Opens a page in a fresh profile: ``with visit(address) as page``.

    On leaving, the visit fails if the page asked another host for something, got an answer that is an error,
    or reported an error of its own: so every test in a page is a test of that, too. ``until="networkidle"`` also waits
    for what is fetched late, which takes half a second; ``deeper`` opens the sections that go deeper.
    """

    @contextmanager
    def open_page(
        address: str,
        width: int = 1280,
        height: int = 900,
        first: str = "",
        until: str = "load",
        deeper: bool = False,
        **options,
    ) -> Iterator[Page]:
        complaints: list[str] = []
        origin = "/".join(address.split("/")[:3]) + "/"

        def asked(request: Request) -> None:
            if not request.url.startswith((origin, "data:", "blob:")):
                complaints.append(f"asked another host: {request.url}")

        context = browser.new_context(viewport={"width": width, "height": height}, **options)
        context.on("request", asked)
        if first:  # a script that runs before any of the page's own
            context.add_init_script(first)
        page = context.new_page()
        page.on("console", lambda note: note.type == "error" and complaints.append(f"console: {note.text}"))
        page.on("pageerror", lambda error: complaints.append(f"script: {error}"))
        page.on("response", lambda r: r.status >= 400 and complaints.append(f"answer {r.status}: {r.url}"))
        try:
            page.goto(address)
            if deeper:
                page.evaluate("() => document.querySelectorAll('details.deeper').forEach((part) => part.open = true)")
            yield page
            page.wait_for_load_state(until)
            assert not complaints
        finally:
            context.close()

    return open_page
