import subprocess
import sys
import zipfile

import pytest

from attnbook.wheels import course_wheel, repacked

FONT = "font-source-sans-pro"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    return course_wheel(tmp_path_factory.mktemp("wheel"))


def test_the_same_sources_give_the_same_bytes(wheel, tmp_path):
    assert course_wheel(tmp_path).read_bytes() == wheel.read_bytes()


def test_the_wheel_holds_library_course_weights_and_results_and_no_tests(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    for name in ("attnlib/softmax.py", "attnlib/dates/weights.npz", "attncourse/page/__init__.py"):
        assert name in names
    assert any(name.startswith("attncourse/results/") for name in names)
    assert {name.split("/")[0].partition("-")[0] for name in names} == {"attnlib", "attncourse"}


def test_a_package_is_cut_to_what_is_needed_and_keeps_its_licence(tmp_path):
    wheel = repacked(FONT, tmp_path, lambda path: path.endswith(("__init__.py", "-Regular.ttf", "LICENSE.txt")))
    inside = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info" not in name}
    assert inside == {
        "font_source_sans_pro/__init__.py",
        "font_source_sans_pro/files/SourceSansPro-Regular.ttf",
        "font_source_sans_pro/files/LICENSE.txt",
    }


def test_pip_installs_what_was_repacked(tmp_path):
    wheel = repacked(FONT, tmp_path, lambda path: path.endswith("__init__.py"))
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--target", "there", wheel]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    assert (tmp_path / "there/font_source_sans_pro/__init__.py").exists()
