from attnbook.page import current_roles, description_of, fewer_classes, lighter_code, scripts_for
from attnbook.stylesheet import names_in, prune


def test_a_rule_for_a_class_that_no_page_has_is_left_out():
    css = prune(".here{color:red}.gone{color:blue}.here .gone{color:green}#id{x:y}", {"here", "id"})
    assert css == ".here{color:red}\n#id{x:y}"


def test_a_list_of_selectors_loses_only_the_dead_ones():
    assert prune(".gone, p, .here > a{color:red}", {"here"}) == "p,.here > a{color:red}"


def test_a_rule_inside_a_condition_or_a_layer_is_judged_as_well():
    assert prune("@media (min-width:1px){.gone{x:y}.here{x:y}}@layer t{.gone{x:y}}", {"here"}) == (
        "@media (min-width:1px){.here{x:y}}"
    )


def test_what_a_selector_excludes_need_not_exist():
    assert prune("a:not(.gone){x:y}", set()) == "a:not(.gone){x:y}"


def test_a_variable_that_nothing_asks_for_goes_and_so_do_those_it_asked_for():
    css = ":root{--used:1;--first:var(--second);--second:2}a{width:var(--used)}"
    assert prune(css, set()) == ":root{--used:1;}\na{width:var(--used)}"


def test_names_come_from_classes_ids_and_scripts():
    assert names_in(['<p class="a b" id="c">d</p>'], ["x.classList.add('e')"]) >= {"a", "b", "c", "e"}
    assert "d" not in names_in(['<p class="a b" id="c">d</p>'], [])


def test_a_page_gets_the_scripts_that_it_needs():
    offered = ["documentation_options.js", "copybutton.js", "sphinx-thebe.js", "explorer.js"]
    assert scripts_for("<p>", offered, own={"explorer.js"}) == ["documentation_options.js", "explorer.js"]
    assert "copybutton.js" in scripts_for("<pre>", offered, own=set())


def test_the_description_is_the_first_real_paragraph_cut_at_a_word():
    body = "<p>Short.</p><p>" + "word " * 60 + "</p>"
    text = description_of(body)
    assert text.startswith("word word")
    assert text.endswith("word …")
    assert len(text) <= 160


def test_code_keeps_its_text_and_its_colours():
    code = '<pre><span></span><span class="k">if</span><span class="w"> </span><span class="n">x</span></pre>'
    assert lighter_code(code) == '<pre><span class="k">if</span> x</pre>'


def test_neighbours_of_one_colour_share_a_mark():
    code = '<pre><span class="sa">f</span><span class="s2">&quot;x </span><span class="si">{</span>n</pre>'
    assert lighter_code(code) == '<pre><span class="s">f&quot;x {</span>n</pre>'


def test_marks_outside_code_stay():
    assert lighter_code('<p><span class="n">x</span></p>') == '<p><span class="n">x</span></p>'


def test_a_cell_keeps_the_class_that_says_what_it_is():
    assert fewer_classes('<div class="cell tag_hide-cell docutils container">') == '<div class="cell tag_hide-cell">'


def test_a_script_asks_for_the_classes_in_its_quotes_and_the_version_switcher_for_none():
    script = "if (version) button.className = 'copied btn'"
    assert names_in([], [script]) == {"copied"}
    assert names_in(['<a class="btn">'], [script]) == {"copied", "btn"}


def test_entries_of_a_bibliography_are_items_of_its_list():
    html = '<div role="list"><div class="citation" role="doc-biblioentry">Vaswani</div></div>'
    assert current_roles(html) == '<div role="list"><div class="citation" role="listitem">Vaswani</div></div>'
