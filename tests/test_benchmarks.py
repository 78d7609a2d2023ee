"""The benchmarks run and measure what they say; their speeds are nobody's test."""

from itertools import islice

import pytest

from attncourse.figures.scaling.temperature import temperature
from attnlib.dates.task import date_batches
from benchmarks import date_model, fast_attention, gradient_errors, live_updates, torch_errors, training, turns


@pytest.mark.parametrize("name", gradient_errors.CALLS)
def test_every_gradient_in_the_table_is_right_to_one_part_in_a_million(name):
    assert 0 < gradient_errors.worst_error(gradient_errors.CALLS[name], draws=2) < 1e-6


def test_all_contenders_train_on_the_same_losses():
    pytest.importorskip("torch")
    size = training.Size(num_layers=2, d_model=8, num_heads=2, d_ff=12, vocab=6, batch=3, seq=5)
    losses = turns.common_losses(training.contenders(size, "float64"))
    assert len(losses) == turns.STEPS_TO_AGREE
    assert len(set(losses)) > 1


def test_the_date_model_trains_on_the_same_losses_in_pytorch():
    pytest.importorskip("torch")
    losses = turns.common_losses(date_model.contenders(list(islice(date_batches(0, 4), 3)), "float64"))
    assert len(losses) == turns.STEPS_TO_AGREE
    assert losses[-1] < losses[0]


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("backward", [False, True])
def test_all_attentions_that_race_compute_the_same(causal, backward):
    pytest.importorskip("torch")
    racing = fast_attention.contenders(fast_attention.draw(2, 3, 40, 8), causal, backward, threads=1)
    fast_attention.check_agreement(racing)
    assert {"fast_attention", "attention", "PyTorch"} <= set(racing)
    times = fast_attention.take_turns(racing, rounds=2)
    assert {len(found) for found in times.values()} == {2}
    racing["attention"] = lambda: [2 * x for x in racing["fast_attention"]()]
    with pytest.raises(SystemExit, match="attention and PyTorch differ"):
        fast_attention.check_agreement(racing)


def test_decoding_with_and_without_the_cache_and_in_pytorch_says_the_same():
    pytest.importorskip("torch")
    racing = date_model.decoders(next(date_batches(0, 6)))
    assert [decode().shape[0] for decode in racing.values()] == [6, 6, 6]


def test_contenders_take_turns_and_the_median_of_the_rounds_ratios_counts():
    ticks, calls = iter(range(1000)), []
    racing = {name: lambda name=name: calls.append(name) for name in "ab"}
    times = turns.take_turns(racing, rounds=2, seconds=2, clock=lambda: next(ticks))
    assert "".join(calls) == "ab" + "ab" + "ab"  # the first calls are not timed
    assert {name: len(found) for name, found in times.items()} == {"a": 2, "b": 2}
    assert turns.ratio({"a": [1, 6, 2], "b": [1, 2, 4]}, "a", "b") == 1


@pytest.mark.parametrize("name", ["linear", "layer norm", "encoder layer, pre-LN, relu"])
def test_the_differences_from_pytorch_are_roundings(name):
    pytest.importorskip("torch")
    worst = torch_errors.worst_differences(torch_errors.CASES[name], draws=2)
    for dtype, most in (("float32", 1e-4), ("float64", 1e-12)):
        assert all(0 <= found < most for found in worst[dtype])
        assert any(worst[dtype]) or name == "linear"  # one product alone may come out the same to the last bit


def test_a_live_figure_is_timed_from_each_move_of_a_control_to_its_picture():
    ticks = iter(range(1000))
    times = live_updates.fastest(temperature, clock=lambda: next(ticks))
    assert times == [1000] * live_updates.STATES  # its only control moves from the default to each of the states
