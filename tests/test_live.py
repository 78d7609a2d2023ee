"""In a live kernel an explorer is widgets around the same three functions, at any value."""

import pytest
from ipywidgets import Checkbox, Dropdown, FloatSlider, IntSlider, SelectionSlider, Widget

from attnlib.course import Choice, Slider, Switch
from attnlib.course.explorer import EXPLORER_MIME
from attnlib.course.live import WIDGET_MIME, _widget, live_widget
from attnlib.figures.scaling.temperature import temperature


@pytest.fixture
def view():
    yield live_widget(temperature)
    Widget.close_all()


def test_moving_a_slider_between_stops_redraws_picture_and_sentence(view):
    slider, image, sentence = view.children
    before = bytes(image.value), sentence.value
    slider.value = 0.85  # no stop of the page
    assert bytes(image.value) != before[0]
    assert bytes(image.value).startswith(b"\x89PNG")
    assert "temperature 0.8" in sentence.value
    assert sentence.value != before[1]


@pytest.mark.parametrize(
    ("control", "kind"),
    [
        (Slider("position", (1, 2, 5), 2), IntSlider),
        (Slider("width", (0.1, 0.5), 0.1), FloatSlider),
        (Slider("d_k", (1, 2, 64, 1024), 64, log=True), SelectionSlider),
        (Switch("mask"), Checkbox),
        (Choice("kind", ("dot", "cosine"), "dot"), Dropdown),
    ],
)
def test_each_control_becomes_its_widget_and_starts_at_the_default(control, kind):
    widget = _widget(control)
    assert type(widget) is kind
    assert widget.value == control.default
    assert widget.description == control.label


def test_live_slider_in_powers_holds_every_stop_of_the_page():
    stops = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024)
    live = [value for _, value in _widget(Slider("d_k", stops, 64, log=True))._options_full]
    assert set(stops) <= set(live)
    assert len(live) > 60


def test_display_leaves_text_picture_and_data(monkeypatch):
    shown = {}
    monkeypatch.setattr("IPython.display.display", lambda bundle, raw: shown.update(bundle))
    temperature._ipython_display_()
    Widget.close_all()
    assert set(shown) == {"text/plain", "image/png", EXPLORER_MIME, WIDGET_MIME}
    assert shown[EXPLORER_MIME]["readouts"][6] in shown["text/plain"]
