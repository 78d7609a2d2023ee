"""Lighthouse's judgement of the built site, page by page, on a phone and on a desk.

    python -m benchmarks.lighthouse [page …]

Needs Node 18.16 or newer, from which ``npx`` fetches Lighthouse, and Chromium or Chrome on the PATH. The site is served
as a static host does: compressed. Prints a table; scores vary by a point or two with what else the machine does.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.browser.served import served
from tests.notebooks import CHAPTERS

LIGHTHOUSE = "lighthouse@12.2.3"  # 13 needs a newer Node
CATEGORIES = ("performance", "accessibility", "best-practices", "seo")
PAGES = ("index.html", *(f"chapters/{chapter.stem}.html" for chapter in CHAPTERS))
FORMS = {"phone": [], "desk": ["--preset=desktop"]}


def judge(address: str, form: str) -> dict[str, int]:
    """Lighthouse's scores for one page, 0 to 100, by category."""
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))))
    flags = "--headless=new --disable-gpu" + (" --no-sandbox" if os.geteuid() == 0 else "")
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder, "report.json")
        subprocess.run(
            ["npx", "--yes", LIGHTHOUSE, address, "--quiet", "--output=json", f"--output-path={report}",
             f"--chrome-flags={flags}", f"--only-categories={','.join(CATEGORIES)}", *FORMS[form]],
            check=True, env=os.environ | {"CHROME_PATH": chromium},
        )  # fmt: skip
        found = json.loads(report.read_text("utf-8"))["categories"]
    return {name: round(100 * found[name]["score"]) for name in CATEGORIES}


if __name__ == "__main__":
    print(f"| page | form | {' | '.join(CATEGORIES)} |\n|---|---|{'---|' * len(CATEGORIES)}")
    with served() as address:
        for page in sys.argv[1:] or PAGES:
            for form in FORMS:
                scores = judge(address + page, form)
                print(f"| {page} | {form} | {' | '.join(str(scores[name]) for name in CATEGORIES)} |", flush=True)
