"""The Sphinx side of the course: everything that turns its sources into a quiet, self-contained site."""


def setup(app):
    """Wire the parts together; each is a module that explains itself."""
    # Imported here, for a part that needs no Sphinx, such as attnbook.execute, is not to wait for it.
    from attnbook import (
        api,
        cards,
        deeper,
        explorers,
        glossary,
        ledger,
        math,
        page,
        pictures,
        progress,
        runtime,
        site,
        trainings,
    )

    parts = (math, page, pictures, progress, explorers, trainings, ledger, cards, deeper, glossary, api, runtime, site)
    for part in parts:
        part.setup(app)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
