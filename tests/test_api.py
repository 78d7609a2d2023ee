import json

from attnbook.api import contents, description, index, keep_returns_whole, names_used, public_names, used_in


def notebook(path, *sources):
    cells = [{"cell_type": "code", "source": [source]} for source in sources]
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps({"cells": [{"cell_type": "markdown", "source": "softmax"}, *cells]}), "utf-8")
    return path


def test_a_name_is_used_where_the_code_mentions_it():
    assert {"attention", "query", "check", "softmax"} <= names_used("attention(query)\ncheck.softmax(mine)")


def test_importing_a_name_is_not_using_it():
    assert "softmax" not in names_used("from attnlib import softmax")


def test_a_word_in_the_text_or_in_a_string_is_no_use(tmp_path):
    assert "softmax" not in used_in(notebook(tmp_path / "chapters" / "01_a.ipynb", "print('softmax')"))


def test_a_magic_does_not_stop_the_index():
    assert names_used("%timeit softmax(x)") == set()


def test_each_chapter_that_uses_a_name_is_linked_once(tmp_path):
    notebook(tmp_path / "chapters" / "01_a.ipynb", "softmax(x)", "softmax(y)")
    notebook(tmp_path / "chapters" / "02_b.ipynb", "softmax(z)")
    links = index(tmp_path)["softmax"]
    assert links == [":doc:`chapter\u00a01 </chapters/01_a>`", ":doc:`chapter\u00a02 </chapters/02_b>`"]


def test_classes_and_functions_are_told_apart():
    assert description("attnlib", "softmax", [])[0] == ".. autofunction:: attnlib.softmax"
    assert description("attncourse", "Explorer", [])[0] == ".. autoclass:: attncourse.Explorer"


def test_the_page_shows_every_public_function_of_the_library(request):
    page = (request.config.rootpath / "appendix" / "api.md").read_text("utf-8").split()
    assert [name for name in public_names("attnlib") if name not in page] == []


def test_the_contents_name_what_stands_under_each_heading():
    page = (
        "# T\n\n## Heads\n\n```{api} attnlib\n:names: split_heads merge_heads\n```\n\n"
        "### Checks\n\n```{api} attncourse\n```\n"
    )
    heads, checks = contents(page)
    assert heads == ("Heads", ["attnlib.split_heads", "attnlib.merge_heads"])
    assert checks == ("Checks", [f"attncourse.{name}" for name in public_names("attncourse")])


def test_what_a_function_returns_is_no_type_before_a_colon():
    lines = ["Norm.", "", "Returns:", "    the biased one: a mean.", "", "Raises:", "    ValueError: if not."]
    keep_returns_whole(None, "function", "f", None, None, lines)
    assert lines[3] == "    : the biased one: a mean."
    assert lines[6] == "    ValueError: if not."
