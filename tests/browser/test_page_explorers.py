"""Every explorer on the built pages: controls by value, keyboard and finger; shapes by pointer and arrow key."""

import itertools
import re
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Locator, Page, expect

from attncourse.explorer import EXPLORER_MIME
from tests.notebooks import CHAPTERS, NOTEBOOKS, stored

pytestmark = [pytest.mark.browser, pytest.mark.site]

CHAPTER_1 = CHAPTERS[0].stem
ROLES = {"range": "slider", "checkbox": "checkbox", "select": "combobox"}

# Set a control to each of its stops; what the figure shows then, how long it took, and what it asked the network for.
_EVERY_STOP = """async (figure) => {
  const own = [figure.dataset.wide, figure.dataset.narrow].map((address) => new URL(address, location).href);
  const entries = () => performance.getEntriesByType("resource").filter(({ name }) => own.includes(name)).length;
  const fresh = () => new Promise(requestAnimationFrame);
  const until = async (holds) => { while (!holds()) await fresh(); };
  const explorer = explorers.find((one) => one.figure === figure);
  await fetchBundle(explorer.address);
  await explorer.show();
  const seen = {};
  for (const { control, size } of explorer.dials) {
    const start = control.type === "checkbox" ? Number(control.checked) : Number(control.value);
    const turn = (position) => {
      if (control.type === "checkbox") control.checked = Boolean(position); else control.value = position;
      control.dispatchEvent(new Event("input", { bubbles: true }));
    };
    const [stops, before] = [[], entries()];
    for (const position of [...Array(size).keys(), start]) {
      turn(position);
      const atOnce = !figure.hasAttribute("aria-busy");
      await until(() => !figure.hasAttribute("aria-busy"));
      stops.push({
        state: Number(figure.dataset.state), atOnce,
        sentence: figure.querySelector("output").textContent,
        label: figure.querySelector("svg").getAttribute("aria-label"),
        text: control.getAttribute("aria-valuetext"), picture: figure.querySelector("svg").innerHTML,
      });
    }
    seen[control.name] = { stops, requests: entries() - before };
  }
  return seen;
}"""


_SETTLED = """async (figure) => {
  while (figure.hasAttribute("aria-busy")) await new Promise(requestAnimationFrame);
  return [figure.dataset.state, figure.querySelector("output").innerText,
    figure.querySelector("svg").getAttribute("aria-label")];
}"""


# What the shapes of a picture say, once its bundle is there.
_SPOKEN = """async (stage) => {
  const explorer = explorers.find(({ figure }) => figure.contains(stage));
  await explorer?.show(); // a training has its recorded picture already
  return touches.get(stage).spots.map(wordsOf);
}"""


def explorers_of(chapter) -> list[dict]:
    """The chapter's explorers that have controls, as its notebook has stored them, each once."""
    found = {described["name"]: described for described in stored(chapter, EXPLORER_MIME) if described["parameters"]}
    return list(found.values())


def figure_of(page: Page, described: dict) -> Locator:
    figure = page.locator(f'figure.explorer[data-explorer="{described["name"]}"]').first
    figure.scroll_into_view_if_needed()
    return figure


def control_of(figure: Locator, parameter: dict) -> Locator:
    return figure.locator(f'.controls [name="{parameter["name"]}"]')


def default_positions(described: dict) -> dict[str, int]:
    return {p["name"]: p["stops"].index(p["default"]) for p in described["parameters"]}


def state_of(described: dict, positions: dict[str, int]) -> int:
    """The number of a state; the last control runs fastest."""
    ranges = [range(len(parameter["stops"])) for parameter in described["parameters"]]
    return list(itertools.product(*ranges)).index(tuple(positions[p["name"]] for p in described["parameters"]))


def settled(figure: Locator) -> tuple[str, str]:
    """State and sentence, once the picture is there; its text alternative is the sentence."""
    state, sentence, alternative = figure.evaluate(_SETTLED)
    assert alternative == sentence
    return state, sentence


