"""``python -m attnbook.execute chapters/*.ipynb``: run notebooks and keep their outputs, ready to commit."""

import sys
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient

from attncourse.live import WIDGET_MIME


def execute(path: Path) -> float:
    """Run one notebook in place, top to bottom; returns the seconds it took.

    The widgets of that run are dropped: their ids are random, and without a kernel they are dead.
    """
    notebook = nbformat.read(path, as_version=4)
    start = time.perf_counter()
    here = {"metadata": {"path": str(path.parent)}}
    NotebookClient(notebook, timeout=120, coalesce_streams=True, resources=here).execute()
    seconds = time.perf_counter() - start
    language = {"name": "python", "pygments_lexer": "ipython3"}  # without Python's version, which differs
    notebook.metadata = nbformat.from_dict({"kernelspec": notebook.metadata.kernelspec, "language_info": language})
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)  # times of day: a new one at every run
        for output in cell.get("outputs", ()):
            output.get("data", {}).pop(WIDGET_MIME, None)
    nbformat.write(notebook, path)
    return seconds


if __name__ == "__main__":
    for name in sys.argv[1:]:
        print(f"{name}: {execute(Path(name)):.1f} s", flush=True)
