import numpy as np
import pytest

from attncourse.results import load_result
from attnlib import init_multi_head
from attnlib.dates.task import as_batch
from attnlib.dates.train import SEED
from attnlib.multi_head import multi_head_attention
from attnlib.transformer import transformer
from experiments.removal import (
    FORMS,
    SETTINGS,
    WAYS,
    Digit,
    compare,
    contributions,
    costliest,
    date_model,
    heads,
    held_out,
    no_dates,
    read,
    the_dot,
    through,
)


@pytest.fixture(scope="module")
def result():
    return load_result("removal")


@pytest.fixture(scope="module")
def params():
    return date_model(SEED)


@pytest.fixture(scope="module")
def dates(params):
    """A form of which many separators decide, whole."""
    return [read(params, *pair) for pair in held_out(SETTINGS.dates, "2021-06-07")]


def numbers(result, *keys):
    """(models, forms)"""
    found = []
    for run in result["runs"].values():
        found.append([])
        for form in run["forms"].values():
            for key in keys:
                form = form[key]
            found[-1].append(form)
    return np.array(found)


def test_result_is_complete(result):
    assert set(result["runs"]) == {str(seed) for seed in SETTINGS.seeds}
    assert len(SETTINGS.seeds) >= 3
    for run in result["runs"].values():
        assert list(run["forms"]) == list(run["through"]) == list(FORMS)
        assert run["held_out"] > 0.99
        assert all(set(WAYS) <= set(form) for form in run["forms"].values())


# A small part, run again


def test_comparing_again_gives_the_stored_shares(result, params, dates):
    again, stored = compare(params, dates), result["runs"][str(SEED)]["forms"]["2021-06-07"]
    for way in WAYS:
        assert again[way]["digits"] == pytest.approx(stored[way]["digits"], abs=2)
        for name in ("agree", "contributions_agree", "heaviest_costs_nothing", "light_and_decisive"):
            assert again[way][name] == pytest.approx(stored[way][name], abs=0.005)


def test_exchanging_vectors_again_gives_the_stored_counts(result, params, dates):
    again, stored = through(params, dates[:20]), result["runs"][str(SEED)]["through"]["2021-06-07"]
    assert again["own"] == 0
    assert again["others"] / again["light_and_decisive"] == pytest.approx(
        stored["others"] / stored["light_and_decisive"], abs=0.1
    )


def test_the_dot_again(result, params):
    again, stored = the_dot(params), result["runs"][str(SEED)]["dot"]
    assert again["weight"] == pytest.approx(stored["weight"], abs=1e-3)
    assert again["lost"] == pytest.approx(stored["lost"], abs=1e-3)
    assert again["with_space"] == stored["with_space"] == "2021-06-06"


def test_texts_that_are_no_dates_again(result, params):
    again, stored = no_dates(params, SETTINGS._replace(not_dates=300)), result["runs"][str(SEED)]["no_dates"]
    assert again["none"] == pytest.approx(stored["none"], abs=0.03)
    assert again["sure_of_a_date"] <= again["a_date"] <= 0.05


# What the README and the chapter say


def test_hidden_the_heaviest_character_mostly_costs_most_and_a_light_one_hardly_ever_decides(result):
    assert numbers(result, "hidden", "agree").min() > 0.75
    assert numbers(result, "hidden", "light_and_decisive").max() <= 1 / 400
    assert (numbers(result, "hidden", "agree") > 5 * numbers(result, "hidden", "by_chance")).all()


def test_taken_from_the_text_it_still_mostly_costs_most_though_light_characters_decide(result):
    taken = np.array([numbers(result, way, "agree") for way in ("space", "deleted")])
    chance = np.array([numbers(result, way, "by_chance") for way in ("space", "deleted")])
    assert 0.7 < taken.min() < taken.max() < 0.98
    assert (taken > 2.5 * chance).all()
    iso = list(FORMS).index("2021-06-07")
    assert numbers(result, "space", "agree")[:, iso].max() < 0.8
    assert (numbers(result, "space", "light_and_decisive")[:, iso] > 0.4).all()


def test_costs_that_hardly_differ_are_equal():
    digit = Digit(np.zeros(4), np.zeros(4), np.array([0.995, 0.2, 0.999, 0.98]))
    assert costliest(digit).tolist() == [True, False, True, False]


def test_light_characters_decide_in_every_model_and_not_through_their_own_vector(result):
    for run in result["runs"].values():
        light, own, others = (
            sum(form[key] for form in run["through"].values()) for key in ("light_and_decisive", "own", "others")
        )
        assert light > 1000
        assert own < 0.005 * light
        assert others > 0.8 * light


def test_the_dot_decides_for_one_model_and_is_hidden_without_harm_from_all(result):
    assert [run["dot"]["with_space"] for run in result["runs"].values()] == ["2021-06-06", "2021-06-07", "2021-06-07"]
    assert max(abs(run["dot"]["lost"]["hidden"]) for run in result["runs"].values()) < 1e-4


def test_the_norm_helps_one_model_and_harms_another(result):
    gain = (numbers(result, "hidden", "contributions_agree") - numbers(result, "hidden", "agree")).mean(axis=1)
    assert -0.02 < gain.min() < -0.005
    assert 0 < np.median(gain) < 0.01
    assert 0.04 < gain.max() < 0.06


def test_every_head_gives_the_right_part_more_than_an_even_share(result):
    even = {"year": 0.4, "month": 0.2, "day": 0.2}
    for run in result["runs"].values():
        for layer in run["heads"]:
            for head in layer:
                assert all(head[part] > even[part] for part in even)


def test_the_padding_of_the_source_is_the_mask_that_cross_attention_needs(result):
    for run in result["runs"].values():
        masks = run["masks"]
        assert masks["causal_and_padding"] < 0.15 < 0.2 < masks["none"] < 0.65 < 0.99 < masks["padding"]


# The parts


def test_contributions_are_the_parts_of_the_output(rng):
    params = init_multi_head(rng, d_model=6, num_heads=3)
    x, memory = rng.normal(size=(2, 6)), rng.normal(size=(4, 6))
    output, attn_weights = multi_head_attention(params, x, memory, memory)
    found = contributions(params, memory, attn_weights)
    assert found.shape == (2, 4)
    for j in range(4):  # with one token's weight alone, the output is its contribution
        alone = attn_weights * (np.arange(4) == j)
        np.testing.assert_allclose(contributions(params, memory, alone)[:, j], found[:, j])
    single, weights = multi_head_attention(params, x, memory[:1], memory[:1])
    np.testing.assert_allclose(contributions(params, memory[:1], weights)[:, 0], np.linalg.norm(single, axis=-1))
    assert (found.sum(axis=1) >= np.linalg.norm(output, axis=-1)).all()  # a sum is no longer than its parts


def test_a_head_s_shares_are_those_of_its_map(params):
    pairs = held_out(3, "07.06.2021")
    [[first, *_], *_] = heads(params, [read(params, *pair) for pair in pairs])
    batch = as_batch(pairs)
    _, maps = transformer(params, batch.source, batch.target)
    assert first["day"] == pytest.approx(maps.cross[0][:, 0, 8:10, 0:2].sum(axis=-1).mean())


def test_every_form_is_of_the_same_days():
    texts = {form: held_out(5, form) for form in FORMS}
    assert len({tuple(iso for _, iso in pairs) for pairs in texts.values()}) == 1
    for (day, iso), (iso_again, _) in zip(texts["07.06.2021"], texts["2021-06-07"], strict=True):
        assert iso == iso_again == "-".join(reversed(day.split(".")))