@pytest.fixture(scope="module", params=NOTEBOOKS, ids=lambda notebook: notebook.stem)
def chapter(request):
    return request.param


@pytest.fixture(scope="module")
def page(visit, site, chapter):
    """A notebook's page, loaded once for the next three tests: the first finds every figure as it starts."""
    with visit(f"{site}{chapter.parent.name}/{chapter.stem}.html", deeper=True) as page:
        yield page


def test_every_stop_of_every_control_changes_picture_and_sentence_at_once_without_a_request(page, chapter):
    for described in explorers_of(chapter):
        figure, start = figure_of(page, described), default_positions(described)
        assert settled(figure) == (
            str(state_of(described, start)),
            described["readouts"][state_of(described, start)],
        )
        seen = figure.evaluate(_EVERY_STOP)
        for parameter in described["parameters"]:
            name = f"{described['name']}, {parameter['name']}"
            announced = figure.get_by_role(ROLES[parameter["kind"]], name=parameter["label"], exact=True)
            assert announced.get_attribute("name") == parameter["name"]
            *stops, _ = seen[parameter["name"]]["stops"]
            states = [state_of(described, start | {parameter["name"]: i}) for i in range(len(stops))]
            assert [stop["state"] for stop in stops] == states
            assert [stop["sentence"] for stop in stops] == [described["readouts"][state] for state in states]
            assert [stop["label"] for stop in stops] == [stop["sentence"] for stop in stops]
            assert len({stop["picture"] for stop in stops}) == len(stops), f"{name}: two stops look the same"
            assert len({stop["sentence"] for stop in stops}) == len(stops), f"{name}: two stops read the same"
            if parameter["kind"] == "range":
                assert [stop["text"] for stop in stops] == parameter["texts"]
            assert seen[parameter["name"]]["requests"] == 0, f"{name}: moving it asked the network"
            assert all(stop["atOnce"] for stop in stops), f"{name}: a picture came later than its control moved"


def test_every_shape_that_says_something_can_be_reached_and_says_words(page, chapter):
    for stage in page.locator(".stage").all():
        stage.scroll_into_view_if_needed()
        name = stage.get_attribute("data-figure")
        said = stage.evaluate(_SPOKEN)
        assert said, f"{name}: nothing in the picture says its numbers"
        assert all(words.strip() and "undefined" not in words for words in said), f"{name}: {said}"
        stage.focus()
        status = stage.locator(".said")
        page.keyboard.press("ArrowRight")
        assert status.inner_text() == said[0], name
        page.keyboard.press("End")
        assert status.inner_text() == said[-1], name
        page.keyboard.press("Home")
        assert status.inner_text() == said[0], name
        page.keyboard.press("Escape")
        assert status.inner_text() == ""


def test_the_keyboard_reaches_and_moves_every_control(page, chapter):
    for described in explorers_of(chapter):
        figure = figure_of(page, described)
        figure.locator(".stage").focus()  # the Tab key goes on from here
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
                seen.append(settled(figure))
            for before, after in itertools.pairwise(seen):
                assert before != after, f"{described['name']}, {parameter['name']}: {keys} changed nothing"


def test_a_phone_shows_the_narrow_picture_and_a_finger_moves_it(visit, site, chapter):
    phone = {"width": 390, "height": 844, "has_touch": True, "is_mobile": True}
    with visit(f"{site}{chapter.parent.name}/{chapter.stem}.html", deeper=True, **phone) as page:
        for described in explorers_of(chapter):
            figure, start = figure_of(page, described), default_positions(described)
            expect(figure.locator("svg")).to_have_attribute("width", "344")
            before = settled(figure)
            for parameter in described["parameters"]:
                control = control_of(figure, parameter)
                if parameter["kind"] == "select":
                    control.select_option(index=(start[parameter["name"]] + 1) % len(parameter["stops"]))
                elif parameter["kind"] == "checkbox":
                    control.tap()
                else:
                    box, at_end = control.bounding_box(), start[parameter["name"]] > 0
                    assert box["width"] >= 120, f"{parameter['name']}: a track of {box['width']} px"
                    control.tap(position={"x": 4 if at_end else box["width"] - 4, "y": box["height"] / 2})
                after = settled(figure)
                assert after != before, parameter["name"]
                before = after


