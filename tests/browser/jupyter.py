"""What a notebook must do in JupyterLab and in JupyterLite alike."""

import re

from playwright.sync_api import Locator, Page, expect


def move_a_slider(page: Page, timeout: float) -> Locator:
    """Move the first slider that is seen from its lowest value to its highest: picture and sentence follow.

    Returns the picture.
    """
    view = page.locator(".jp-OutputArea .widget-vbox:has(.widget-slider):has(svg):visible").first
    view.scroll_into_view_if_needed(timeout=timeout)
    slider, picture, readout = view.get_by_role("slider").first, view.locator("svg"), view.get_by_role("status")
    slider.focus()
    page.keyboard.press("Home")
    page.wait_for_timeout(1000)
    before = picture.inner_html(), readout.inner_text()
    assert re.search(r"\d", before[1])
    page.keyboard.press("End")
    expect(readout).not_to_have_text(before[1], timeout=timeout)
    assert picture.inner_html() != before[0]
    assert picture.get_attribute("aria-label") == readout.inner_text()
    return picture
