"""The page's figure keeps its contract, and frames are drawn once."""

import functools
import json
import re

import pytest

from attnbook.explorers import figure_html
from attnbook.frames import draw_all, drawing_modules, folder, load, missing
from attnbook.pictures import lay_out
from attnbook.stale import complaint
from attncourse.figures.compute.pipeline import pipeline
from attncourse.figures.scaling.saturation import saturation
from attncourse.figures.scaling.temperature import temperature
from tests.explorers import made_up

STILL = made_up("still", temperature.measure, temperature.readout, temperature.draw)


@pytest.fixture(scope="module")
def html():
    return figure_html(temperature, "../")


def test_figure_has_picture_labelled_control_and_spoken_readout(html):
    assert '<figure class="explorer"' in html
    assert 'data-explorer="temperature"' in html
    assert '<input type="range" id="explorer-temperature-temperature" name="temperature"' in html
    assert '<label for="explorer-temperature-temperature">' in html
    assert html.count('<output aria-live="polite">') == 1


def test_text_alternative_of_the_picture_is_its_readout(html):
    alternative = re.search(r'alt="([^"]+)"', html)[1]
    assert alternative == temperature.readout(temperature.measure())
    assert f">{alternative}</output>" in html


def test_readouts_of_all_stops_stand_in_the_page(html):
    stored = json.loads(re.search(r'<script type="application/json">(.*?)</script>', html)[1])
    assert stored == temperature.describe()["readouts"]


def test_second_copy_on_a_page_has_ids_of_its_own():
    first, second = (figure_html(temperature, "../", number) for number in (1, 2))
    ids = [set(re.findall(r'\bid="([^"]+)"', html)) for html in (first, second)]
    assert ids[0].isdisjoint(ids[1])


def test_figure_without_controls_is_a_picture_without_script():
    html = figure_html(STILL, "")
    assert 'class="picture"' in html
    assert "<script" not in html


def test_frames_are_drawn_once_and_kept(tmp_path):
    todo = [frame for frame in missing(temperature, tmp_path) if frame.state < 2]
    assert len(todo) == 4  # two states, two layouts
    done = list(draw_all(todo, workers=1))
    assert all(frame.path.read_bytes()[8:12] == b"WEBP" for frame in done)
    assert len(list(missing(temperature, tmp_path))) == 2 * 14 - 4


def test_each_state_is_measured_once_for_page_comparison_and_frames(tmp_path):
    calls = []

    @functools.wraps(temperature.measure)
    def counted(**values):
        calls.append(values)
        return temperature.measure(**values)

    explorer = made_up("counted", counted, temperature.readout, temperature.draw, temperature.controls)
    complaint(explorer.describe(), explorer)
    folder(explorer)
    list(missing(explorer, tmp_path))
    assert calls == explorer.states


def test_an_explorer_that_the_library_lacks_is_named():
    with pytest.raises(ValueError, match=r"no explorer 'attncourse\.figures\.gone:gone': run `make notebooks`"):
        load("attncourse.figures.gone:gone")


def test_frames_of_an_older_build_go_and_a_strangers_file_does_not_stop_the_build(tmp_path):
    kept, site = tmp_path / "kept", tmp_path / "site"
    for frame in (kept / folder(STILL) / "wide-0.webp", kept / "old-0123456789" / "wide-0.webp"):
        frame.parent.mkdir(parents=True)
        frame.touch()
    (kept / ".DS_Store").touch()
    lay_out([STILL], kept, site)
    assert [path.relative_to(site).as_posix() for path in site.rglob("*.webp")] == [f"{folder(STILL)}/wide-0.webp"]
    assert not (kept / "old-0123456789").exists()


def test_pictures_depend_on_every_module_that_helps_to_draw_them():
    names = {module.__name__.removeprefix("attncourse.") for module in drawing_modules(pipeline)}
    assert {
        "figures.compute.pipeline",
        "figures.sentence",
        "drawing.board",
        "drawing.matrix",
        "drawing.label",
        "drawing.canvas",
        "drawing.palette",
        "digits",
    } == names
    names = {module.__name__.removeprefix("attncourse.") for module in drawing_modules(saturation)}
    assert {
        "figures.scaling.saturation",
        "figures.scaling.jacobian",
        "figures.scaling.random_queries",
        "figures.scaling.scales",
        "drawing.axes",
        "drawing.label",
        "drawing.numerals",
        "drawing.canvas",
        "drawing.palette",
        "digits",
    } == names


def test_folder_changes_with_the_numbers_that_are_drawn():
    def shifted(**values):
        numbers = temperature.measure(**values)
        return numbers._replace(entropy=numbers.entropy + 1e-9)

    other = made_up("temperature", shifted, temperature.readout, temperature.draw, temperature.controls)
    assert folder(other) != folder(temperature)
    assert folder(temperature) == folder(load(temperature.source))
