"""How soon does a figure on the page answer to a value between its stops, which Python computes there?

    python -m benchmarks.in_the_page [explorer …]
    python -m benchmarks.in_the_page --values=3

Needs the site, built with PYODIDE_DIST, and Chromium or Chrome on the PATH. Of each figure that can show any value it
measures, in the page, from the event of a moved control: when the new sentence stands there, and when the picture does.
In a new profile, too: from the press on "Any value" until the first picture. Prints a table, the slowest first.
"""

import argparse
import os
import shutil
import statistics
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

from attncourse import Explorer
from tests.between import between, with_any_value
from tests.browser.served import served
from tests.notebooks import CHAPTERS

PAGES = ("index.html", *(f"chapters/{chapter.stem}.html" for chapter in CHAPTERS))

_OPEN = """async (figure) => {
  const explorer = explorerOf(figure.id);
  const started = performance.now();
  await explorer.open();
  return performance.now() - started;
}"""
# Move all controls, by the event of the last; milliseconds until the sentence and until the picture.
_MOVE = """async (figure, values) => {
  const { dials, output } = explorerOf(figure.id);
  const seen = (node, options, holds) => new Promise((resolve) => {
    const watch = new MutationObserver(() => holds() && (watch.disconnect(), resolve(performance.now() - started)));
    watch.observe(node, options);
  });
  dials.forEach((dial) => { dial.value = values[dial.name]; });
  const sentence = seen(output, { childList: true }, () => true);
  const picture = seen(figure, { attributes: true }, () => !figure.hasAttribute("aria-busy"));
  const started = performance.now();
  dials.at(-1).control.dispatchEvent(new Event("input", { bubbles: true }));
  return Promise.all([sentence, picture]);
}"""


def measured(page: Page, explorer: Explorer, count: int) -> tuple[float, list[tuple[float, float]]]:
    """Milliseconds until its controls take any value, and for each value until sentence and picture."""
    figure = page.locator(f'figure[data-explorer="{explorer.name}"]').first
    figure.evaluate("figure => { for (let part = figure; part; part = part.parentElement) part.open = true; }")
    figure.scroll_into_view_if_needed()
    opened = figure.evaluate(_OPEN)
    return opened, [tuple(figure.evaluate(_MOVE, values)) for values in between(explorer, count)]


def chromium(playwright) -> Browser:
    """Without a window; as root without its sandbox, too, which refuses to run so."""
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))))
    return playwright.chromium.launch(executable_path=found, args=["--no-sandbox"] if os.geteuid() == 0 else [])


def by_page(browser: Browser, address: str, names: list[str]) -> dict[str, list[str]]:
    """Page -> the figures there that can show any value, each once."""
    page, found = browser.new_page(), {}
    for place in PAGES:
        page.goto(address + place)
        seen = page.locator("figure[data-source]").evaluate_all("all => all.map((one) => one.dataset.explorer)")
        found[place] = [name for name in dict.fromkeys(seen) if name in names]
    page.close()
    return {place: names for place, names in found.items() if names}


def main() -> None:
    """Print a row for each figure, the slowest first, and what the start took on each page."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("explorers", nargs="*", help="their names; default all that can show any value")
    parser.add_argument("--values", type=int, default=8, help="of each figure")
    args = parser.parse_args()
    explorers = with_any_value()
    rows: dict[str, Any] = {}
    with served() as address, sync_playwright() as playwright:
        browser = chromium(playwright)
        for place, names in by_page(browser, address, args.explorers or list(explorers)).items():
            page = browser.new_page()  # a profile of its own: nothing is in its cache
            page.goto(address + place)
            for name in names:
                opened, rows[name] = measured(page, explorers[name], args.values)
                if name == names[0]:
                    sentence, picture = rows[name].pop(0)
                    first = [f"{(opened + later) / 1000:.1f}" for later in (0, sentence, picture)]
                    print(f"{place}: Python, first sentence, picture after {', '.join(first)} s", flush=True)
            page.close()
        browser.close()
    report(rows)


def report(rows: dict[str, list[tuple[float, float]]]) -> None:
    """The table, in Markdown."""
    print("\n| figure | sentence, median | worst | picture, median | worst |\n|---|---:|---:|---:|---:|")
    for name, times in sorted(rows.items(), key=lambda row: -max(row[1], key=lambda pair: pair[1])[1]):
        print(f"| {name} | {_both(times, 0)} | {_both(times, 1)} |")
    together = [pair for times in rows.values() for pair in times]
    print(f"| all {len(together)} | {_both(together, 0)} | {_both(together, 1)} |")


def _both(times: list[tuple[float, float]], place: int) -> str:
    chosen = [pair[place] for pair in times]
    return f"{statistics.median(chosen):.0f} | {max(chosen):.0f}"


if __name__ == "__main__":
    main()
