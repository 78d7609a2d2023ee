"""The Sphinx side of the course: everything that turns its sources into a quiet, self-contained site."""

from importlib import import_module

PARTS = """
    math page pictures progress explorers trainings ledger conformity cards deeper editor exercises glossary api
    runtime lite colab site
"""


def setup(app):
    """Wire the parts together; each is a module that explains itself."""
    for part in PARTS.split():  # imported here: a part that needs no Sphinx, such as attnbook.execute, is not to wait
        import_module(f"attnbook.{part}").setup(app)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
