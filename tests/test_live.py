"""In a live kernel an explorer is widgets around the same three functions, between the stops as well."""

import base64
import re
from typing import NamedTuple

import pytest
from ipywidgets import Checkbox, Combobox, Dropdown, FloatSlider, IntSlider, SelectionSlider, Widget

from attncourse import Choice, Slider, Switch, Text
from attncourse.drawing.canvas import place, sheet
from attncourse.explorer import EXPLORER_MIME
from attncourse.figures.compute.pipeline import pipeline
from attncourse.figures.scaling.temperature import temperature
from attncourse.live import WIDGET_MIME, control_widget, live_widget
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
    assert '<g aria-hidden="true">' in picture.value, "a screen reader hears the sentence, not each number"
    assert "temperature 0.8" in sentence.value
    assert sentence.value != before[1]


@pytest.mark.parametrize(
    ("control", "kind"),
    [
        (Slider("position", (1, 2, 5)), IntSlider),
        (Slider("width", (0.1, 0.5)), FloatSlider),
        (Slider("d_k", (1, 2, 64, 1024), log=True), SelectionSlider),
        (Slider("temperature", (0.25, 0.5, 4.0), log=True), SelectionSlider),
        (Slider("training step", (0, 10, 600), stops_only=True), SelectionSlider),
        (Switch("mask"), Checkbox),
        (Choice("kind", ("dot", "cosine")), Dropdown),
        (Text("date", ("7.6.21", "6/7/21")), Combobox),
    ],
)
def test_each_control_becomes_its_widget_and_starts_at_the_default(control, kind):
    widget = control_widget(control, control.stops[1])
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


def values_of(slider):
    """All that a live slider can be moved to."""
    if isinstance(slider, SelectionSlider):
        return [value for _, value in slider._options_full]
    steps = round((slider.max - slider.min) / slider.step)
    return [round(slider.min + step * slider.step, 6) for step in range(steps + 1)]


@pytest.mark.parametrize("stops", [(1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024), (0.05, 0.1, 0.35, 1.0, 4.0)])
def test_live_slider_in_powers_has_many_short_values_between_the_stops(stops):
    values = values_of(control_widget(Slider("d_k", stops, log=True), stops[1]))
    assert set(stops) <= set(values)
    assert values == sorted(set(values))
    assert len(values) > 60
    assert max(len(f"{value:g}") for value in values) <= 5


def test_live_slider_of_stops_only_has_the_stops_only():
    assert values_of(control_widget(Slider("training step", (0, 10, 600), stops_only=True), 10)) == [0, 10, 600]


@pytest.mark.parametrize("explorer", all_explorers().values(), ids=lambda explorer: explorer.name)
def test_a_live_slider_holds_every_stop_and_wherever_it_is_moved_there_is_a_picture(explorer):
    for name, control in explorer.controls.items():
        if isinstance(control, Slider):
            values = values_of(control_widget(control, explorer.defaults[name]))
            assert set(control.stops) <= set(values)
            between = [value for value in values if value not in control.stops]
            for value in between[:1] + between[-1:]:
                numbers = explorer.measure(**explorer.defaults | {name: value})
                assert explorer.readout(numbers)
                assert explorer.draw(numbers)
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
    assert base64.b64decode(shown["image/png"], validate=True).startswith(b"\x89PNG")
    assert shown[EXPLORER_MIME]["readouts"][6] in shown["text/plain"]
