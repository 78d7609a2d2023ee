"""Does the character with the most weight decide the answer? Three date models and seven ways to write a date.

    python -m experiments.removal            # from the repository's root; continues, if it was interrupted
    python -m experiments.removal --fresh    # throws the stored runs away first

The date model of the library, and two more that start from other numbers and read other texts. While each writes the
digits of an answer, every character of the text is taken away in turn, and the one whose loss costs the digit most is
compared with the one that has the most weight in the map of the cross-attention, the mean of all layers and heads.
"""

from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np

from attncourse.figures.cross.removals import (
    DELETED,
    HIDDEN,
    SPACE,
    UNREADABLE,
    lost_by_one_vector,
    probability_lost,
)
from attncourse.results import result_path
from attncourse.table import Table
from attnlib import causal_mask, decode, encode, padding_mask
from attnlib.dates.model import date_loss_vjp, exact_matches, init_date_model, load_date_model, translate
from attnlib.dates.task import BEGIN, NO_DATE, as_batch, date_batches, draw_date, sample
from attnlib.dates.train import BATCH, SEED, STEPS, held_out_dates, learning_rate
from attnlib.dates.writing import LANGUAGES, fill
from attnlib.multi_head import key_value_heads
from attnlib.params import tree_map
from attnlib.transformer import TransformerParams, transformer
from experiments.arms import run_seeds
from experiments.record import Record
from experiments.training import train

RESULT = result_path("removal")
COMMAND = "OMP_NUM_THREADS=1 python -m experiments.removal"
FORMS = {  # 7 June 2021 in each: language, pattern
    "07.06.2021": ("English", "{dd}.{mm}.{y}"),
    "7.6.2021": ("English", "{d}.{m}.{y}"),
    "6/7/2021": ("English", "{m}/{d}/{y}"),
    "2021-06-07": ("English", "{y}-{mm}-{dd}"),
    "June 7th, 2021": ("English", "{month} {d}{th}, {y}"),
    "7. Juni 2021": ("German", "{d}. {month} {y}"),
    "le 7 juin 2021": ("French", "le {d} {month} {y}"),
}
WAYS = {"hidden": HIDDEN, "space": SPACE, "deleted": DELETED, "unknown": UNREADABLE}
DIGITS = [0, 1, 2, 3, 5, 6, 8, 9]  # the places in 2021-06-07 that are no dashes
THROUGH = ("light_and_decisive", "own", "others")
PARTS = {  # places in 2021-06-07, and in 07.06.2021
    "year": (slice(0, 4), slice(6, 10)),
    "month": (slice(5, 7), slice(3, 5)),
    "day": (slice(8, 10), slice(0, 2)),
}


class Settings(NamedTuple):
    """All that decides the outcome, next to the task itself."""

    seeds: tuple[int, ...] = (0, 1, 2)
    steps: int = STEPS
    dates: int = 100  # held out, in each form
    matters: float = 0.05  # probability: a digit counts if some character costs it more
    tied: float = 0.01  # probability: costs that differ by no more are equal
    little: float = 0.1  # weight
    much: float = 0.5  # probability
    padded: int = 200  # held-out dates of all lengths, for the masks
    not_dates: int = 2000
    sure: float = 0.9


SETTINGS = Settings()


def date_model(seed: int, settings: Settings = SETTINGS) -> TransformerParams:
    """In float64: the library's own for its seed, else one trained in the same way from another."""
    if seed == SEED:
        return load_date_model(dtype=np.float64)
    params, batches = init_date_model(np.random.default_rng(seed)), date_batches(seed, BATCH)
    params, _ = train(params, date_loss_vjp, batches, settings.steps, learning_rate(settings.steps), settings.steps)
    return tree_map(lambda leaf: leaf.astype(np.float64), params)


def held_out(number: int, form: str) -> list[tuple[str, str]]:
    """Texts in one form, and their answers: the same days for every form and every model."""
    rng = np.random.default_rng([7, 0])
    language, pattern = FORMS[form]
    dates = [draw_date(rng, held_out=True) for _ in range(number)]
    return [(fill(pattern, LANGUAGES[language], date), date.isoformat()) for date in dates]


class Read(NamedTuple):
    """One text, the right answer to it, and the two maps of its cross-attention."""

    source: np.ndarray  # (seq,)
    answer: np.ndarray  # (steps,) with the sign for the end
    weights: np.ndarray  # (steps, seq) the mean of all layers and heads
    contributions: np.ndarray  # (steps, seq) how long a vector each character adds, as shares


def read(params: TransformerParams, text: str, iso: str) -> Read:
    """The text under teacher forcing."""
    batch = as_batch([(text, iso)])
    _, maps = transformer(params, batch.source[0], batch.target[0])
    memory, _ = encode(params, batch.source[0])
    layers = zip(params.decoder.layers, maps.cross, strict=True)
    norms = np.array([contributions(layer.cross_attention, memory, weights) for layer, weights in layers])
    shares = (norms / norms.sum(axis=-1, keepdims=True)).mean(axis=0)
    return Read(batch.source[0], batch.wanted[0], np.array(maps.cross).mean(axis=(0, 1)), shares)


