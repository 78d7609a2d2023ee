"""The editor for the reader's code: CodeMirror 6, from the npm registry to the site without any other tool.

Each package comes at one version, checked against its SHA-512. Of each the site gets one module, beside the course's
own ``modules/code-editor.js``, which binds them together. Where the registry cannot be reached, the site has plain text
fields.
"""

import base64
import hashlib
import io
import os
import re
import shutil
import tarfile
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from sphinx.util import logging

from attnbook.page import WORKBENCH

FOLDER = "_editor"
REGISTRY, SETTING = "https://registry.npmjs.org", "npm_config_registry"  # npm's own setting names another
ENTRY = Path(__file__).parent / "modules" / "code-editor.js"


class Package(NamedTuple):
    """One package of the registry, and the module that is taken from it."""

    name: str
    version: str
    module: str
    sha512: str  # of the archive, in base64, as a lock file of npm has it

    @property
    def archive(self) -> str:
        """The archive's file name in the registry."""
        return f"{self.name.rpartition('/')[2]}-{self.version}.tgz"


PACKAGES = (
    Package(
        "@codemirror/state",
        "6.7.6",
        "dist/index.js",
        "kAz+AncRtKuIknedxT1bq4XwXv4UowhbkHU1myPrtVb/jZtImWuV5BXzv5vK6i3kYACsdiZiQKFQQ5Mq7elW8w==",
    ),
    Package(
        "@codemirror/view",
        "6.43.15",
        "dist/index.js",
        "HHsfpqFeHyXLs983pSRe38Xajs0vFWZQ2BuX0m7Ki8w3jZ5iD8cuR3lBz2/5/X53Dhf32SBHKh6rtSTB6tKeGw==",
    ),
    Package(
        "@codemirror/commands",
        "6.11.1",
        "dist/index.js",
        "O/4hG3SC1YwcmQ0d2UVNDs+AsaNWd1iHVxbTeEBuqH+6bExAiPK3iS/BvpY6rZGURALv4ZD3sIgcCmRvw3ehBg==",
    ),
    Package(
        "@codemirror/language",
        "6.13.1",
        "dist/index.js",
        "zfvU2r3TyylQLMj/te+5CnQ0rSqZi8B1oTCBbQkagcLW4Xc6imab6qN+pEJhsuNOLaJqiRyBXp9UhWA1DhVvDw==",
    ),
    Package(
        "@codemirror/streamparser",
        "6.0.0",
        "dist/index.js",
        "JTFPF6xrfjt0mnfGPgzcLiMwYmvIyNaoizp8BYzv8FE8KrT6GBGDZ190rtt+O7Wke3gG/MFHyiY9YGNeimof4w==",
    ),
    Package(
        "@lezer/common",
        "1.5.5",
        "dist/index.js",
        "Pw7PVCndruF1pb3ebCxpSVpkMHSDjwRCLcTRw+RizUKco5QbWylwq2g4lnG/RYN7yTTQDXE9F77MwtkAyphrjg==",
    ),
    Package(
        "@lezer/highlight",
        "1.2.5",
        "dist/index.js",
        "O1GMVKgtf5YspFaRzpmqkVgMtIk2HG9uMAbH6wdAIdNh3TVzCsch/+cRi+6l2//UGDKe6NB9BW3cvuR5ezMQ0w==",
    ),
    Package(
        "@lezer/lr",
        "1.4.12",
        "dist/index.js",
        "On9HU4oMMiHPMkQDgoTnGahjgG5n/MkN38CgG77sMraKLL+3JBbeQNi1FcCXV9QRqwF9/BUXP3caHyJC1fBOTQ==",
    ),
    Package(
        "@lezer/python",
        "1.1.19",
        "dist/index.js",
        "MhQIURHRytsNzP/YXnqpYKW6la6voAH3kyplTOOiCdjyFY6cWWGFVmYVdHIPrElqSDf4iCDktQCockB9FxuhzQ==",
    ),
    Package(
        "style-mod",
        "4.1.5",
        "src/style-mod.js",
        "WQ2llCZa9sZSkJA+aOwpg5DkfbAXFKGh//t3MRTBeruFiSBC+GXUmbBzrw3bXyboCWAbtCW9InDfBsXrRD/rAg==",
    ),
    Package(
        "w3c-keyname",
        "2.2.8",
        "index.js",
        "dpojBhNsCNN7T82Tm7k26A6G9ML3NkhDsnw9n/eoxSRlVBB4CEtIQ/KTCLI2Fwf3ataSXRhYFkQi3SlnFwPvPQ==",
    ),
    Package(
        "crelt",
        "1.0.7",
        "index.js",
        "aK6BbWfhf4U/wCcLHKPJl/xa6VkVstRaPywWtMKGwuOLc/wZTyQYuoxgvZnNsBvv7Kg3YTBQYYBCggcviQczuA==",
    ),
    Package(
        "@marijn/find-cluster-break",
        "1.0.4",
        "src/index.js",
        "Wy0V7+SGUjnF9/TkiM1hKVDPj7jKXduPNboMVtHTA8dySMURWqfg/JZ9E2Sq8JgSJmkl7k7Qe9FLeMSrSraWmQ==",
    ),
)

