"""How soon does a figure on the page answer to a value between its stops, which Python computes there?

    python -m benchmarks.in_the_page [explorer …]
    python -m benchmarks.in_the_page --values=3 --rounds=3

Needs the site, built with PYODIDE_DIST, and Chromium or Chrome on the PATH. Of each figure that can show any value it
measures, in the page, from the event of a moved control: when the new sentence stands there, and when the picture does.
In a new profile, too: from the press on "Any value" until the first picture. Prints a table, the slowest first.
"""

import argparse
import os
import shutil
import statistics
from collections.abc import Iterable

from playwright.sync_api import Browser, Page, sync_playwright

from attncourse import Explorer
from tests.between import between, with_any_value
from tests.browser.served import served
from tests.notebooks import CHAPTERS

Times = tuple[float, ...]
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


def measured(page: Page, explorer: Explorer, count: int) -> tuple[float, list[Times]]:
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
    parser.add_argument("--rounds", type=int, default=1, help="of each value the fastest counts: for a busy machine")
    args = parser.parse_args()
    explorers, rows = with_any_value(), {}
    with served() as address, sync_playwright() as playwright:
        browser = chromium(playwright)
        for place, names in by_page(browser, address, args.explorers or list(explorers)).items():
            rounds = [
                visited(browser, address + place, [explorers[name] for name in names], args.values)
                for _ in range(args.rounds)
            ]
            opened, sentence, picture = fastest([start for start, _ in rounds])
            print(f"{place}: Python after {opened:.1f} s, a sentence {sentence:.1f}, a picture {picture:.1f}")
            for name in names:
                rows[name] = [fastest(times) for times in zip(*(found[name] for _, found in rounds), strict=True)]
        browser.close()
    report(rows)


def visited(
    browser: Browser, address: str, explorers: list[Explorer], count: int
) -> tuple[Times, dict[str, list[Times]]]:
    """Seconds of the start, until Python, the first sentence and its picture; and a row of times for each figure."""
    page = browser.new_page()  # a profile of its own: nothing is in its cache
    page.goto(address)
    rows, start = {}, ()
    for explorer in explorers:
        opened, rows[explorer.name] = measured(page, explorer, count)
        start = start or tuple((opened + time) / 1000 for time in (0, *rows[explorer.name][0]))
    page.context.close()
    return start, rows


def fastest(times: Iterable[Times]) -> Times:
    """Of several rounds of the same, each part by itself."""
    return tuple(map(min, zip(*times, strict=True)))


def report(rows: dict[str, list[Times]]) -> None:
    """The table, in Markdown."""
    print("\n| figure | sentence, median | worst | picture, median | worst |\n|---|---:|---:|---:|---:|")
    for name, times in sorted(rows.items(), key=lambda row: -max(row[1], key=lambda pair: pair[1])[1]):
        print(f"| {name} | {_both(times, 0)} | {_both(times, 1)} |")
    together = [pair for times in rows.values() for pair in times]
    print(f"| all {len(together)} | {_both(together, 0)} | {_both(together, 1)} |")


def _both(times: list[Times], place: int) -> str:
    chosen = [pair[place] for pair in times]
    return f"{statistics.median(chosen):.0f} | {max(chosen):.0f}"


if __name__ == "__main__":
    main()
