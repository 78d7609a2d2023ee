"""Where a chapter's notebook runs with nothing to install: in the reader's browser, and on two services."""

import re
from typing import NamedTuple
from urllib.parse import quote

_GITHUB = re.compile(r"https://github\.com/([\w.-]+/[\w.-]+?)(?:\.git)?/?")
COLAB_BRANCH = "colab"  # of the repository: the deployment keeps there what attnbook.colab has written


class Way(NamedTuple):
    """One way to run a notebook."""

    name: str
    address: str
    note: str  # what a reader should know before


def on_github(repository: str) -> str:
    """``owner/name`` of a repository on GitHub, which the services read; empty for any other address."""
    found = _GITHUB.fullmatch(repository)
    return found[1] if found else ""


def ways(notebook: str, lite: str, repository: str, site: str) -> list[Way]:
    """The ways to run a notebook, the nearest first.

    Args:
        notebook: its place in the repository, such as ``chapters/01_compute_attention.ipynb``.
        lite: the address of JupyterLite, if the site has it.
        repository: the address of the sources, if there is one.
        site: the address of the site, if it is known; Colab fetches the course's wheel from there.
    """
    name, github = notebook.rpartition("/")[2], on_github(repository)
    found = []
    if lite:
        note = "JupyterLite: nothing to install, and your changes stay in this browser. The first start fetches 30 MB."
        found.append(Way("In this browser", f"{lite}?path={quote(name)}", note))
    if github and site:
        address = f"https://colab.research.google.com/github/{github}/blob/{COLAB_BRANCH}/{quote(name)}"
        found.append(Way("In Google Colab", address, "On a machine of Google’s; needs an account there."))
    if github:
        address = f"https://mybinder.org/v2/gh/{github}/HEAD?urlpath={quote(f'lab/tree/{notebook}', safe='')}"
        found.append(Way("On Binder", address, "On a shared machine; it may take minutes to start, and keeps nothing."))
    return found
