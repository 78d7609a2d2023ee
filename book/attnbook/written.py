"""What is laid beside the pages once they are written."""

from collections.abc import Callable
from typing import Any


def when_written(app: Any, write: Callable[[Any], None], priority: int) -> None:
    """Call ``write(app)`` at the end of a build of the site that has not failed; a lower priority comes earlier."""

    def finish(app, exception) -> None:
        if exception is None and app.builder.format == "html":
            write(app)

    app.connect("build-finished", finish, priority=priority)
