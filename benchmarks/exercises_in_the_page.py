"""How soon does an exercise on the page have its verdict?

    python -m benchmarks.exercises_in_the_page [chapter's number …]

Needs the site, built with PYODIDE_DIST, and Chromium or Chrome on the PATH. In each chapter, in a new profile, it runs
all worked solutions in the page's editor, twice, and times from the press on Run until the verdict stands there. The
very first run starts Python. Prints a table in Markdown, and the exercises that took longest.
"""

import argparse
import statistics
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from benchmarks.in_the_page import chromium
from tests.browser.served import served
from tests.browser.test_exercises import bench_of, exercises, page_of, write
from tests.notebooks import CHAPTERS

LONGEST = 5  # are named
# From the press to the verdict, in seconds, as the page itself sees them.
_TIME = """async (bench) => {
  const result = bench.querySelector(".result");
  const started = performance.now();
  const seen = new Promise((resolve) => {
    const watch = new MutationObserver(() => {
      if (result.getAttribute("aria-busy") !== "false") return;
      watch.disconnect();
      resolve((performance.now() - started) / 1000);
    });
    watch.observe(result, { attributes: true, attributeFilter: ["aria-busy"] });
  });
  bench.querySelector(".run").click();
  return seen;
}"""


def timed(browser: Browser, address: str, chapter: Path) -> dict[str, tuple[float, float]]:
    """Seconds of each exercise's first and second run, in a page of its own."""
    page = browser.new_page()
    page.goto(address + page_of(chapter))
    page.evaluate("() => document.querySelectorAll('details').forEach((part) => (part.open = true))")
    found = {}
    for exercise, solution in exercises(chapter):
        bench = bench_of(page, exercise)
        write(bench, solution["source"])
        first, second = (bench.evaluate(_TIME) for _ in range(2))
        verdict = bench.locator(".result").inner_text().strip()
        assert verdict.startswith("✓ "), verdict
        found[verdict.split(":")[0].removeprefix("✓ ")] = (first, second)
    page.context.close()
    return found


def main() -> None:
    """Print a row for each chapter."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("chapters", nargs="*", type=int, help="their numbers; default all")
    wanted = parser.parse_args().chapters
    print("| chapter | exercises | the very first | first runs, median | worst | second runs, median | worst |")
    print("|---|---:|---:|---:|---:|---:|---:|")
    slow = []
    with served() as address, sync_playwright() as playwright:
        browser = chromium(playwright)
        for number, chapter in enumerate(CHAPTERS, 1):
            if wanted and number not in wanted:
                continue
            found = timed(browser, address, chapter)
            (start, _), *_ = found.values()
            first, second = zip(*found.values(), strict=True)
            cells = [
                start,
                *(value for times in (first[1:], second) for value in (statistics.median(times), max(times))),
            ]
            print(f"| {number} | {len(found)} | {' | '.join(f'{value:.2f}' for value in cells)} |", flush=True)
            slow += [(max(times), f"{number}: {name}") for name, times in list(found.items())[1:]]
        browser.close()
    print("\nThe longest:", ", ".join(f"{name} {time:.1f} s" for time, name in sorted(slow, reverse=True)[:LONGEST]))


if __name__ == "__main__":
    main()
