from PIL import Image

from attnbook.social import SIZE, write_picture


def test_the_picture_has_the_size_that_those_who_show_it_ask_for_and_stays_small(tmp_path):
    write_picture("Attention, put to the test", tmp_path / "social.png")
    with Image.open(tmp_path / "social.png") as picture:
        assert picture.size == SIZE
    assert (tmp_path / "social.png").stat().st_size < 200_000