_IMPORT = re.compile(r"""^((?:import|export)\b[^;'"]*\bfrom\s*)(['"])([^'"]+)\2""", re.MULTILINE)
# Comments on lines of their own, indentation, empty lines. That no text of the pinned modules is cut was found by
# comparing the syntax trees of all of them before and after.
_SPARE = re.compile(r"^[ \t]*(?:/\*\*?(?!@)(?:(?!\*/).)*\*/[ \t]*\n|//[^\n]*\n)|^[ \t]+|^\n", re.MULTILINE | re.DOTALL)
# In a page style-mod would write a style element, which the site's policy forbids; in a shadow root it adopts a sheet,
# which no policy forbids. Current browsers adopt sheets in a page as well.
_ELEMENT, _ADOPTED = "if (!root.head && root.adoptedStyleSheets &&", "if (root.adoptedStyleSheets &&"

log = logging.getLogger(__name__)


def fetched(package: Package, store: Path) -> bytes:
    """A package's archive, kept below ``store`` so that it is fetched once.

    Raises:
        OSError: if it is not kept and the registry cannot be reached.
        ValueError: if the registry has something else.
    """
    kept = store / package.archive
    if kept.exists() and _sum(content := kept.read_bytes()) == package.sha512:
        return content
    registry = os.environ.get(SETTING, REGISTRY).rstrip("/")
    with urllib.request.urlopen(f"{registry}/{package.name}/-/{package.archive}", timeout=20) as answer:
        content = answer.read()
    if (found := _sum(content)) != package.sha512:
        raise ValueError(f"{package.archive} is not the one that was pinned: its SHA-512 is {found}")
    store.mkdir(parents=True, exist_ok=True)
    unfinished = kept.with_suffix(".part")
    unfinished.write_bytes(content)
    unfinished.replace(kept)  # never half a file
    return content


def _sum(content: bytes) -> str:
    return base64.b64encode(hashlib.sha512(content).digest()).decode()


def parts(package: Package, archive: bytes) -> tuple[str, str]:
    """A package's module and its licence, as text."""
    with tarfile.open(fileobj=io.BytesIO(archive)) as files:
        module, licence = (files.extractfile(f"package/{name}").read().decode() for name in (package.module, "LICENSE"))
    return module, licence


def file_of(name: str) -> str:
    """The file in which the site has a package's module: ``codemirror-state.js``."""
    return f"{name.removeprefix('@').replace('/', '-')}.js"


def linked(module: str, files: Mapping[str, str]) -> str:
    """A module that imports others from the files beside it: the site allows no inline script, so no import map.

    Args:
        module: its text.
        files: name of a package -> its file.

    Raises:
        KeyError: if it imports a package that is not there.
    """
    return _IMPORT.sub(lambda found: f"{found[1]}{found[2]}./{files[found[3]]}{found[2]}", module)


def lighter(module: str) -> str:
    """A module without the comments and spaces that take a third of its compressed bytes."""
    return _SPARE.sub("", module)


def adopting(style_mod: str) -> str:
    """The module that writes CodeMirror's styles, without style elements.

    Raises:
        ValueError: if it is another version than the one that this was written for.
    """
    if _ELEMENT not in style_mod:
        raise ValueError("style-mod chooses in another way where to write styles: see how it does now")
    return style_mod.replace(_ELEMENT, _ADOPTED)


def modules(store: Path) -> dict[str, str]:
    """File name -> text of all that the editor consists of, with the licences that come with it.

    Raises:
        OSError, ValueError: as ``fetched``.
    """
    files = {package.name: file_of(package.name) for package in PACKAGES}
    found, licences = {ENTRY.name: linked(ENTRY.read_text("utf-8"), files)}, []
    for package in PACKAGES:
        module, licence = parts(package, fetched(package, store))
        module = adopting(module) if package.name == "style-mod" else module
        found[files[package.name]] = lighter(linked(module, files))
        licences.append(f"{package.name} {package.version}\n\n{licence}")
    return found | {"LICENSE.txt": "\n\n".join(licences)}


def write_editor(site: Path, store: Path) -> str:
    """Write the editor beside the pages; returns its address from the site's root, empty if it cannot be had.

    The folder is named after its content, so that no browser mixes modules of two versions.
    """
    root = site / FOLDER
    try:
        found = modules(store)
    except OSError as error:
        log.info(f"the registry of CodeMirror cannot be reached, so exercises are plain text fields: {error}")
        shutil.rmtree(root, ignore_errors=True)
        return ""
    key = hashlib.sha256("".join(map("".join, sorted(found.items()))).encode()).hexdigest()[:10]
    for old in root.iterdir() if root.exists() else ():
        if old.name != key:
            shutil.rmtree(old)
    (root / key).mkdir(parents=True, exist_ok=True)
    for name, text in found.items():
        (root / key / name).write_text(text, "utf-8")
    return f"{FOLDER}/{key}/{ENTRY.name}"


def prepare(app) -> None:
    """Have the editor's address before a page is written that names it."""
    app.attnbook_editor = ""
    if app.builder.format == "html":
        app.attnbook_editor = write_editor(Path(app.outdir), Path(app.doctreedir).parent / "editor")


def offer(app, pagename, templatename, context, doctree) -> None:
    """Let the template say where the editor is, on a page that has a field for it."""
    context["editor"] = app.attnbook_editor if WORKBENCH in context.get("body", "") else ""


def setup(app) -> None:
    """Fetch it before the pages are read."""
    app.add_js_file("editor.js")
    app.connect("builder-inited", prepare)
    app.connect("html-page-context", offer)
