"""In a live kernel an explorer is widgets around the same three functions, at any value."""

import math
import re
from typing import NamedTuple

import pytest
from ipywidgets import Checkbox, Combobox, Dropdown, FloatLogSlider, FloatSlider, IntSlider, SelectionSlider, Widget

from attncourse import Choice, Slider, Switch, Text
from attncourse.drawing.canvas import place, sheet
from attncourse.explorer import EXPLORER_MIME
from attncourse.figures.compute.pipeline import pipeline
from attncourse.figures.scaling.temperature import temperature
from attncourse.live import WIDGET_MIME, _widget, live_widget
from tests.explorers import all_explorers, made_up


@pytest.fixture
def view():
    yield live_widget(temperature)
    Widget.close_all()


def test_moving_a_slider_between_stops_redraws_picture_and_sentence(view):
    slider, picture, sentence, _ = view.children
    before = picture.value, sentence.value
    slider.value = 0.85  # no stop of the page
    assert picture.value != before[0]
    assert "<svg role=" in picture.value
    assert "temperature 0.8" in sentence.value
    assert sentence.value != before[1]


@pytest.mark.parametrize(
    ("control", "kind"),
    [
        (Slider("position", (1, 2, 5)), IntSlider),
        (Slider("width", (0.1, 0.5)), FloatSlider),
        (Slider("d_k", (1, 2, 64, 1024), log=True), SelectionSlider),
        (Switch("mask"), Checkbox),
        (Choice("kind", ("dot", "cosine")), Dropdown),
        (Text("date", ("7.6.21", "6/7/21")), Combobox),
    ],
)
def test_each_control_becomes_its_widget_and_starts_at_the_default(control, kind):
    widget = _widget(control, control.stops[1])
    assert type(widget) is kind
    assert widget.value == control.stops[1]
    assert widget.description == control.label


class Length(NamedTuple):
    """Of a text, in characters."""

    length: int


def counted(control):
    """An explorer that counts characters, and refuses a text of none or more than 20."""

    def measure(text="7.6.21"):
        if not 0 < len(text) <= 20:
            raise ValueError(f"a text must have 1 to 20 characters: got <{len(text)}>")
        return Length(len(text))

    def draw(numbers, narrow=False):
        figure = sheet(40, narrow)
        place(figure, 10, 10, 20 * numbers.length, 20)
        return figure

    return made_up("length", measure, lambda numbers: f"{numbers.length} characters.", draw, {"text": control})


def test_a_typed_text_need_not_be_one_of_the_examples():
    text, picture, sentence, _ = live_widget(counted(Text("date", ("7.6.21", "6/7/21")))).children
    before = picture.value
    text.value = "June 7th, 2021"
    assert "14 characters." in sentence.value
    assert picture.value != before
    assert text.continuous_update is False, "half a text is not measured"
    Widget.close_all()


def test_a_refused_text_leaves_the_picture_and_says_why():
    text, picture, sentence, _ = live_widget(counted(Text("date", ("7.6.21",)))).children
    before = picture.value
    for refused in ("", "the 7th of June in the year 2021"):
        text.value = refused
        assert f"Not drawn: a text must have 1 to 20 characters: got &lt;{len(refused)}&gt;." in sentence.value
        assert picture.value == before
    text.value = "June"
    assert "4 characters." in sentence.value
    assert picture.value != before
    Widget.close_all()


def test_without_a_text_to_type_a_value_error_is_a_fault_and_is_raised():
    choice, *_ = live_widget(counted(Choice("date", ("7.6.21", "", "6/7/21")))).children
    with pytest.raises(ValueError, match="1 to 20 characters"):
        choice.value = ""
    Widget.close_all()


def test_a_text_is_a_list_of_examples_on_the_page():
    (described,) = counted(Text("date", ("7.6.21", "6/7/21"))).describe()["parameters"]
    assert described["kind"] == "select"
    assert described["stops"] == described["texts"] == ["7.6.21", "6/7/21"]


def test_live_slider_in_powers_holds_every_stop_of_the_page():
    stops = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024)
    live = [value for _, value in _widget(Slider("d_k", stops, log=True), 64)._options_full]
    assert set(stops) <= set(live)
    assert len(live) > 60


@pytest.mark.parametrize("explorer", all_explorers().values(), ids=lambda explorer: explorer.name)
def test_every_slider_starts_on_its_own_grid(explorer):
    for name, control in explorer.controls.items():
        widget = _widget(control, explorer.defaults[name])
        assert widget.value == explorer.defaults[name]
        if isinstance(widget, FloatSlider | FloatLogSlider):
            here = math.log10(widget.value) if isinstance(widget, FloatLogSlider) else widget.value
            steps = (here - widget.min) / widget.step
            assert steps == pytest.approx(round(steps), abs=0.01)
    Widget.close_all()


def test_shapes_of_a_live_picture_say_their_numbers_beside_the_pointer():
    *_, picture, _, _ = live_widget(pipeline).children
    assert re.search(r"<title>[^<]*\d[^<]*</title>", picture.value)
    Widget.close_all()


def test_display_leaves_text_picture_and_data(monkeypatch):
    shown = {}
    monkeypatch.setattr("IPython.display.display", lambda bundle, raw: shown.update(bundle))
    temperature._ipython_display_()
    Widget.close_all()
    assert set(shown) == {"text/plain", "image/png", EXPLORER_MIME, WIDGET_MIME}
    assert shown[EXPLORER_MIME]["readouts"][6] in shown["text/plain"]
