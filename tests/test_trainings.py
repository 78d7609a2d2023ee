"""Trainings on the page: the contract of their HTML, and a notebook that has another than the library."""

import json
import re

import pytest

from attnbook.trainings import figure_html, stale
from attncourse.figures.heads import one_or_two_heads_training as heads_training
from attncourse.figures.transformer import date_training
from attncourse.shown import from_source

TRAININGS = pytest.mark.parametrize("training", [heads_training, date_training], ids=lambda training: training.name)


@TRAININGS
def test_a_training_is_found_by_its_source(training):
    assert from_source(training.source) is training


@TRAININGS
def test_the_figure_has_a_labelled_control_for_each_setting_and_a_button(training):
    html = figure_html(training)
    assert f'data-training="{training.name}" data-source="{training.source}"' in html
    names = re.findall(r'<(?:input|select)[^>]* name="(\w+)"', html)
    assert names == list(training.controls)
    assert set(re.findall(r' for="([^"]+)"', html)) == {f"training-{training.name}-{name}" for name in names}
    assert '<button type="button" class="go">Start</button>' in html
    assert training.forecast in html


@TRAININGS
def test_the_figure_brings_both_pictures_and_all_stops(training):
    (data,) = re.findall(r'<script type="application/json">(.*?)</script>', figure_html(training), re.DOTALL)
    known = json.loads(data)
    widths = {layout: re.search(r' width="(\d+)"', lines[0])[1] for layout, lines in known["lines"].items()}
    assert widths == {"wide": "720", "narrow": "344"}
    assert known["lines"]["wide"][-1] == "</svg>"
    assert known["stops"] == {name: list(control.stops) for name, control in training.controls.items()}
    assert known["live"] == list(training.live)


def test_a_notebook_that_has_another_training_is_told_to_be_run_again():
    described = json.loads(json.dumps(heads_training.describe()))
    assert stale(described, heads_training) == ""
    complaint = stale(described | {"readout": "After 599 steps."}, heads_training)
    assert complaint == "training one-or-two-heads-training: readout changed: run `make notebooks`"
