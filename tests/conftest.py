import sys

import numpy as np
import pytest


def pytest_addoption(parser):
    """Else a sample of the figures is moved by Python in the page."""
    parser.addoption("--all-python", action="store_true", help="every figure at values between its stops, in the page")


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def pytest_collection_modifyitems(items):
    """The wheel's tests first: they take longest and mostly wait, while another worker computes."""
    items.sort(key=lambda item: item.get_closest_marker("wheel") is None)


@pytest.fixture(autouse=True)
def kept_file(tmp_path_factory, monkeypatch):
    """Where a test's checks keep what was passed: never in the folder where the tests run."""
    if "attncourse.kept" not in sys.modules:
        return None
    file = tmp_path_factory.getbasetemp() / "attention-course.json"
    file.unlink(missing_ok=True)
    monkeypatch.setattr("attncourse.kept.FILE", file)
    return file
