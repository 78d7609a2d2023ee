"""The notebooks' copies for Colab."""

import nbformat
import pytest
import yaml

from attnbook.colab import FOLDER, for_colab, write_colab
from attnbook.launch import COLAB_BRANCH
from tests.notebooks import CHAPTERS, NOTEBOOKS, ROOT

WHEEL = "https://someone.github.io/attention/colab/attnlib-0.1.0-py3-none-any.whl"


@pytest.mark.parametrize("chapter", NOTEBOOKS, ids=lambda chapter: chapter.stem)
def test_a_copy_is_valid_and_has_one_cell_more_before_all_others(chapter):
    text = chapter.read_text("utf-8")
    copy = nbformat.reads(for_colab(text, WHEEL), as_version=4)
    nbformat.validate(copy)
    assert copy.cells[0].source.startswith(f"%pip install --quiet {WHEEL}\n")
    assert copy.cells[1:] == nbformat.reads(text, as_version=4).cells


def test_the_wheel_stands_beside_the_copies_at_the_address_that_they_install(tmp_path):
    python = tmp_path / "_python"
    (python / "wheels-0123").mkdir(parents=True)
    (python / "wheels-0123" / "attnlib-9.9-py3-none-any.whl").write_bytes(b"wheel")
    write_colab(tmp_path, "https://example.org/", CHAPTERS[:2])
    assert {path.name for path in (tmp_path / FOLDER).iterdir()} == {
        *(chapter.name for chapter in CHAPTERS[:2]),
        "attnlib-9.9-py3-none-any.whl",
    }
    text = (tmp_path / FOLDER / CHAPTERS[0].name).read_text("utf-8")
    assert "https://example.org/colab/attnlib-9.9-py3-none-any.whl" in text


def test_the_deployment_puts_the_copies_on_the_branch_that_colab_is_sent_to():
    jobs = yaml.safe_load((ROOT / ".github" / "workflows" / "deploy.yml").read_text("utf-8"))["jobs"]
    assert any(f"_build/html/{FOLDER}" in str(step) for step in jobs["build"]["steps"])
    assert f"refs/heads/{COLAB_BRANCH}" in jobs["colab"]["steps"][-1]["run"]
