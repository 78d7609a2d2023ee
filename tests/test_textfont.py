import io

from fontTools.ttLib import TTFont

from attnbook.textfont import MORE, STYLES, more_css, signs, write_fonts

PAGE = (
    "<p>Weights of “its” → dₖ</p><pre>ψ</pre><math><mi>ξ</mi></math><script>ж</script><svg><text>τ = 0.5</text></svg>"
)


def known(path):
    return set(map(chr, TTFont(io.BytesIO(path.read_bytes())).getBestCmap()))


def test_signs_are_those_of_text_and_figures_not_of_code_and_formulas():
    found = set(signs([PAGE], "∞"))
    assert {"“", "→", "ₖ", "τ", "∞", "A"} <= found
    assert found.isdisjoint("ψξж")


def test_each_style_draws_the_signs_and_the_fallback_those_that_it_lacks(tmp_path):
    text = signs([PAGE])
    assert write_fonts(text, tmp_path) == ""
    for name in STYLES.values():
        assert {"“", "→"} <= known(tmp_path / name)
        assert (tmp_path / name).stat().st_size < 20_000
    assert known(tmp_path / MORE) == {"ₖ", "τ"}  # the upright styles have τ, the italic has it not
    assert "unicode-range:U+3C4,U+2096}" in more_css(text)


def test_without_a_sign_that_is_lacking_there_is_no_fallback(tmp_path):
    write_fonts("ₖ", tmp_path)
    write_fonts("abc", tmp_path)
    assert not (tmp_path / MORE).exists()
    assert more_css("abc") == ""


def test_what_no_font_draws_is_said(tmp_path):
    assert write_fonts("a年", tmp_path) == "年"


def test_the_same_signs_give_the_same_files(tmp_path):
    first = [(write_fonts("abc", tmp_path), (tmp_path / name).read_bytes()) for name in STYLES.values()]
    again = [(write_fonts("abc", tmp_path), (tmp_path / name).read_bytes()) for name in STYLES.values()]
    assert first == again
