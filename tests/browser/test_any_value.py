"""With Python in the page every figure says and draws what the library says, at values between its stops.

A sample of two pages; ``--all-python`` takes every figure of every page.
"""

import re

import pytest
from playwright.sync_api import Locator, expect

from attncourse import Explorer
from attncourse.controls import Choice, Slider, Switch, Text
from attncourse.explorer import EXPLORER_MIME
from tests.between import between, with_any_value
from tests.browser.python_site import needs_python
from tests.browser.test_accessibility import STANDARDS, barriers
from tests.browser.test_python import OFFER
from tests.notebooks import NOTEBOOKS, stored

pytestmark = [pytest.mark.browser, pytest.mark.site]

START = 120_000  # milliseconds: a busy machine takes ten times as long as a quiet one
VALUES = 3  # of each figure
EXPLORERS = with_any_value()
INTRO = ("intro.html", ["date-reader"])
PAGES = [
    INTRO,
    *(
        (
            f"{notebook.parent.name}/{notebook.stem}.html",
            [
                name
                for name in dict.fromkeys(told["name"] for told in stored(notebook, EXPLORER_MIME))
                if name in EXPLORERS
            ],
        )
        for notebook in NOTEBOOKS
    ),
]
SAMPLE = {
    "chapters/05_build_encoder_decoder.html": ["mask-workshop", "decoding"],
    "chapters/07_ask_another_sequence.html": ["memory-switch", "edit-source", "map-misleads"],
}
_NUMBER = re.compile(r"\d+(?:\.\d+)?")


def pytest_generate_tests(metafunc):
    if "place" in metafunc.fixturenames:
        chosen = PAGES if metafunc.config.getoption("--all-python") else SAMPLE.items()
        metafunc.parametrize(("place", "names"), chosen, ids=lambda part: part if isinstance(part, str) else "")


def test_every_figure_that_can_show_more_stands_on_one_page_or_another():
    assert sorted(name for _, names in PAGES for name in names) == sorted(EXPLORERS)
    assert all(set(names) <= set(dict(PAGES)[place]) for place, names in SAMPLE.items())


@pytest.mark.parametrize("explorer", EXPLORERS.values(), ids=EXPLORERS)
def test_what_is_tried_lies_between_the_stops(explorer):
    for values in between(explorer, VALUES):
        assert values not in explorer.states
        assert all(isinstance(control, Text) or values[name] in control.values
                   for name, control in explorer.controls.items())  # fmt: skip


def test_between_its_stops_a_figure_says_and_draws_what_the_library_says(visit, site, place, names):
    needs_python()
    with visit(site + place, deeper=True) as page:
        for name in names:
            explorer = EXPLORERS[name]
            figure = page.locator(f'figure[data-explorer="{name}"]').first
            figure.scroll_into_view_if_needed()
            figure.get_by_role("button", name=OFFER).click()
            expect(figure.get_by_role("button", name=OFFER)).to_have_count(0, timeout=START)
            states = [figure.get_attribute("data-state")]
            for values in between(explorer, VALUES):
                for control in values:
                    turn(figure, explorer, control, values[control])
                expect(figure).not_to_have_attribute("aria-busy", "true", timeout=START)
                said = figure.locator("output").text_content() or ""
                wanted = explorer.readout(explorer.measure(**values))
                assert agree(said, wanted), f"{name} at {values}: {said!r}, not {wanted!r}"
                assert figure.locator("svg").get_attribute("aria-label") == said
                assert figure.locator(".late").text_content() == ""
                states.append(figure.get_attribute("data-state"))
            assert len(set(states)) == 1 + VALUES, f"{name}: {states}"


def test_a_text_of_ones_own_is_typed_where_the_button_was_pressed_read_without_a_barrier_and_kept_in_the_address(
    visit, site
):
    needs_python()
    place, [name] = INTRO
    with visit(site + place) as page:
        figure = page.locator(f'figure[data-explorer="{name}"]')
        figure.get_by_role("button", name=OFFER).press("Enter")
        field = figure.get_by_role("combobox", name="date", exact=True)
        expect(field).to_be_focused(timeout=START)
        expect(figure.get_by_role("status").last).to_have_text("Python runs here now: type what you like.")
        text = "June 8th, 2020: 100% a+b & c=d?"
        page.keyboard.type(text)  # over what stood there
        expect(figure.locator("output")).to_contain_text(f"“{text}” becomes", timeout=START)
        expect(figure).not_to_have_attribute("aria-busy", "true", timeout=START)
        kept = figure.evaluate("(figure) => told(new URL(linkTo(explorerOf(figure.id))).search)[figure.id]")
        assert kept[0] == f"={text}"
        assert not barriers(page, {"runOnly": STANDARDS})


def turn(figure: Locator, explorer: Explorer, name: str, value) -> None:
    """Set a control as a reader does, each kind in its own way."""
    control, found = explorer.controls[name], figure.locator(f'.controls [name="{name}"]')
    if isinstance(control, Text):
        found.fill(value)
    elif isinstance(control, Choice):
        found.select_option(index=control.stops.index(value))
    elif isinstance(control, Switch):
        found.set_checked(value)
    else:
        assert isinstance(control, Slider)
        found.fill(str(control.values.index(value)))
        expect(found).to_have_attribute("aria-valuetext", control.text(value))


def agree(said: str, wanted: str) -> bool:
    """Word for word; a number with decimals may differ by one in its last: another NumPy has rounded it."""
    if _NUMBER.sub("#", said) != _NUMBER.sub("#", wanted):
        return False
    pairs = zip(_NUMBER.findall(said), _NUMBER.findall(wanted), strict=True)
    return all(
        one == other or ("." in other and abs(float(one) - float(other)) < 1.1 * 10 ** -len(other.partition(".")[2]))
        for one, other in pairs
    )


def test_sentences_agree_to_their_last_digit_alone():
    assert agree("weight 0.43 on 3", "weight 0.44 on 3")
    assert not agree("weight 0.43 on 3", "weight 0.45 on 3")
    assert not agree("weight 0.43 on 3", "weight 0.43 on 4")
    assert not agree("weight 0.43", "a weight 0.43")
