"""The built site, served as any static host would serve it."""

import gzip
import io
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache, partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import NoReturn

import pytest

from tests.notebooks import ROOT

SITE = ROOT / "_build" / "html"


def missing(what: str) -> NoReturn:
    """Skip with the reason; on a continuous-integration machine nothing may be skipped."""
    if os.environ.get("CI") or os.environ.get("ATTN_REQUIRE_SITE"):
        pytest.fail(what)
    pytest.skip(what)


_TEXT = {".html", ".css", ".js", ".json", ".svg"}


@cache
def _packed(file: Path) -> bytes:
    return gzip.compress(file.read_bytes())  # as any static host sends it


class _Handler(SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def __init__(self, *args, prefix: str, headers: dict[str, str], **kwargs):
        self.prefix, self.headers_of_host = prefix, headers
        super().__init__(*args, **kwargs)

    def end_headers(self):
        for name, value in self.headers_of_host.items():
            self.send_header(name, value)
        super().end_headers()

    def send_head(self):
        if not self.path.startswith(self.prefix):
            self.send_error(404, "outside the site")
            return None
        self.path = self.path[len(self.prefix) - 1 :]
        file = Path(self.translate_path(self.path))
        if file.suffix not in _TEXT or not file.is_file():
            return super().send_head()
        body = _packed(file)
        self.send_response(200)
        self.send_header("Content-Type", self.guess_type(str(file)))
        self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        return io.BytesIO(body)

    def log_message(self, *args):
        pass


@contextmanager
def served(prefix: str = "/", headers: dict[str, str] | None = None) -> Iterator[str]:
    """The site on a free port of this machine, at an address that ends in ``prefix``; ``headers`` go with all."""
    if not (SITE / "index.html").exists():
        missing("the site is not built: run `make site` first")
    handler = partial(_Handler, directory=str(SITE), prefix=prefix, headers=headers or {})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}{prefix}"
        finally:
            server.shutdown()
            thread.join()
