import numpy as np
import pytest


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def pytest_collection_modifyitems(items):
    """The wheel's tests first: they take longest and mostly wait, while another worker computes."""
    items.sort(key=lambda item: item.get_closest_marker("wheel") is None)
