"""The Sphinx side of the course: everything that turns its sources into a quiet, self-contained site."""

from pathlib import Path

from attnbook import explorers, math


def setup(app):
    """Wire the parts together; each is a module that explains itself."""
    app.config.html_static_path.append(str(Path(__file__).parent / "static"))
    for part in (math, explorers):
        part.setup(app)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
