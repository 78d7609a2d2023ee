"""Streams that tests write to."""

import io


class Leaving(io.StringIO):
    """What was written, and in ``gone`` what of it has left."""

    gone = ""

    def flush(self):
        self.gone = self.getvalue()