def contributions(params, memory: np.ndarray, attn_weights: np.ndarray) -> np.ndarray:
    """(seq_q, seq_k): the norm of what each memory vector adds to each output, all heads together.

    Source: Kobayashi et al. (2020), section 3.
    """
    _, values = key_value_heads(params, memory, memory)  # (num_heads, seq_k, head_dim)
    w_o = params.w_o.reshape(*values.shape[::2], -1)  # (num_heads, head_dim, d_model)
    return np.linalg.norm(np.einsum("hqk,hkd,hdm->qkm", attn_weights, values, w_o), axis=-1)


class Digit(NamedTuple):
    """One digit of an answer, and what each character of the text has to do with it: (seq,) each."""

    weights: np.ndarray
    contributions: np.ndarray
    lost: np.ndarray  # probability, if the character is taken away


def digits(params: TransformerParams, texts: list[Read], way: str) -> list[Digit]:
    """Every digit of every answer."""
    lost = [probability_lost(params, text.source, text.answer, way).T for text in texts]
    return [
        Digit(text.weights[i], text.contributions[i], part[i])
        for text, part in zip(texts, lost, strict=True)
        for i in DIGITS
    ]


def compare(params: TransformerParams, texts: list[Read], settings: Settings = SETTINGS) -> dict[str, Any]:
    """How often no removal costs more than that of the heaviest character, for each way to remove it."""
    found: dict[str, Any] = {}
    for name, way in WAYS.items():
        every = digits(params, texts, way)
        counted = [digit for digit in every if digit.lost.max() > settings.matters]
        found[name] = {
            "digits": len(counted),
            "agree": share(costliest(d, settings)[d.weights.argmax()] for d in counted),
            "contributions_agree": share(costliest(d, settings)[d.contributions.argmax()] for d in counted),
            "by_chance": share(costliest(d, settings).mean() for d in counted),
            "heaviest_costs_nothing": share(d.lost[d.weights.argmax()] < settings.matters for d in every),
            "light_and_decisive": share(
                ((d.weights < settings.little) & (d.lost > settings.much)).any() for d in every
            ),
        }
    return found


def costliest(digit: Digit, settings: Settings = SETTINGS) -> np.ndarray:
    """(seq,): whether no other character costs the digit more; there can be several."""
    return digit.lost >= digit.lost.max() - settings.tied


def share(cases: Iterable[Any]) -> float:
    """The mean of numbers, or the share of cases that hold."""
    return float(np.mean(list(cases)))


def through(params: TransformerParams, texts: list[Read], settings: Settings = SETTINGS) -> dict[str, int]:
    """How many light characters decide, and through which memory vectors: their own alone, or all the others."""
    count = dict.fromkeys(THROUGH, 0)
    for text in texts:
        lost = probability_lost(params, text.source, text.answer, SPACE)[:, DIGITS]
        light = (text.weights[DIGITS] < settings.little).T
        chosen = light & (lost > settings.much)
        if chosen.any():
            own, others = (part[:, DIGITS] for part in lost_by_one_vector(params, text.source, text.answer))
            count["light_and_decisive"] += int(chosen.sum())
            count["own"] += int((own[chosen] > settings.much).sum())
            count["others"] += int((others[chosen] > settings.much).sum())
    return count


def without_first_dot(params: TransformerParams, number: int) -> dict[str, float]:
    """The share of dates such as 7.6.2021 that are still read right with a space for the first dot."""
    pairs = held_out(20 * number, "7.6.2021")
    lengths = {"one digit each": len("7.6.2021"), "two digits each": len("28.12.2021")}  # of day and month
    return {
        kind: exact_matches(
            params, [(text.replace(".", " ", 1), iso) for text, iso in pairs if len(text) == length][:number]
        )
        for kind, length in lengths.items()
    }


def the_dot(params: TransformerParams) -> dict[str, Any]:
    """The first dot of 7.6.2021 while the last digit is written."""
    text = read(params, "7.6.2021", "2021-06-07")
    lost = {name: float(probability_lost(params, text.source, text.answer, way)[1, 9]) for name, way in WAYS.items()}
    own, others = (float(part[1, 9]) for part in lost_by_one_vector(params, text.source, text.answer))
    said = translate(params, ["7 6.2021"])[0].answer
    return {"weight": float(text.weights[9, 1]), "lost": lost, "own": own, "others": others, "with_space": said}


def heads(params: TransformerParams, texts: list[Read]) -> list[list[dict[str, float]]]:
    """For each layer and head: its weight on the right part of a text like 07.06.2021, while that part is written."""
    source, answers = (np.array([getattr(text, name) for text in texts]) for name in ("source", "answer"))
    target = np.insert(answers[:, :-1], 0, BEGIN, axis=1)
    _, maps = transformer(params, source, target)
    cross = np.array(maps.cross).mean(axis=1)  # (layers, heads, steps, seq)
    return [
        [
            {part: float(head[said, asked].sum(axis=-1).mean()) for part, (said, asked) in PARTS.items()}
            for head in layer
        ]
        for layer in cross
    ]


