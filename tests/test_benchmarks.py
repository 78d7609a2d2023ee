"""The benchmarks run and measure what they say; their speeds are nobody's test."""

import pytest

from benchmarks import gradient_errors, training


@pytest.mark.parametrize("name", gradient_errors.CALLS)
def test_every_gradient_in_the_table_is_right_to_one_part_in_a_million(name):
    assert 0 < gradient_errors.worst_error(gradient_errors.CALLS[name], draws=4) < 1e-6


def test_all_contenders_train_on_the_same_losses():
    pytest.importorskip("torch")
    size = training.Size(num_layers=2, d_model=8, num_heads=2, d_ff=12, vocab=6, batch=3, seq=5)
    losses = training.agree(size)
    assert len(losses) == training.STEPS_TO_AGREE
    assert len(set(losses)) > 1
