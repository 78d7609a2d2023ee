"""Models that the reader trains in the page: started, paused, changed on the way, and compared with the run before."""

import re
from contextlib import contextmanager

import pytest
from playwright.sync_api import Locator, expect

from attncourse.figures.heads import one_or_two_heads_training as heads_training
from attncourse.figures.transformer import date_training, name_training
from tests.browser.python_site import needs_python
from tests.browser.served import served
from tests.browser.test_accessibility import STANDARDS, barriers
from tests.browser.test_refused import POLICY

pytestmark = [pytest.mark.browser, pytest.mark.site]

PAGES = {heads_training: "chapters/03_split_into_heads.html", date_training: "chapters/05_build_encoder_decoder.html"}
OWNERS = PAGES | {name_training: PAGES[date_training]}
WAIT = 120_000  # milliseconds: a busy machine takes ten times as long as a quiet one

# Set a control as a reader does.
_TURN = """(figure, [name, position]) => {
  const control = figure.querySelector(`[name="${name}"]`);
  control.value = position;
  control.dispatchEvent(new Event("input", { bubbles: true }));
}"""
# What the page tells Python while a run goes on, in `asked`.
_LISTEN = """() => {
  const ask = python.ask.bind(python);
  window.asked = [];
  python.ask = (what, args) => {
    if (what === "training.change") asked.push(args);
    return ask(what, args);
  };
}"""
_NOTHING_FETCHED = "() => performance.getEntriesByType('resource').every(({ name }) => !name.includes('_python/'))"


@pytest.fixture(scope="module")
def site():
    with served(headers={"Content-Security-Policy": POLICY}) as address:
        yield address


@contextmanager
def figure_of(visit, site, training, **options):
    with visit(site + OWNERS[training], **options) as page:
        figure = page.locator(f'figure[data-training="{training.name}"]')
        figure.scroll_into_view_if_needed()
        yield figure


def press(figure: Locator, name: str) -> None:
    figure.get_by_role("button", name=name, exact=True).click()


def step_of(figure: Locator) -> int:
    return int(figure.locator("progress").evaluate("(bar) => bar.value"))


def past(figure: Locator, step: int) -> None:
    """Wait for a later step."""
    figure.page.wait_for_function(
        "([figure, step]) => figure.querySelector('progress').value > step",
        arg=[figure.element_handle(), step],
        timeout=WAIT,
    )


def pause(figure: Locator) -> int:
    """Press Pause; the step at which it has come to rest."""
    press(figure, "Pause")
    expect(figure.locator(".pace")).to_contain_text("Paused")
    figure.evaluate("() => python.ask('training.part')")  # answered after the slice that was under way
    return step_of(figure)


@pytest.mark.parametrize("training", PAGES, ids=lambda training: training.name)
def test_before_the_start_the_recorded_run_is_there_and_nothing_of_python_is_fetched(visit, site, training):
    with figure_of(visit, site, training) as figure:
        sentence = training.readout(training.recorded)
        expect(figure.locator("output")).to_have_text(sentence)
        expect(figure.get_by_role("img")).to_have_attribute("aria-label", sentence)
        expect(figure.locator(".pace")).to_have_text(training.forecast)
        expect(figure.get_by_role("button", name="Start", exact=True)).to_be_visible()
        expect(figure.get_by_role("button", name="Start anew")).to_be_hidden()
        assert figure.page.evaluate(_NOTHING_FETCHED)


@pytest.mark.parametrize("training", PAGES, ids=lambda training: training.name)
def test_a_phone_has_the_narrow_picture(visit, site, training):
    with figure_of(visit, site, training, width=360, height=740) as figure:
        expect(figure.locator(".stage svg")).to_have_attribute("width", "344")
        assert figure.page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize("training", PAGES, ids=lambda training: training.name)
def test_without_scripts_there_is_the_recorded_picture_and_no_dead_control(visit, site, training):
    with figure_of(visit, site, training, java_script_enabled=False) as figure:
        expect(figure.locator("svg")).to_be_visible()
        expect(figure.locator("button, input").first).to_be_hidden()
        expect(figure.locator("noscript p")).to_be_visible()