def test_a_window_that_passes_through_a_phones_width_keeps_the_wide_picture_and_one_that_stays_gets_the_narrow(
    visit, site
):
    """As when a page is photographed whole, which for a moment makes the window as narrow as can be."""
    with visit(f"{site}chapters/{CHAPTER_1}.html") as page:
        figure = page.locator("#explorer-pipeline")
        figure.scroll_into_view_if_needed()
        settled(figure)
        page.set_viewport_size({"width": 390, "height": 900})
        page.set_viewport_size({"width": 1280, "height": 900})
        page.wait_for_timeout(1000)
        addresses = page.evaluate("performance.getEntriesByType('resource').map(({ name }) => name)")
        assert not [address for address in addresses if address.endswith("narrow.json.gz")]
        page.set_viewport_size({"width": 390, "height": 900})
        expect(figure.locator("svg")).to_have_attribute("width", "344")


def test_pointing_at_a_score_lights_what_it_is_made_of_and_says_it(visit, site):
    with visit(f"{site}chapters/{CHAPTER_1}.html") as page:
        figure = page.locator("#explorer-pipeline")
        figure.scroll_into_view_if_needed()
        cell = figure.locator('svg rect[data-words^="score 8 · its → cat"]')
        cell.hover(force=True)  # its number lies on it
        assert figure.locator(".said").inner_text() == "score 8 · its → cat: 3·2 + −1·−1 + 1·1 + 0·0"
        lit = figure.locator("svg .lit").evaluate_all(
            "shapes => shapes.map(({ dataset }) => dataset.value ?? dataset.words)"
        )
        assert len(lit) >= 9, "four numbers of the query, four of the key, and the score"
        page.mouse.move(0, 0)
        assert figure.locator("svg :is(.lit, .pointed)").count() == 0


def test_a_state_has_an_address_and_survives_reload_and_back(visit, site):
    with visit(f"{site}chapters/{CHAPTER_1}.html") as page:
        figure = page.locator("#explorer-pipeline")
        figure.get_by_role("slider").press("End")
        figure.get_by_role("combobox").select_option("my")
        state, sentence = settled(figure)
        page.wait_for_url(re.compile(r"\?pipeline=query:0,temperature:4#explorer-pipeline$"))
        address = page.url
        page.reload()
        assert settled(figure) == (state, sentence)
        page.goto(f"{site}intro.html")
        page.go_back()
        assert settled(figure) == (state, sentence)
        with visit(address) as other:  # a friend's browser
            figure = other.locator("#explorer-pipeline")
            expect(figure.locator("output")).to_have_text(sentence)
            expect(figure).to_be_in_viewport()
            expect(figure.get_by_role("slider")).to_have_value("4")


def test_an_address_with_a_state_that_there_is_not_shows_the_nearest(visit, site):
    with visit(
        f"{site}chapters/{CHAPTER_1}.html?pipeline=query:99,temperature:x&nothing=a:1#explorer-pipeline"
    ) as page:
        figure = page.locator("#explorer-pipeline")
        expect(figure.get_by_role("combobox")).to_have_value("4")
        settled(figure)


# Notes, frame by frame, every time that picture and sentence disagree and the figure does not say that it is busy.
_WATCH = """(figure) => {
  window.disagreed = [];
  const look = () => {
    const said = figure.querySelector("output").textContent;
    const drawn = figure.querySelector("svg").getAttribute("aria-label");
    const wanted = explorers.find((one) => one.figure === figure).bundle?.readouts[figure.dataset.state];
    const agreed = said === drawn && said === (wanted ?? said);
    if (!agreed && !figure.hasAttribute("aria-busy")) window.disagreed.push([said, drawn, wanted]);
    requestAnimationFrame(look);
  };
  look();
}"""


