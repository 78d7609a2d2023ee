"""Sentences that come from code look like the prose around them."""

import pytest

from attnbook.sentences import caption_html, sentence_html


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("a key's score", "a key’s score"),
        ("1/√d_k, and d_model", "1/√<i>d</i><sub>k</sub>, and <i>d</i><sub>model</sub>"),
        ("W_Q, but not new_Q", "<i>W</i><sub>Q</sub>, but not new_Q"),
        ("a < b & c", "a &lt; b &amp; c"),
        ("`d_k` isn't `a'b`", "<code>d_k</code> isn’t <code>a'b</code>"),
    ],
)
def test_apostrophes_and_indices_are_set_as_in_prose_and_code_stays_as_it_is(text, html):
    assert sentence_html(text) == html


def test_a_caption_may_stress_a_word():
    assert caption_html("choose *the last*, or W_O") == "choose <em>the last</em>, or <i>W</i><sub>O</sub>"
