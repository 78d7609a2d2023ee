"""A chapter and the first page as the Tab key walks them, and as a browser hands them on to a screen reader."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest
from playwright.sync_api import Page

from tests.browser.test_page import CHAPTER_PAGES

pytestmark = [pytest.mark.browser, pytest.mark.site]

each_page_here = pytest.mark.parametrize("page_name", ["intro", CHAPTER_PAGES[0]])

# Whether what has the focus is seen: inside the window, under nothing else, with a ring.
_SEEN = """() => {
  const focused = document.activeElement, box = focused.getClientRects()[0];
  const [x, y] = [box.left + Math.min(8, box.width / 2), box.top + Math.min(8, box.height / 2)];
  const top = document.elementFromPoint(x, y);
  const frame = focused.closest(".code") ?? focused; // of a field for code
  const ring = getComputedStyle(frame).outlineStyle !== "none";
  return ring && Boolean(top) && (focused.contains(top) || top.contains(focused));
}"""


class Node(NamedTuple):
    """What a screen reader is told of an element."""

    role: str
    name: str
    states: dict[str, Any]
    inside: list["Node"]

    def all(self, *roles: str) -> Iterator["Node"]:
        """Everything inside of these roles, at any depth."""
        for node in self.inside:
            if node.role in roles:
                yield node
            yield from node.all(*roles)


def node(entry: dict[str, Any], inside: list[Node]) -> Node:
    """An entry of the browser's accessibility tree."""
    states = {state["name"]: state["value"].get("value") for state in entry.get("properties", ())}
    return Node(entry["role"]["value"], entry.get("name", {}).get("value", ""), states, inside)


def told(page: Page) -> Node:
    """The page as the browser's accessibility tree has it, without what it leaves out."""
    session = page.context.new_cdp_session(page)
    found = {entry["nodeId"]: entry for entry in session.send("Accessibility.getFullAXTree")["nodes"]}

    def read(entry: dict[str, Any]) -> list[Node]:
        children = (found[child] for child in entry.get("childIds", ()) if child in found)
        inside = [part for child in children for part in read(child)]
        return inside if entry["ignored"] else [node(entry, inside)]

    return read(next(entry for entry in found.values() if "parentId" not in entry))[0]


def told_of_focus(page: Page) -> Node:
    """The element that has the focus."""
    session = page.context.new_cdp_session(page)
    element = session.send("Runtime.evaluate", {"expression": "document.activeElement"})["result"]["objectId"]
    answer = session.send("Accessibility.getPartialAXTree", {"objectId": element, "fetchRelatives": False})
    session.detach()
    return node(answer["nodes"][0], [])


@each_page_here
@pytest.mark.parametrize("width", [390, 1280])
def test_every_stop_of_the_tab_key_is_seen_and_has_a_name(visit, site, page_name, width):
    with visit(f"{site}{page_name}.html", width=width, height=844) as page:
        page.keyboard.press("Tab")
        stops = 0
        while page.evaluate("() => document.activeElement !== document.body"):
            where = page.evaluate("() => document.activeElement.outerHTML.slice(0, 150)")
            assert page.evaluate(_SEEN), where
            assert told_of_focus(page).name.strip(" #"), where
            page.keyboard.press("Tab")
            stops += 1
        assert stops > 15


@each_page_here
def test_a_heading_is_its_words_alone(visit, site, page_name):
    with visit(f"{site}{page_name}.html") as page:
        names = [heading.name for heading in told(page).all("heading")]
    assert names
    assert not [name for name in names if "#" in name]


@each_page_here
def test_a_picture_is_one_sentence_and_not_all_its_numbers(visit, site, page_name):
    with visit(f"{site}{page_name}.html", deeper=True) as page:
        for stage in page.locator(".stage").all():
            stage.scroll_into_view_if_needed()
        page.wait_for_function("() => !document.querySelector('.stage') || explorers.every(({ bundle }) => bundle)")
        tree = told(page)
    for image in tree.all("image"):
        assert image.name
        assert not image.inside, image.name
    assert all(figure.name for figure in tree.all("figure"))


def test_a_card_is_named_by_its_title_and_promise(visit, site):
    with visit(f"{site}intro.html") as page:
        cards = [link for link in told(page).all("link") if list(link.all("heading"))]
    assert len(cards) == len(CHAPTER_PAGES)
    assert all(len(card.name) < 250 and not list(card.all("image")) for card in cards)


def test_what_code_has_printed_is_told_from_the_code(visit, site):
    with visit(f"{site}{CHAPTER_PAGES[0]}.html", deeper=True) as page:
        outputs = [group for group in told(page).all("group") if group.name == "Output"]
        assert len(outputs) == page.locator(".output:is(.text_plain, .stream):visible").count() > 10


@pytest.mark.parametrize("width", [390, 1280])
def test_the_contents_button_is_said_to_be_open_when_the_contents_are_seen(visit, site, width):
    with visit(f"{site}intro.html", width=width, height=844) as page:
        button = page.get_by_role("button", name="Contents of the book")
        for _ in range(2):
            (said,) = (each for each in told(page).all("button") if each.name == "Contents of the book")
            assert said.states["expanded"] == page.locator("#contents").is_visible()
            button.press("Enter")


def test_the_picture_takes_the_arrow_keys_from_the_screen_reader_and_says_what_it_is(visit, site):
    with visit(f"{site}{CHAPTER_PAGES[0]}.html", deeper=True) as page:
        names = [picture.name for picture in told(page).all("application")]
        assert len(names) == page.locator(".stage").count()
        flow = page.locator("#picture-flow svg").get_attribute("aria-label")
    assert f"{flow} Arrow keys say its numbers." in names, "its sentence stands nowhere else"
    assert "Picture. Arrow keys say its numbers." in names


def test_the_mask_workshop_tells_the_keyboard_how_to_turn_a_cell(visit, site):
    with visit(f"{site}chapters/05_build_encoder_decoder.html", deeper=True) as page:
        figure = page.locator('[data-explorer="mask-workshop"]')
        figure.get_by_role("application", name="Enter turns a cell of the mask.").focus()
        figure.locator("[data-toggle]").first.wait_for()
        for _ in range(20):  # from the scores at the left
            page.keyboard.press("ArrowRight")
            if figure.locator(".pointed[data-toggle]").count():
                break
        page.keyboard.press("Enter")
        assert figure.locator("output").inner_text().startswith("Your own mask")
        assert figure.get_by_role("img").get_attribute("aria-label").startswith("Your own mask")
