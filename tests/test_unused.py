from attnbook.unused import remove_unused


def test_a_file_stays_if_a_page_a_stylesheet_or_a_script_refers_to_it(tmp_path):
    files = {
        "chapters/a.html": '<link href="../_static/site.css?v=1"><script src="../_static/page.js"></script>'
        '<img src="/folder/_static/far.png"><meta content="https://example.org/folder/_static/social.png">',
        "_static/site.css": '@font-face{src:url("text.woff2")}',
        "_static/page.js": 'const more = "more.js";',
        "_static/more.js": "",
        "_static/text.woff2": "",
        "_static/far.png": "",
        "_static/social.png": "",
        "_static/page.js.map": "",
        "_static/vendor/icons.css": "url(icons.woff2)",
        "_static/vendor/icons.woff2": "",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, "utf-8")
    assert remove_unused([tmp_path / "chapters" / "a.html"], tmp_path) == 3
    left = {path.name for path in (tmp_path / "_static").rglob("*")}
    assert left == {"site.css", "page.js", "more.js", "text.woff2", "far.png", "social.png"}
