"""What the attention maps of a real translator say, and what its words hang on.

    make translator                            # the weights are not part of this project
    python -m experiments.translator           # from the repository's root; continues, if it was interrupted
    python -m experiments.translator --fresh   # throws the stored parts away first

All maps of eight sentences; how often each head of the cross-attention looks where a person would link; what each token
of the translation loses without each token of the source, over 200 sentences; what goes wrong without each head; and
the word "bank" beside a river and beside money. Every token may be said, so that a removal can bring any word.
"""

from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from attncourse.results import result_path
from attncourse.table import Table
from attnlib import MultiHeadParams
from attnlib.translator.model import TranslatorParams, encode
from attnlib.translator.translate import as_source, as_text
from experiments.record import Record
from experiments.translator_reading import HEADS, LAYERS, grid, probabilities, share, spelt, translation, translator
from experiments.translator_removals import LIMITS, WAYS, removal, removed, said_without, through
from experiments.word_links import Linked, crossings, linked_pieces, read_linked, words_of

RESULT = result_path("translator")
COMMAND = "OMP_NUM_THREADS=1 python -m experiments.translator"
SENTENCES = Path(__file__).with_name("translator_sentences.txt").read_text("utf-8").splitlines()
POINTING = 1, 0  # layer and head of the cross-attention, from 0
WITH_ENCODER = 0, 1, 2, 4  # of the sentences that are shown, those whose encoder is shown, too


class Settings(NamedTuple):
    """All that decides the outcome, next to the sentences and the links."""

    sentences: int = 200
    shown: int = 8  # the first of the linked ones
    matters: float = LIMITS.matters
    tied: float = LIMITS.tied
    little: float = LIMITS.little
    much: float = LIMITS.much


SETTINGS = Settings()
BANKS = {
    "river": [
        "I sat on the bank of the river.",
        "We walked along the bank of the stream.",
        "Trees grow on the bank of the lake.",
        "The river flooded its bank.",
        "The boat reached the other bank of the river.",
        "They fished from the bank of the canal.",
    ],
    "money": [
        "She opened a bank account yesterday.",
        "The bank refused to lend him the money.",
        "He works in a bank in the city.",
        "The bank charges a fee.",
        "My bank closes at four.",
        "They robbed the bank at night.",
    ],
}
VARIANTS = [
    "I sat on the bank of the river.",
    "I sat on the bank of the city.",
    "I sat on the bank of the company.",
    "I sat on the bank near the river.",
    "I sat on the bank near the city.",
    "I sat on the bank.",
    "A duck was sleeping on the muddy bank.",
    "The fishermen pulled their boats onto the bank.",
]
EXAMPLE = "The old captain loved the calm sea."  # on the page, until a reader writes another


# What is shown of a sentence


def shown(pair: Linked, with_encoder: bool) -> dict[str, Any]:
    """Tokens, maps, links by hand, and what each removal costs and brings."""
    found = translation(pair.source)
    source, said = spelt(found.source), spelt(found.said)
    places = range(len(source))
    return {
        "source": source,
        "said": said,
        "translation": as_text(translator(), found.said),
        "probs": per_mille(found.probs),
        "links": linked_pieces(pair, source, said),
        "cross": per_mille(found.cross_weights),
        "lost": {way: per_mille(removed(pair.source, way)[0]) for way in WAYS},
        "instead": {way: [as_text(translator(), said_without(found, j, way)) for j in places] for way in WAYS},
    } | ({"encoder": per_mille(found.encoder_weights)} if with_encoder else {})


def pointed(text: str) -> dict[str, Any]:
    """A sentence in words, and for each token of its translation the one at which the pointing head looks."""
    found = translation(text)
    read = spelt(found.source)
    return {
        "text": text,
        "translation": as_text(translator(), found.said),
        "said": spelt(found.said),
        "looks_at": [read[place] for place in found.cross_weights[POINTING].argmax(axis=1)],
    }


def per_mille(numbers: np.ndarray) -> Any:
    """Whole thousandths, which take few characters in a file."""
    return np.rint(1000 * numbers).astype(int).tolist()


# Heads


class LinkedStep(NamedTuple):
    """One token of a translation whose word a person has linked."""

    weights: np.ndarray  # (layers, num_heads, seq_source)
    links: list[int]  # the source's tokens that belong to its word
    before: list[int]  # those that belong to the word before it
    crossed: bool  # whether its word has changed places with a neighbour


def alignment() -> dict[str, Any]:
    """How often the largest weight lies on a token that a person has linked: of each head, and of their mean."""
    steps = [step for pair in read_linked() for step in linked_steps(pair)]
    crossed = [step for step in steps if step.crossed]

    def of_heads(chosen: list[LinkedStep], where: str) -> list[list[float]]:
        return [
            [share(int(step.weights[at].argmax()) in getattr(step, where) for step in chosen) for at in row]
            for row in grid("cross")
        ]

    return {
        "sentences": len(read_linked()),
        "tokens": len(steps),
        "crossed": len(crossed),
        "by_chance": share(len(step.links) / step.weights.shape[-1] for step in steps),
        "mean": share(int(step.weights.mean(axis=(0, 1)).argmax()) in step.links for step in steps),
        "heads": of_heads(steps, "links"),
        "heads_before": of_heads(steps, "before"),
        "heads_crossed": of_heads(crossed, "links"),
    }


def linked_steps(pair: Linked) -> list[LinkedStep]:
    """All tokens of the translation that are linked."""
    found = translation(pair.source)
    source, said = spelt(found.source), spelt(found.said)
    links, words = linked_pieces(pair, source, said), words_of(said)
    by_word = dict(zip(words, links, strict=True))
    moved = {word for both in crossings(pair) for word in both}
    return [
        LinkedStep(found.cross_weights[:, :, step], links[step], by_word.get(word - 1, []), word in moved)
        for step, word in enumerate(words)
        if word is not None and links[step]
    ]


