import os
import sys

import numpy as np
import pytest
from hypothesis import settings

# The same examples in every run, so that what passes once passes again; HYPOTHESIS_PROFILE=explore looks for new ones.
settings.register_profile("repeatable", derandomize=True, deadline=None, database=None, max_examples=60)
settings.register_profile("explore", deadline=None, database=None, max_examples=2000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "repeatable"))


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
