import io

from fontTools.ttLib import TTFont

from attnbook.mathfont import signs, write_font


def font_in(path):
    return TTFont(io.BytesIO(path.read_bytes()))


def test_letters_come_with_their_slanted_form():
    assert {"d", "𝑑", "α", "𝛼", "ℎ", "√"} <= set(signs(["d α h"]))


def test_digits_have_no_slanted_form():
    assert set(signs(["1 2"])) == {"1", "2", " ", "ℎ", "√"}


def test_the_font_draws_every_sign_and_stays_small(tmp_path):
    text = signs(["softmax(QK⊤/√d)V", "∑αβ‖J‖"])
    write_font(text, tmp_path / "math.woff2")
    font = font_in(tmp_path / "math.woff2")
    assert set(map(ord, text)) <= set(font.getBestCmap())
    assert "MATH" in font  # without it, browsers neither stretch brackets nor place scripts
    assert (tmp_path / "math.woff2").stat().st_size < 60_000


def test_the_same_signs_give_the_same_file(tmp_path):
    write_font("abc√", tmp_path / "one.woff2")
    write_font("abc√", tmp_path / "two.woff2")
    assert (tmp_path / "one.woff2").read_bytes() == (tmp_path / "two.woff2").read_bytes()


def test_no_root_is_wider_than_the_smallest(tmp_path):
    write_font("x√", tmp_path / "math.woff2")
    font = font_in(tmp_path / "math.woff2")
    root = font.getBestCmap()[ord("√")]
    variants = font["MATH"].table.MathVariants
    sizes = variants.VertGlyphConstruction[variants.VertGlyphCoverage.glyphs.index(root)]
    widths = {font["hmtx"][variant.VariantGlyph][0] for variant in sizes.MathGlyphVariantRecord}
    assert len(sizes.MathGlyphVariantRecord) > 1
    assert widths == {font["hmtx"][root][0]}
