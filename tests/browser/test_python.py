"""Python in the page: started when it is asked for, and the page goes on where it is refused, cancelled or lost."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.python_site import needs_python
from tests.browser.served import served
from tests.browser.test_refused import NO_STORAGE, POLICY

OFFER = re.compile("Any value|Type your own")  # the button's words: of a figure with sliders, with a text

pytestmark = [pytest.mark.browser, pytest.mark.site]

START = 90_000  # milliseconds: a busy machine takes ten times as long as a quiet one
FIGURE = "encoding-heatmap"
CHAPTER = "chapters/04_give_order.html"

# Set a control; the answer is there when the figure is no longer busy.
_TURN = """(figure, [name, position]) => {
  const control = figure.querySelector(`[name="${name}"]`);
  control.value = position;
  control.dispatchEvent(new Event("input", { bubbles: true }));
}"""


@pytest.fixture(scope="module")
def site():
    needs_python()
    with served(headers={"Content-Security-Policy": POLICY}) as address:
        yield address


def figure_on(page: Page, name: str = FIGURE):
    page.evaluate("() => document.querySelectorAll('details').forEach((part) => part.open = true)")
    figure = page.locator(f"#explorer-{name}")
    figure.scroll_into_view_if_needed()
    return figure


def start(figure):
    figure.get_by_role("button", name=OFFER).click()
    expect(figure.get_by_role("button", name=OFFER)).to_have_count(0, timeout=START)


def turn(figure, name, position):
    figure.evaluate(_TURN, [name, position])
    expect(figure).not_to_have_attribute("aria-busy", "true", timeout=START)
    expect(figure).not_to_have_attribute("aria-busy", "")
    return figure.locator("output").text_content()


@pytest.fixture(scope="module")
def live(visit, site):
    """A page whose Python runs, and one of its figures."""
    with visit(site + CHAPTER) as page:
        figure = figure_on(page)
        start(figure)
        yield figure


def test_nothing_of_python_is_fetched_before_it_is_asked_for(visit, site):
    asked = []
    with visit(site + CHAPTER, until="networkidle") as page:
        page.on("request", lambda request: asked.append(request.url))
        figure_on(page)
    assert not [address for address in asked if "_python" in address]


def test_between_two_stops_the_sentence_is_that_of_the_library(live):
    from attncourse.figures.order import encoding_heatmap

    values = encoding_heatmap.controls["seq"].values
    for place in (1, len(values) // 2, len(values) - 2):
        said = turn(live, "seq", place)
        assert said == encoding_heatmap.readout(encoding_heatmap.measure(seq=values[place]))
        assert live.locator("svg").get_attribute("aria-label") == said
        assert live.get_attribute("data-state").count("=") == 1


def test_at_a_stop_the_stored_state_is_shown(live):
    turn(live, "seq", 1)
    turn(live, "seq", 0)
    assert live.get_attribute("data-state").isdigit()


def test_only_the_newest_value_is_drawn(live):
    page = live.page
    page.evaluate("""() => {
      window.asks = []; const ask = python.ask;
      python.ask = function (what, ...rest) { asks.push(what); return ask.call(this, what, ...rest); };
    }""")
    live.evaluate(
        """(figure, turn) => { for (let place = 1; place < 30; place++) eval(turn)(figure, ["seq", place]); }""", _TURN
    )
    expect(live).not_to_have_attribute("aria-busy", "true", timeout=START)
    assert "=" in live.get_attribute("data-state")
    assert page.evaluate("() => asks.filter((what) => what === 'figures.draw').length") <= 2


def test_a_value_between_stops_is_in_the_address_and_comes_back(visit, site):
    with visit(site + CHAPTER) as page:
        figure = figure_on(page)
        start(figure)
        said = turn(figure, "seq", 5)
        page.wait_for_function("() => location.search.includes('%3D')")
        address = page.url
    with visit(address) as page:
        figure = figure_on(page)
        expect(figure.locator(".late")).to_contain_text("Any value")
        start(figure)
        expect(figure.locator("output")).to_have_text(said, timeout=START)


def test_a_visitor_types_a_date_and_the_model_reads_it(visit, site):
    with visit(site + "intro.html") as page:
        figure = page.locator("#explorer-date-reader")
        start(figure)
        field = figure.locator("input[type=text]")
        field.fill("21 March 2019")
        expect(figure.locator("output")).to_contain_text("“21 March 2019” becomes 2019-03-21", timeout=START)
        expect(figure.locator("svg")).to_have_attribute("aria-label", figure.locator("output").text_content())
        field.fill("")
        expect(figure.locator("output")).to_contain_text("Not drawn: a text must have 1 to 40 characters")
        field.fill("7.6.21")  # an example again: from the stored states
        expect(figure.locator("output")).to_contain_text("“7.6.21” becomes")


def test_cancelled_while_it_loads_the_figure_goes_on_with_its_stored_states(visit, site):
    with visit(site + CHAPTER) as page:
        figure = figure_on(page)
        button = figure.get_by_role("button", name=OFFER)
        button.click()
        page.locator(".python-bar").get_by_role("button", name="Cancel").click()
        expect(page.locator(".python-bar")).to_be_hidden()
        expect(figure.locator(".late")).to_contain_text("Python was cancelled. The figure shows its stored states.")
        before = figure.locator("output").text_content()
        assert turn(figure, "seq", 2) != before or turn(figure, "seq", 0) != before
        expect(button).to_be_enabled()


def test_sliders_work_while_python_loads(visit, site):
    with visit(site + CHAPTER) as page:
        figure = figure_on(page)
        figure.get_by_role("button", name=OFFER).click()
        for place in (0, 1, 2):
            turn(figure, "seq", place)
            assert figure.get_attribute("data-state").isdigit()
        expect(figure.get_by_role("button", name=OFFER)).to_have_count(0, timeout=START)


def test_a_lost_worker_takes_the_figure_back_to_its_stored_states(visit, site):
    with visit(site + CHAPTER) as page:
        figure = figure_on(page)
        start(figure)
        figure.evaluate(_TURN, ["seq", 5])
        page.evaluate("() => python.heard({ lost: 'out of memory' })")  # before it has answered
        expect(figure.locator(".late")).to_have_text(
            "Python was lost: out of memory. The figure shows its stored states."
        )
        assert figure.get_attribute("data-state").isdigit()
        start(figure)  # and it can be had again


def test_with_storage_refused_python_runs(visit, site):
    with visit(site + CHAPTER, first=NO_STORAGE) as page:
        figure = figure_on(page)
        start(figure)
        assert turn(figure, "seq", 5)


def test_two_pages_of_one_browser_each_have_their_own(visit, site):
    with visit(site + CHAPTER) as page:
        other = page.context.new_page()
        other.goto(site + "intro.html")
        figure, reader = figure_on(page), other.locator("#explorer-date-reader")
        figure.get_by_role("button", name=OFFER).click()
        start(reader)
        expect(figure.get_by_role("button", name=OFFER)).to_have_count(0, timeout=START)
        reader.locator("input[type=text]").fill("2 May 1990")
        expect(reader.locator("output")).to_contain_text("1990-05-02", timeout=START)
        assert turn(figure, "seq", 5)