def masks(params: TransformerParams, number: int) -> dict[str, float]:
    """The share of answers right from end to end, on a padded batch, with three masks for the cross-attention.

    Under teacher forcing: the model writes the right answer exactly if each character is right after the right ones.
    """
    batch = as_batch([sample(np.random.default_rng([7, i]), held_out=True, not_dates=0) for i in range(number)])
    seq_target, seq_source = batch.target.shape[1], batch.source.shape[1]
    padding = padding_mask(batch.lengths, seq_source)
    memory, _ = encode(params, batch.source, padding)

    def right(mask):
        logits, _ = decode(params, batch.target, memory, mask)
        return share(((logits.argmax(axis=-1) == batch.wanted) | (batch.wanted < 0)).all(axis=-1))

    causal = padding & causal_mask(seq_target, seq_source)
    return {"padding": right(padding), "causal_and_padding": right(causal), "none": right(None)}


def no_dates(params: TransformerParams, settings: Settings = SETTINGS) -> dict[str, float]:
    """The shares of texts that are no dates to which the answer is none, or a day of the calendar."""
    texts = [sample(np.random.default_rng([8, i]), not_dates=1)[0] for i in range(settings.not_dates)]
    found = [one for start in range(0, len(texts), 500) for one in translate(params, texts[start : start + 500])]
    return {
        "none": share(one.answer == NO_DATE for one in found),
        "a_date": share(one.is_date for one in found),
        "sure_of_a_date": share(one.is_date and one.confidence >= settings.sure for one in found),
    }


def new_run(seed: int, settings: Settings = SETTINGS) -> dict[str, Any]:
    """All that is asked of one model."""
    params = date_model(seed, settings)
    forms = {form: [read(params, *pair) for pair in held_out(settings.dates, form)] for form in FORMS}
    return {
        "held_out": exact_matches(params, held_out_dates()),
        "forms": {form: compare(params, texts, settings) for form, texts in forms.items()},
        "through": {form: through(params, texts, settings) for form, texts in forms.items()},
        "dot": the_dot(params),
        "without_first_dot": without_first_dot(params, settings.dates),
        "heads": heads(params, forms["07.06.2021"]),
        "masks": masks(params, settings.padded),
        "no_dates": no_dates(params, settings),
    }


def table(result: dict[str, Any]) -> str:
    """In Markdown: how often map and removal agree, in each form, the lowest and the highest of the models."""
    forms = [run["forms"] for run in result["runs"].values()]
    rows = [[form, *(agreement([found[form][way] for found in forms]) for way in WAYS)] for form in forms[0]]
    return str(Table(["date", *WAYS], rows))


def agreement(found: list[dict[str, float]]) -> str:
    """Of several models, and in brackets the mean of what a character drawn at random would reach."""
    chance = np.mean([one["by_chance"] for one in found])
    return f"{span([one['agree'] for one in found])} ({chance:.2f})"


def table_models(result: dict[str, Any]) -> str:
    """In Markdown: a column for each model, a row for what it was asked."""
    runs = list(result["runs"].values())
    light = [{key: sum(form[key] for form in run["through"].values()) for key in THROUGH} for run in runs]
    rows = {
        "held-out dates right": [f"{run['held_out']:.4f}" for run in runs],
        "light characters that decide": [found["light_and_decisive"] for found in light],
        "through their own vector alone": [f"{one['own'] / one['light_and_decisive']:.3f}" for one in light],
        "through the others alone": [f"{one['others'] / one['light_and_decisive']:.2f}" for one in light],
        "the first dot of 7.6.2021: weight at the last digit": [f"{run['dot']['weight']:.2f}" for run in runs],
        "lost with a space there": [f"{run['dot']['lost']['space']:.2f}" for run in runs],
        "lost if it is hidden": [f"{abs(run['dot']['lost']['hidden']):.2f}" for run in runs],
        **{
            f"right with a space for the first dot, {kind}": [f"{run['without_first_dot'][kind]:.2f}" for run in runs]
            for kind in runs[0]["without_first_dot"]
        },
        **{
            f"dates right, mask: {name.replace('_', ' ')}": [f"{run['masks'][name]:.2f}" for run in runs]
            for name in runs[0]["masks"]
        },
        **{
            f"texts that are no dates, {words}": [f"{run['no_dates'][name]:.4f}" for run in runs]
            for name, words in {"none": "told", "a_date": "become dates", "sure_of_a_date": "with confidence"}.items()
        },
    }
    return str(Table(["", *(f"seed {seed}" for seed in result["runs"])], [[name, *row] for name, row in rows.items()]))


def span(numbers: list[float]) -> str:
    """The lowest and the highest."""
    return f"{min(numbers):.2f}–{max(numbers):.2f}"


def main(record: Record) -> None:
    """Run what is not stored yet."""
    run_seeds(record, ("runs",), new_run, SETTINGS.seeds)


if __name__ == "__main__":
    main(Record(RESULT, COMMAND, SETTINGS))
