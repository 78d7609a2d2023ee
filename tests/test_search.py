from attnbook.search import entries

PAGE = """<article><section id="heads">
<h1><span>3. </span>Heads<a class="headerlink">#</a></h1><p>Many <em>small</em> ones.</p>
<section id="cost"><h2>What they cost</h2><p>Nothing: <math><mi>d</mi></math> is split.</p>
<aside class="verdict" id="claim-3-1"><p class="claim"><span>Claim 3.1</span> They are free</p><p>Of 8, 8.</p></aside>
</section>
<section id="exercises"><h2>Exercises</h2><p class="kept">Kept.</p>
<section id="split"><h3>1. Split them</h3><p>Reshape.</p></section></section>
<dl class="py"><dt id="attnlib.softmax">attnlib.softmax(x)</dt><dd><p>Weights.</p></dd></dl>
<dl class="py"><dt id="attncourse.check.softmax">attncourse.check.softmax(answer)</dt><dd><p>Checks.</p></dd></dl>
</section></article>"""
FOUND = {entry["to"].partition("#")[2]: entry for entry in entries(PAGE, "chapters/3.html", 3)}


def test_every_section_claim_and_function_has_an_address():
    assert set(FOUND) == {
        "heads",
        "cost",
        "claim-3-1",
        "exercises",
        "split",
        "attnlib.softmax",
        "attncourse.check.softmax",
    }
    assert FOUND["cost"]["to"] == "chapters/3.html#cost"


def test_a_passage_has_its_own_words_and_not_those_of_the_parts_inside():
    assert FOUND["heads"]["text"] == "Many small ones."
    assert FOUND["claim-3-1"]["title"] == "Claim 3.1 They are free"
    assert FOUND["claim-3-1"]["text"] == "Of 8, 8."


def test_the_line_that_stands_in_every_chapter_is_not_searched():
    assert FOUND["exercises"]["text"] == ""


def test_a_line_ends_where_a_formula_begins():
    assert FOUND["cost"]["text"].split("\n") == ["Nothing:", "d", "is split."]


def test_claims_come_first_then_the_library_then_sections_then_exercises_and_checks():
    order = ["claim-3-1", "attnlib.softmax", "cost", "split"]
    assert sorted(order, key=lambda anchor: FOUND[anchor]["rank"]) == order
    assert FOUND["attncourse.check.softmax"]["rank"] == FOUND["split"]["rank"]