def test_two_heads_are_trained_and_compared_with_one(visit, site):
    needs_python()
    with figure_of(visit, site, heads_training) as figure:
        output, pace = figure.locator("output"), figure.locator(".pace")
        press(figure, "Start")
        expect(pace).to_have_text("Ended at step 600 of 600.", timeout=WAIT)
        expect(output).to_contain_text(
            "After 600 steps 2 heads named 100% of the tokens before and 100% of those after."
        )
        expect(figure.get_by_role("button", name="Start anew", exact=True)).to_have_count(1)
        figure.evaluate(_TURN, ["heads", 0])
        press(figure, "Start")
        expect(output).to_contain_text("1 head named", timeout=WAIT)
        expect(output).to_contain_text("in the run before, after 600 steps, 2 heads", timeout=WAIT)
        expect(pace).to_have_text("Ended at step 600 of 600.", timeout=WAIT)
        expect(output).to_contain_text("After 600 steps 1 head named")


def test_a_run_is_paused_gone_on_with_and_its_learning_rate_changed(visit, site):
    needs_python()
    with figure_of(visit, site, date_training) as figure:
        output = figure.locator("output")
        figure.page.evaluate(_LISTEN)
        press(figure, "Start")
        past(figure, 0)
        expect(output).to_have_attribute("aria-busy", "true")
        expect(figure.locator(".pace")).to_contain_text(
            re.compile(r"Step \d+ of 1,500, [\d.]+ steps a second, \d+ s|min")
        )
        stopped = pause(figure)
        expect(output).to_contain_text(f"After {stopped} steps this model reads")
        expect(output).to_have_attribute("aria-busy", "false")
        press(figure, "Go on")
        past(figure, stopped)
        figure.evaluate(_TURN, ["learning_rate", 0])
        past(figure, step_of(figure))
        assert figure.page.evaluate("() => asked.at(-1).values.learning_rate") == 0.001
        pause(figure)
        press(figure, "Start anew")
        expect(figure.locator("progress")).to_have_js_property("value", 0, timeout=WAIT)
        past(figure, 0)
        pause(figure)


def test_the_date_model_reads_the_reader_s_text_while_it_learns(visit, site):
    needs_python()
    with figure_of(visit, site, date_training) as figure:
        output, text = figure.locator("output"), figure.get_by_label("date to read")
        text.fill("7.6.21")
        before = figure.locator(".stage svg").inner_html()
        press(figure, "Read")  # before the start: by the stored model, and the recorded picture stays
        expect(output).to_contain_text("The stored model reads “7.6.21” as 2021-06-07", timeout=WAIT)
        assert figure.locator(".stage svg").inner_html() == before
        press(figure, "Start")
        past(figure, 0)
        text.fill("le 7 juin 2021")
        text.press("Enter")
        expect(output).to_contain_text("this model reads “le 7 juin 2021”", timeout=WAIT)
        stopped = pause(figure)
        text.fill("")
        press(figure, "Read")
        expect(output).to_contain_text("Not read: a text must have 1 to 40 characters", timeout=WAIT)
        assert step_of(figure) == stopped


def test_the_readers_own_model_writes_names_at_their_temperature_and_draws_others(visit, site):
    needs_python()
    with figure_of(visit, site, name_training, deeper=True) as figure:
        output = figure.locator("output")
        press(figure, "Start")
        past(figure, 0)
        pause(figure)
        said = output.inner_text()
        for control, position in (("draw", 1), ("temperature", 0), ("top_k", 0)):
            figure.evaluate(_TURN, [control, position])
            expect(output).not_to_have_text(said, timeout=WAIT)
            said = output.inner_text()


def test_a_run_is_lost_with_python_and_another_can_begin(visit, site):
    needs_python()
    with figure_of(visit, site, heads_training) as figure:
        press(figure, "Start")
        past(figure, 0)
        figure.evaluate("() => python.end('Python was lost: a test.')")
        expect(figure.locator("output")).to_contain_text("Start begins another run.")
        assert step_of(figure) == 0
        press(figure, "Start")
        past(figure, 0)
        pause(figure)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_no_barrier_while_a_model_learns_and_when_it_rests(visit, site, theme):
    needs_python()
    rules = {"include": [["figure.training"]], "runOnly": STANDARDS}
    with figure_of(visit, site, heads_training, color_scheme=theme) as figure:
        press(figure, "Start")
        past(figure, 0)
        assert not barriers(figure.page, rules)
        pause(figure)
        assert not barriers(figure.page, rules)
