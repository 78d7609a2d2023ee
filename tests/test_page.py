import pytest

from attnbook.page import (
    current_roles,
    description_of,
    fewer_classes,
    joined_signs,
    jointed_names,
    lighter_code,
    links_aside,
    named_outputs,
    plain_folds,
    scripts_for,
    whole_columns,
)


def test_a_page_gets_the_courses_own_scripts_that_it_needs():
    offered, own = (
        ["documentation_options.js", "page.js", "quiz.js", "explorer.js"],
        {"page.js", "quiz.js", "explorer.js"},
    )
    assert scripts_for("<p>", offered, own) == ["page.js"]
    assert scripts_for('<form class="quiz">', offered, own) == ["page.js", "quiz.js"]
    assert scripts_for('<figure class="explorer">', offered, own) == ["page.js", "explorer.js"]


def test_the_description_is_the_first_real_paragraph_cut_at_a_word():
    body = "<p>Short.</p><p>" + "word " * 60 + "</p>"
    text = description_of(body)
    assert text.startswith("word word")
    assert text.endswith("word …")
    assert len(text) <= 160


def test_code_keeps_its_text_and_its_colours():
    code = '<pre><span></span><span class="k">if</span><span class="w"> </span><span class="n">x</span></pre>'
    assert lighter_code(code) == '<pre><span class="line"><span class="k">if</span> x</span></pre>'


def test_neighbours_of_one_colour_share_a_mark():
    code = '<pre><span></span><span class="sa">f</span><span class="s2">&quot;x </span><span class="si">{</span>n</pre>'
    assert lighter_code(code) == '<pre><span class="line"><span class="s">f&quot;x {</span>n</span></pre>'


def test_marks_outside_code_stay():
    assert lighter_code('<p><span class="n">x</span></p>') == '<p><span class="n">x</span></p>'


def test_a_cell_keeps_the_class_that_says_what_it_is():
    assert fewer_classes('<div class="cell tag_hide-cell docutils container">') == '<div class="cell tag_hide-cell">'


def test_each_line_of_code_is_an_element_and_ends_where_it_did():
    html = lighter_code("<pre><span></span>a\n\nb\n</pre>")
    assert html == '<pre><span class="line">a\n</span><span class="line">\n</span><span class="line">b\n</span></pre>'


@pytest.mark.parametrize(
    ("spaces", "name"), [(0, "line"), (4, "line in-1"), (7, "line in-2"), (8, "line in-2"), (16, "line in-3")]
)
def test_a_line_of_code_says_how_deep_it_stands(spaces, name):
    docstring = f'<span class="sd">{" " * spaces}&quot;&quot;&quot;</span>'
    assert lighter_code(f"<pre><span></span>{docstring}</pre>").startswith(f'<pre><span class="{name}">')


@pytest.mark.parametrize(
    ("text", "joined"),
    [
        ("of <math>d</math>, now", 'of <span class="joined"><math>d</math>,</span> now'),
        ("(<math>d</math> or", '<span class="joined">(<math>d</math></span> or'),
        ("<math>c</math> and <math>d</math>.", '<math>c</math> and <span class="joined"><math>d</math>.</span>'),
        (
            'so <span class="formula"><math>a = b</math></span>: then',
            'so <span class="formula"><math>a = b</math>:</span> then',
        ),
        ("<p><math>d</math></p>", "<p><math>d</math></p>"),
    ],
)
def test_a_formula_keeps_the_sign_beside_it(text, joined):
    assert joined_signs(text) == joined


@pytest.mark.parametrize(
    ("printed", "whole"),
    [
        ("array([[1, 0],\n       [1, 1]])\n", True),
        ("none    0.22\nindex   0.13\n", True),
        ("one line,  two gaps\n", False),
        ("a sentence\nand another\n", False),
    ],
)
def test_columns_that_were_printed_keep_their_lines_and_sentences_wrap(printed, whole):
    def output(opened):
        return f'<div class="output stream"><div class="highlight">{opened}{printed}</pre></div></div>'

    assert whole_columns(output("<pre>")) == output('<pre class="columns">' if whole else "<pre>")


def test_a_long_name_in_a_table_may_be_broken_where_it_is_joined_and_nowhere_else():
    name = '<code class="docutils"><span class="pre">ops.dot_product(scale=None)</span></code>'
    broken = name.replace("ops.dot_product(scale=", "ops.<wbr>dot_<wbr>product(<wbr>scale=<wbr>")
    assert jointed_names("<td><code>MultiHeadAttention</code></td>").count("<wbr>") == 2
    short = "<code>w_q, w_k, w_v, w_o</code>"
    assert jointed_names(f"<p>{name}</p><td>A {name} or {short}</td>") == f"<p>{name}</p><td>A {broken} or {short}</td>"


@pytest.mark.parametrize("kind", ["output", "outputs"])
def test_a_folded_output_opens_by_words(kind):
    """MyST-NB calls it "output" below its code, and "outputs" where the code is left out."""
    fold = f"""<summary aria-label="Toggle hidden content">
<p class="collapsed admonition-title">Show code cell {kind}</p>
<p class="expanded admonition-title">Hide code cell {kind}</p>
</summary>"""
    assert plain_folds(fold) == "<summary>Show what it prints</summary>"


def test_a_folded_cell_is_opened_by_words_and_a_solution_says_that_it_is_one():
    fold = """<details class="admonition hide above-input">
<summary aria-label="Toggle hidden content">
<p class="collapsed admonition-title">Show code cell content</p>
<p class="expanded admonition-title">Hide code cell content</p>
</summary>"""
    assert plain_folds(fold).endswith("<summary>Show the code and its output</summary>")
    assert plain_folds(f'<div class="cell tag_hide-cell tag_solution">\n{fold}').endswith(
        "<summary>Show a solution</summary>"
    )


def test_entries_of_a_bibliography_are_items_of_its_list():
    html = '<div role="list"><div class="citation" role="doc-biblioentry">Vaswani</div></div>'
    assert current_roles(html) == '<div role="list"><div class="citation" role="listitem">Vaswani</div></div>'


def test_the_sign_beside_a_heading_is_neither_part_of_its_name_nor_a_stop_of_the_tab_key():
    heading = '<h2>Masks<a class="headerlink" href="#masks" title="Link to this heading">#</a></h2>'
    assert '<a class="headerlink" tabindex="-1" aria-hidden="true" href="#masks"' in links_aside(heading)


def test_what_code_has_printed_is_named_and_a_figure_is_not():
    assert (
        named_outputs('<div class="output stream x">')
        == '<div role="group" aria-label="Output" class="output stream x">'
    )
    assert named_outputs('<div class="output course">') == '<div class="output course">'
