from attnbook.addresses import absolute, robots, sitemap
from attnbook.page import meta_of, page_title

PAGE = '<a href="intro.html"></a><a href="#top"></a><script src="_static/a.js"></script><a href="https://else.org/">'


def test_a_page_for_wrong_addresses_leads_to_the_root_of_its_host_or_to_the_folder_of_its_site():
    assert 'href="/intro.html"' in absolute(PAGE, "")
    assert 'src="/attention/_static/a.js"' in absolute(PAGE, "https://example.org/attention/")


def test_what_is_absolute_or_in_the_page_stays():
    assert 'href="#top"' in absolute(PAGE, "")
    assert 'href="https://else.org/"' in absolute(PAGE, "")


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