def head_off(side: str, layer: int, head: int, number: int = SETTINGS.sentences) -> dict[str, float]:
    """Without what one head adds: how many tokens change after the same ones before, and how much they lose."""
    params = with_head_off(translator().params, side, layer, head)
    changed, lost = [], []
    for text in SENTENCES[:number]:
        found = translation(text)
        probs = probabilities(params, encode(params, found.source)[0], found.said)
        changed += (probs.argmax(axis=-1) != found.said).tolist()
        lost += np.log(found.probs / probs[np.arange(len(found.said)), found.said]).tolist()
    return {"changed": share(changed), "lost_nats": share(lost)}


def with_head_off(params: TranslatorParams, side: str, layer: int, head: int) -> TranslatorParams:
    """The parameters with zeros in the rows of w_o through which one head's output goes."""
    if side == "encoder":
        layers = list(params.encoder.layers)
        layers[layer] = layers[layer]._replace(attention=silenced(layers[layer].attention, head))
        return params._replace(encoder=params.encoder._replace(layers=tuple(layers)))
    decoder = list(params.decoder)
    decoder[layer] = decoder[layer]._replace(cross_attention=silenced(decoder[layer].cross_attention, head))
    return params._replace(decoder=tuple(decoder))


def silenced(params: MultiHeadParams, head: int) -> MultiHeadParams:
    """Multi-head attention to which one head adds nothing."""
    w_o = params.w_o.copy()
    np.split(w_o, params.num_heads)[head][:] = 0  # the pieces are views
    return params._replace(w_o=w_o)


# One word in two senses


def bank() -> dict[str, Any]:
    """How alike the vectors of "bank" are, within a sense and between senses, before and after each encoder layer."""
    river, money = (np.array([vectors_of("_bank", text) for text in texts]) for texts in BANKS.values())
    layers = range(LAYERS["encoder"] + 1)
    others = ~np.eye(len(river), dtype=bool)
    said = [*BANKS["river"], *BANKS["money"], *VARIANTS]
    return {
        "within": [share(cosines(side[:, i], side[:, i])[others].mean() for side in (river, money)) for i in layers],
        "between": [float(cosines(river[:, i], money[:, i]).mean()) for i in layers],
        "said": {text: as_text(translator(), translation(text).said) for text in said},
    }


def cosines(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """(n, m): of every row of one with every row of the other."""
    return (a @ b.T) / np.linalg.norm(a, axis=1)[:, None] / np.linalg.norm(b, axis=1)


def vectors_of(piece: str, text: str) -> np.ndarray:
    """(layers + 1, d_model): one token before the encoder and after each of its layers."""
    params, source = translator().params, as_source(translator(), text)
    layers, place = params.encoder.layers, spelt(source).index(piece)
    cut = [params._replace(encoder=params.encoder._replace(layers=layers[:depth])) for depth in range(len(layers) + 1)]
    return np.array([encode(shorter, source)[0][place] for shorter in cut])


def table(result: dict[str, Any]) -> str:
    """In Markdown: how map and removal agree, for each way to take a token away."""
    rows = {
        "tokens that lose something": "counted",
        "the heaviest costs most, mean of all heads": "mean",
        "by chance": "by_chance",
        "another token is said without the heaviest": "changed_by_heaviest",
        "another token is said without another": "changed_by_another",
        "the heaviest costs nothing": "heaviest_costs_nothing",
        "a light one decides": "light_and_decisive",
    }
    found = result["removal"]
    best = [max(max(row) for row in part["heads"]) for part in found.values()]
    lines = [[name, *(number(part[key]) for part in found.values())] for name, key in rows.items()]
    return str(Table(["", *found], [*lines[:2], ["the same, best single head", *map(number, best)], *lines[2:]]))


def table_heads(result: dict[str, Any]) -> str:
    """In Markdown: each head of the cross-attention, by what it points at and by what goes wrong without it."""
    links, off = result["found"]["alignment"], result["heads_off"]["cross"]
    pointed = "heads", "heads_crossed", "heads_before"
    rows = [
        [
            name,
            *(number(links[key][i][j]) for key in pointed),
            f"{without['changed']:.3f}",
            f"{without['lost_nats']:.3f}",
        ]
        for (i, j), (name, without) in zip(np.ndindex(LAYERS["cross"], HEADS), off.items(), strict=True)
    ]
    head = [
        *("layer.head", "on a link", "of words that cross", "on a link of the word before"),
        *("tokens changed without it", "nats lost"),
    ]
    return str(Table(head, rows))


def number(value: float) -> str:
    """A count as it is, a share in two decimals."""
    return f"{value}" if isinstance(value, int) else f"{value:.2f}"


def main(record: Record) -> None:
    """Run what is not stored yet."""
    texts = SENTENCES[: SETTINGS.sentences]
    pairs = enumerate(read_linked()[: SETTINGS.shown])
    record.fill(("sentences",), {pair.source: partial(shown, pair, i in WITH_ENCODER) for i, pair in pairs})
    found = {"alignment": alignment, "bank": bank, "example": partial(pointed, EXAMPLE)}
    record.fill(("found",), found | {"through": partial(through, texts)})
    record.fill(("removal",), {way: partial(removal, texts, way) for way in WAYS})
    for side, layers in LAYERS.items():
        heads = {f"{i + 1}.{j + 1}": partial(head_off, side, i, j) for i in range(layers) for j in range(HEADS)}
        record.fill(("heads_off", side), heads)


if __name__ == "__main__":
    main(Record(RESULT, COMMAND, SETTINGS))
