"""The ways to run a notebook, and their addresses."""

import pytest

from attnbook.launch import on_github, ways

NOTEBOOK = "chapters/04_give_order.ipynb"
GITHUB, SITE = "https://github.com/someone/attention", "https://someone.github.io/attention/"


def addresses(lite="", repository="", site=""):
    return {way.name: way.address for way in ways(NOTEBOOK, lite, repository, site)}


@pytest.mark.parametrize("end", ["", "/", ".git", ".git/"])
def test_a_repository_on_github_is_known_however_its_address_ends(end):
    assert on_github(GITHUB + end) == "someone/attention"


@pytest.mark.parametrize(
    "address", ["", "https://example.org/someone/attention", "https://github.com/someone", f"{GITHUB}/tree/main"]
)
def test_any_other_address_is_none_of_github(address):
    assert on_github(address) == ""
    assert addresses(repository=address, site=SITE) == {}


def test_jupyterlite_opens_the_notebook_by_its_name():
    assert addresses(lite="../lite/notebooks/index.html") == {
        "In this browser": "../lite/notebooks/index.html?path=04_give_order.ipynb"
    }


def test_colab_is_offered_where_it_finds_notebook_and_wheel_and_binder_where_it_finds_the_repository():
    assert list(addresses(repository=GITHUB)) == ["On Binder"]
    found = addresses(repository=GITHUB, site=SITE)
    assert found["In Google Colab"] == (
        "https://colab.research.google.com/github/someone/attention/blob/colab/04_give_order.ipynb"
    )
    assert found["On Binder"] == (
        "https://mybinder.org/v2/gh/someone/attention/HEAD?urlpath=lab%2Ftree%2Fchapters%2F04_give_order.ipynb"
    )
