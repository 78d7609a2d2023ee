"""What the site ships of an explorer: small, whole, drawn once, and drawn again when anything it depends on changes."""

import gzip
import json
import re

import pytest

from attnbook.bundles import pack, unpack
from attnbook.drawing import LAYOUTS, draw_all, folder, forget, kept, load
from attnbook.explorers import figure_html, room_css
from attnbook.sources import imported
from attnbook.stale import complaint
from attncourse.drawing.svg import to_svg
from attncourse.figures.scaling.temperature import temperature
from attncourse.figures.transformer.cached_cost import cached_cost


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return tmp_path_factory.mktemp("pictures")


@pytest.fixture(scope="module")
def drawn(store):
    assert [(explorer.name, states) for explorer, states in draw_all([temperature], store, workers=1)] == [
        ("temperature", len(temperature.states))
    ]
    return kept(temperature, store)


@pytest.fixture(scope="module")
def html(drawn):
    return figure_html(temperature, drawn, "../")


def test_a_bundle_gives_back_what_it_was_given_and_holds_each_line_once():
    pictures = [["<svg>", "<a/>", "<b/>", "</svg>"], ["<svg>", "<a/>", "<c/>", "</svg>"]]
    bundle = pack(pictures, ["one", "two"])
    assert unpack(bundle) == (pictures, ["one", "two"])
    assert json.loads(gzip.decompress(bundle))["lines"] == ["</svg>", "<a/>", "<b/>", "<c/>", "<svg>"]
    assert bundle == pack(pictures, ["one", "two"]), "the same states give the same bytes"


def test_every_state_of_both_layouts_is_in_the_bundles(drawn):
    for layout in LAYOUTS:
        pictures, readouts = unpack(drawn.bundles[layout])
        assert readouts == [temperature.readout(numbers) for numbers in temperature.numbers]
        assert pictures[3] == to_svg(temperature.draw(temperature.numbers[3], narrow=layout == "narrow"))


def test_what_is_drawn_is_not_drawn_again(store, drawn):
    assert list(draw_all([temperature], store, workers=1)) == []


def test_figure_has_picture_labelled_control_and_spoken_readout(html):
    assert '<figure class="explorer"' in html
    assert 'data-explorer="temperature"' in html
    assert f'data-state="{temperature.states.index(temperature.defaults)}"' in html
    assert '<input type="range" id="explorer-temperature-temperature" name="temperature"' in html
    assert '<label for="explorer-temperature-temperature">' in html
    assert html.count('<output aria-live="polite">') == 1
    assert html.count("<svg ") == 1


def test_text_alternative_of_the_picture_is_its_readout(html):
    alternative = re.search(r'<svg role="img" aria-label="([^"]+)"', html)[1]
    assert alternative == temperature.readout(temperature.measure())
    assert f">{alternative}</output>" in html


def test_the_words_of_a_picture_are_hidden_from_screen_readers_which_hear_its_sentence(html):
    shapes = re.search(r'<svg role="img"[^>]*>\s*<g aria-hidden="true">(.*)</g>\s*</svg>', html, re.DOTALL)[1]
    assert shapes.count("<text") == html.count("<text")


def test_a_figure_has_a_name(html):
    assert re.search(r'<figure class="explorer"[^>]* aria-label="temperature"', html)


def test_nothing_in_a_figure_needs_a_lax_content_security_policy(html):
    assert " style=" not in html
    assert "<script" not in html


def test_second_copy_on_a_page_has_ids_of_its_own(drawn):
    first, second = (figure_html(temperature, drawn, "../", number) for number in (1, 2))
    ids = [set(re.findall(r'\bid="([^"]+)"', html)) for html in (first, second)]
    assert ids[0].isdisjoint(ids[1])


def test_phones_keep_room_for_the_narrow_picture(drawn):
    width, height = drawn.sizes["narrow"]
    assert f'[data-figure="temperature"]{{aspect-ratio:{width}/{height}}}' in room_css([drawn])


def test_a_notebook_that_says_what_is_drawn_has_no_complaint(drawn):
    assert complaint(temperature.describe(), temperature, drawn.described) == ""


def test_an_explorer_that_the_library_lacks_is_named():
    with pytest.raises(ValueError, match=r"no explorer 'attncourse\.figures\.gone:gone': run `make notebooks`"):
        load("attncourse.figures.gone:gone")


def test_pictures_of_an_older_build_go(tmp_path):
    for name in (folder(temperature), "temperature-0123456789"):
        (tmp_path / name).touch()
    (tmp_path / "cached-cost-frames").mkdir()
    forget([temperature], tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [folder(temperature)]


def test_a_picture_depends_on_what_its_module_imports_however_indirectly_and_on_no_more():
    names = imported("attncourse.figures.scaling.temperature")
    assert {"attncourse.figures.scaling.temperature", "attncourse.drawing.canvas", "attnlib.softmax"} <= names
    assert "attnlib.transformer" not in names
    assert "attncourse.figures.compute.pipeline" not in names
    assert folder(temperature) != folder(cached_cost)
