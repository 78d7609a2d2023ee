from docutils import nodes

from attnbook.disclosure import as_details


def html(parts):
    return "".join(part.astext() for part in parts)


def test_a_folded_box_has_its_title_as_summary_and_keeps_its_content():
    box = nodes.admonition(
        "", nodes.title("", "Predict first"), nodes.paragraph("", "The largest."), classes=["dropdown"]
    )
    assert html(as_details(box)) == (
        '<details class="admonition"><summary class="admonition-title">Predict first</summary>The largest.</details>'
    )


def test_a_folded_note_is_still_a_note_and_can_be_linked():
    box = nodes.note("", nodes.paragraph("", "Text."), classes=["dropdown"], ids=["here"])
    text = html(as_details(box))
    assert text.startswith('<details class="admonition note" id="here">')
    assert ">Note</summary>Text." in text
