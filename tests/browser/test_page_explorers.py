"""Every explorer on the built pages: each control, by value, keyboard and finger."""

import itertools

import pytest
from playwright.sync_api import Locator

from attncourse.explorer import EXPLORER_MIME
from tests.notebooks import CHAPTERS, stored

pytestmark = [pytest.mark.browser, pytest.mark.site]

# The described explorers that have controls; the others are pictures.
EXPLORERS = [
    pytest.param(chapter.stem, described, id=f"{chapter.stem}-{described['name']}")
    for chapter in CHAPTERS
    for described in stored(chapter, EXPLORER_MIME)
    if described["parameters"]
]
each_explorer = pytest.mark.parametrize(("chapter", "described"), EXPLORERS)

ROLES = {"range": "slider", "checkbox": "checkbox", "select": "combobox"}


def figure_of(page, described) -> Locator:
    figure = page.locator(f'figure.explorer[data-explorer="{described["name"]}"]').first
    figure.scroll_into_view_if_needed()
    return figure


def control_of(figure, parameter) -> Locator:
    """The control, found as a screen reader would announce it: by its role and its label."""
    control = figure.get_by_role(ROLES[parameter["kind"]], name=parameter["label"], exact=True)
    assert control.count() == 1, f"no {ROLES[parameter['kind']]} is named {parameter['label']!r}"
    assert control.get_attribute("name") == parameter["name"]
    return control


def set_stop(control, parameter, position: int) -> None:
    if parameter["kind"] == "range":
        control.fill(str(position))
    elif parameter["kind"] == "checkbox":
        control.set_checked(bool(position))
    else:
        control.select_option(index=position)


def shown(figure) -> tuple[str, str]:
    """The picture's address, once it is there, and the sentence."""
    address, width = figure.locator("img").evaluate(
        "image => image.decode().then(() => [image.currentSrc, image.naturalWidth])"
    )
    assert width > 0
    sentence = figure.locator("output").inner_text()
    assert figure.locator("img").get_attribute("alt") == sentence
    return address, sentence


def expected(described, positions: dict[str, int]) -> str:
    """The stored readout of a state; the last control runs fastest."""
    ranges = [range(len(parameter["stops"])) for parameter in described["parameters"]]
    state = list(itertools.product(*ranges)).index(tuple(positions[p["name"]] for p in described["parameters"]))
    return described["readouts"][state]


def default_positions(described) -> dict[str, int]:
    return {p["name"]: p["stops"].index(p["default"]) for p in described["parameters"]}


@each_explorer
def test_every_stop_of_every_control_shows_its_own_picture_and_readout(visit, site, chapter, described):
    with visit(f"{site}chapters/{chapter}.html") as page:
        figure = figure_of(page, described)
        assert shown(figure)[1] == expected(described, default_positions(described))
        for parameter in described["parameters"]:
            control, seen = control_of(figure, parameter), {}
            for position, text in enumerate(parameter["texts"]):
                set_stop(control, parameter, position)
                seen[position] = shown(figure)
                assert seen[position][1] == expected(
                    described, default_positions(described) | {parameter["name"]: position}
                )
                if parameter["kind"] == "range":
                    assert control.get_attribute("aria-valuetext") == text
            addresses, sentences = zip(*seen.values(), strict=True)
            assert len(set(addresses)) == len(parameter["stops"])
            assert len(set(sentences)) > 1, f"no stop of {parameter['name']} changes the readout"
            set_stop(control, parameter, default_positions(described)[parameter["name"]])


@each_explorer
def test_the_keyboard_reaches_and_moves_every_control(visit, site, chapter, described):
    with visit(f"{site}chapters/{chapter}.html") as page:
        figure = figure_of(page, described)
        figure.locator("img").click()  # the Tab key goes on from here
        for parameter in described["parameters"]:
            page.keyboard.press("Tab")
            control = control_of(figure, parameter)
            assert control.evaluate("control => control === document.activeElement")
            keys = {"range": ["Home", "End", "ArrowLeft", "ArrowRight"], "checkbox": ["Space"] * 2}.get(
                parameter["kind"], ["Home", "ArrowDown"]
            )
            seen = []
            for key in keys:
                page.keyboard.press(key)
                seen.append(shown(figure))
            for before, after in itertools.pairwise(seen):
                assert before[0] != after[0], f"{parameter['name']}: {keys} did not change the picture"


@each_explorer
def test_a_phone_shows_the_narrow_picture_and_a_finger_moves_it(visit, site, chapter, described):
    with visit(f"{site}chapters/{chapter}.html", width=390, height=844, has_touch=True, is_mobile=True) as page:
        figure = figure_of(page, described)
        before = shown(figure)
        assert "narrow" in before[0]
        for parameter in described["parameters"]:
            control = control_of(figure, parameter)
            if parameter["kind"] == "select":
                control.select_option(
                    index=(default_positions(described)[parameter["name"]] + 1) % len(parameter["stops"])
                )
            elif parameter["kind"] == "checkbox":
                control.tap()
            else:
                box, at_end = control.bounding_box(), default_positions(described)[parameter["name"]] > 0
                control.tap(position={"x": 4 if at_end else box["width"] - 4, "y": box["height"] / 2})
            after = shown(figure)
            assert after[0] != before[0], parameter["name"]
            assert "narrow" in after[0]
            before = after


_STEP = """async ([name, to]) => {
  const figure = document.querySelector(`figure.explorer[data-explorer="${name.explorer}"]`);
  const control = figure.querySelector(`[name="${name.control}"]`);
  const image = figure.querySelector("img");
  const known = new Set(performance.getEntriesByType("resource").map((entry) => entry.name));
  await new Promise(requestAnimationFrame);
  const start = performance.now();
  if (control.type === "checkbox") control.checked = Boolean(to);
  else control.value = to;
  control.dispatchEvent(new Event("input", { bubbles: true }));
  const elapsed = performance.now() - start;
  await new Promise(requestAnimationFrame);  // just before the next picture of the page is painted
  return { elapsed, ready: image.complete && image.naturalWidth > 0, fetchedAhead: known.has(image.currentSrc) };
}"""

_SETTLED = """async () => {
  let before = -1, now = 0;
  while (before !== now) {
    before = now;
    await new Promise((done) => setTimeout(done, 250));
    now = performance.getEntriesByType("resource").length;
  }
}"""


@each_explorer
def test_a_stop_fetched_ahead_switches_within_one_frame(visit, site, chapter, described, record_property):
    with visit(f"{site}chapters/{chapter}.html") as page:
        figure = figure_of(page, described)
        shown(figure)
        figure.hover()
        times = []
        for parameter in described["parameters"]:
            start = default_positions(described)[parameter["name"]]
            neighbour = start + 1 if start + 1 < len(parameter["stops"]) else start - 1
            for position in (neighbour, start):
                page.evaluate(_SETTLED)
                names = {"explorer": described["name"], "control": parameter["name"]}
                step = page.evaluate(_STEP, [names, position])
                assert step["fetchedAhead"], f"{parameter['name']}: the next picture was not fetched ahead"
                assert step["ready"], f"{parameter['name']}: the picture came later than the next frame"
                times.append(step["elapsed"])
        median = sorted(times)[len(times) // 2]
        record_property("milliseconds", median)
        assert median < 1000 / 60