def test_on_a_slow_line_picture_and_sentence_never_disagree_without_a_sign(visit, site):
    with visit(f"{site}chapters/{CHAPTERS[3].stem}.html", deeper=True) as page:
        line = page.context.new_cdp_session(page)
        line.send("Network.enable")
        slow = {"offline": False, "latency": 400, "downloadThroughput": 50_000, "uploadThroughput": 50_000}
        line.send("Network.emulateNetworkConditions", slow)
        figure = page.locator('figure[data-explorer="similarity-by-offset"]')
        figure.evaluate(_WATCH)
        slider = figure.get_by_role("slider").first
        asked = []
        page.on("request", lambda request: asked.append(urlsplit(request.url).path))
        slider.focus()
        for key in ["ArrowRight"] * 12 + ["ArrowLeft"] * 12:
            page.keyboard.press(key)
        expect(figure).not_to_have_attribute("aria-busy", "true", timeout=20_000)
        assert page.evaluate("disagreed") == []
        assert len([path for path in asked if "similarity-by-offset" in path]) <= 1


def test_without_a_line_the_figure_says_that_it_waits_and_goes_on_when_the_line_is_back(browser, site):
    context = browser.new_context()
    page = context.new_page()
    page.route("**/_pictures/**", lambda route: route.abort())
    page.goto(f"{site}chapters/{CHAPTER_1}.html")
    figure = page.locator("#explorer-pipeline")
    before = figure.locator("output").inner_text()
    figure.get_by_role("slider").press("End")
    expect(figure).to_have_attribute("aria-busy", "true")
    assert figure.locator("output").inner_text() == before, "the sentence waits for its picture"
    late = figure.locator(".late")
    expect(late).to_contain_text("could not be fetched")
    page.unroute("**/_pictures/**")
    page.evaluate("dispatchEvent(new Event('online'))")
    assert settled(figure)[1] != before
    expect(late).to_be_empty()
    context.close()


def test_on_a_phone_what_the_keys_reach_in_a_tall_picture_is_in_sight(visit, site):
    with visit(f"{site}chapters/{CHAPTER_1}.html", width=390, height=500) as page:
        stage = page.locator("#explorer-pipeline .stage")
        stage.focus()
        expect(stage.locator("[data-words]").first).to_be_attached()
        for key in ("Home", "End"):
            page.keyboard.press(key)
            expect(stage.locator(".said")).to_be_in_viewport(ratio=1)


def test_a_finger_that_scrolls_over_a_slider_moves_nothing(visit, site):
    with visit(f"{site}chapters/{CHAPTER_1}.html", width=390, height=844, has_touch=True, is_mobile=True) as page:
        slider = page.locator("#explorer-pipeline").get_by_role("slider").first
        slider.scroll_into_view_if_needed()
        before = slider.input_value()
        slider.evaluate(
            """slider => {
              slider.dispatchEvent(new PointerEvent("pointerdown", { bubbles: true }));
              slider.value = 0;
              slider.dispatchEvent(new Event("input", { bubbles: true }));
              slider.dispatchEvent(new PointerEvent("pointercancel", { bubbles: true }));
            }"""
        )
        assert slider.input_value() == before
        assert settled(page.locator("#explorer-pipeline"))[0] == page.locator("#explorer-pipeline").get_attribute(
            "data-state"
        )


def test_a_link_to_a_state_sets_the_figure_where_it_stands_and_back_undoes_it(visit, site):
    with visit(f"{site}/chapters/04_give_order.html", until="networkidle") as page:
        figure = page.locator("#explorer-shuffle")
        before = figure.get_attribute("data-state")
        answer = page.locator("details.answer").last
        answer.evaluate("answer => { answer.open = true; }")
        link = page.locator("article a[href^='?shuffle=']").first
        link.click()
        expect(figure).not_to_have_attribute("data-state", before)
        expect(figure).to_be_in_viewport()
        assert "?shuffle=" in page.url
        assert answer.evaluate("answer => answer.open")
        page.go_back()
        expect(figure).to_have_attribute("data-state", before)
        expect(link).to_be_in_viewport()
