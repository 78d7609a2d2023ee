from attnbook.addresses import absolute, checksum, robots, sitemap, stamped
from attnbook.page import meta_of, page_title

PAGE = '<a href="intro.html"></a><a href="#top"></a><script src="_static/a.js"></script><a href="https://else.org/">'


def test_a_page_for_wrong_addresses_leads_to_the_root_of_its_host_or_to_the_folder_of_its_site():
    assert 'href="/intro.html"' in absolute(PAGE, "")
    assert 'src="/attention/_static/a.js"' in absolute(PAGE, "https://example.org/attention/")


def test_what_is_absolute_or_in_the_page_stays():
    assert 'href="#top"' in absolute(PAGE, "")
    assert 'href="https://else.org/"' in absolute(PAGE, "")


def test_a_changed_file_has_a_new_address_in_pages_and_in_the_stylesheet(tmp_path):
    file = tmp_path / "site.css"
    file.write_bytes(b"one")
    before = checksum(file)
    file.write_bytes(b"two")
    assert checksum(file) != before
    page = stamped('<link href="../_static/site.css"><script src="_static/a.js">', {"site.css": before})
    assert page == f'<link href="../_static/site.css?v={before}"><script src="_static/a.js">'
    assert stamped(page, {"site.css": checksum(file)}) == page.replace(before, checksum(file))
    assert stamped('src: url("a.woff2") format("woff2")', {"a.woff2": "1"}) == 'src: url("a.woff2?v=1") format("woff2")'


def test_an_address_elsewhere_stays_without_a_checksum():
    page = '<a href="site.css"></a><a href="https://else.org/?_static/site.css"></a>'
    assert stamped(page, {"site.css": "1"}) == page


def test_the_map_lists_each_page_by_its_whole_address():
    assert sitemap("https://example.org/a/", ["b.html"]).count("<loc>https://example.org/a/") == 2
    assert "<loc>https://example.org/a/b.html</loc>" in sitemap("https://example.org/a/", ["b.html"])


def test_robots_learn_of_the_map_if_there_is_one():
    assert "Sitemap: https://example.org/sitemap.xml" in robots("https://example.org/")
    assert "Sitemap" not in robots("")


def test_a_title_names_page_and_book_once():
    assert page_title("Heads", "Attention") == "Heads · Attention"
    assert page_title("Attention", "Attention") == "Attention"


def test_addresses_in_the_head_are_absolute_or_not_there():
    without = dict(meta_of("Heads", "What heads do.", "Attention", "", ""))
    assert without["og:title"] == "Heads"
    assert "og:image" not in without
    known = dict(meta_of("Heads", "What heads do.", "Attention", "https://a.org/", "https://a.org/heads.html"))
    assert known["og:image"] == "https://a.org/_static/social.png"
    assert known["og:url"] == "https://a.org/heads.html"
