"""The Sphinx side of the course: everything that turns its sources into a quiet, self-contained site."""

PARTS = (
    "math",
    "page",
    "pictures",
    "progress",
    "explorers",
    "trainings",
    "ledger",
    "cards",
    "deeper",
    "editor",
    "exercises",
    "glossary",
    "api",
    "runtime",
    "site",
)


def setup(app):
    """Wire the parts together; each is a module that explains itself."""
    from importlib import import_module

    for name in PARTS:  # imported here, for a part that needs no Sphinx, such as attnbook.execute, is not to wait for it
        import_module(f"attnbook.{name}").setup(app)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
