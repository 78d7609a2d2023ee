"""A Transformer that reads dates: how it is built, trained, stored, and asked.

It has learnt the years 1950 to 2049, and the forms of ``attnlib.dates.writing``.
"""

import datetime
import re
from typing import NamedTuple

import numpy as np

from attnlib.arguments import as_count, as_list
from attnlib.cross_entropy import cross_entropy_vjp
from attnlib.dates.characters import plain
from attnlib.dates.task import (
    BEGIN,
    END,
    SOURCE_VOCAB,
    STEPS,
    TARGET_VOCAB,
    as_pairs,
    as_source,
    as_texts,
)
from attnlib.greedy import greedy
from attnlib.masks import padding_mask
from attnlib.softmax import softmax
from attnlib.stored_params import load_weights
from attnlib.transformer import AttentionMaps, TransformerParams, init_transformer, transformer, transformer_vjp


class Reading(NamedTuple):
    """One text with everything the model computed on the way to its answer."""

    source: np.ndarray  # (seq_source,) integers
    said: np.ndarray  # (steps,) integers: the answer, with the sign for the end
    probs: np.ndarray  # (steps, target_vocab): of every candidate at every step
    maps: AttentionMaps  # one array a layer, (num_heads, seq_q, seq_k); row t belongs to the step that said said[t]


class Translation(NamedTuple):
    """What the model made of a text."""

    text: str
    answer: str  # an ISO date, "?" for no date, or whatever else was said
    confidence: float  # the model's own probability of the whole answer, from 0 to 1; it can be wrong
    is_date: bool  # whether the answer is a day of the calendar
    other_year: bool  # whether it is one of another year than the text states in four digits


def init_date_model(rng, dtype=np.float32):
    """The model before training: two layers on each side, 64 features a token, four heads; pre-LN, tied output."""
    return init_transformer(rng, SOURCE_VOCAB, TARGET_VOCAB, 64, 4, 128, 2, 2, dtype=dtype)


def load_date_model(path=None, dtype=np.float32):
    """The trained model.

    Args:
        path: weights that ``python -m attnlib.dates.train`` has written. None means those that come with the library.
        dtype: float32, as it was trained, or float64, whose results are the same to more digits on every machine.

    Returns:
        ``TransformerParams``

    Raises:
        ValueError: if the file holds another model.
    """
    return load_weights("attnlib.dates", path, init_date_model(np.random.default_rng(0)), dtype)


def date_loss_vjp(params, batch):
    """How surprising the right characters are after the right characters before them, and the pullback.

    Args:
        params: ``TransformerParams``.
        batch: ``DateBatch``.

    Returns:
        ``(loss, pullback)``; ``pullback(1.0)`` returns the gradient of the parameters.
    """
    source_mask = padding_mask(batch.lengths, batch.source.shape[1])
    logits, back_model = transformer_vjp(params, batch.source, batch.target, source_mask)
    loss, back_loss = cross_entropy_vjp(logits, batch.wanted)
    return loss, lambda grad_loss: back_model(back_loss(grad_loss))


def translate(params, texts):
    """Each text as the model reads it, character by character, always the likeliest.

    Of years before 1950 or after 2049, and of forms that it has not learnt, it is often sure and wrong.

    Args:
        params: ``TransformerParams``.
        texts: a list of strings of 1 to LONGEST characters.

    Returns:
        A list of ``Translation``.

    Raises:
        TypeError: if ``params`` is no ``TransformerParams``, or ``texts`` no list of strings.
        ValueError: if a text is empty or too long.
    """
    check_model(params)
    texts = as_list("texts", texts)
    if not texts:
        return []
    source, lengths = as_source(texts)
    tokens, probs = greedy(params, source, BEGIN, STEPS, padding_mask(lengths, source.shape[1]), end=END)
    chosen = np.take_along_axis(probs, tokens[..., None], axis=-1)[..., 0]
    ended = np.cumsum(tokens == END, axis=1) - (tokens == END) > 0  # what stands behind the end says nothing
    confidences = np.where(ended, 1, chosen).prod(axis=1)
    return [
        Translation(text, answer, float(confidence), is_date(answer), is_date(answer) and has_other_year(text, answer))
        for text, answer, confidence in zip(texts, as_texts(tokens), confidences, strict=True)
    ]


def read(params, text):
    """One text, with the probabilities and the attention maps of every step.

    Args:
        params: ``TransformerParams``.
        text: a string of 1 to LONGEST characters.

    Returns:
        ``Reading``

    Raises:
        TypeError: if ``params`` is no ``TransformerParams``, or the text no string.
        ValueError: if the text is empty or too long.
    """
    check_model(params)
    source, _ = as_source([text])
    said = greedy(params, source, BEGIN, STEPS, end=END).tokens
    # Read once more, all at once: with the causal mask each step sees what it saw when it was the last.
    logits, maps = transformer(params, source, np.insert(said[:, :-1], 0, BEGIN, axis=1))
    return Reading(source[0], said[0], softmax(logits)[0], AttentionMaps(*(tuple(m[0] for m in part) for part in maps)))


def exact_matches(params, pairs, batch=500):
    """The share of texts whose whole answer is right.

    Args:
        params: ``TransformerParams``.
        pairs: a list of ``(text, answer)``, one or more.
        batch: texts translated at a time.

    Returns:
        A float from 0 to 1.

    Raises:
        TypeError, ValueError: as ``translate``; if there are no pairs, or ``batch`` is no integer of 1 or more.
    """
    pairs, batch = as_pairs(pairs), as_count("batch", batch)
    if not pairs:
        raise ValueError("pairs must hold 1 or more: got none")
    texts = [text for text, _ in pairs]
    found = [t.answer for start in range(0, len(texts), batch) for t in translate(params, texts[start : start + batch])]
    return float(np.mean([answer == wanted for answer, (_, wanted) in zip(found, pairs, strict=True)]))


def is_date(answer):
    """Whether it names a day of the calendar, in ISO 8601."""
    try:
        return datetime.date.fromisoformat(answer).isoformat() == answer
    except ValueError:
        return False


def has_other_year(text, date):
    """Whether the text states a year in four digits, alone or beside four more, and an ISO date has another."""
    text = plain(text)
    return bool(re.search(r"(?<![0-9])([0-9]{4}){1,2}(?![0-9])", text)) and date[:4] not in text


def check_model(params):
    """They are the parameters of a Transformer.

    Raises:
        TypeError: if they are not.
    """
    if not isinstance(params, TransformerParams):
        raise TypeError(f"params must be TransformerParams, as from load_date_model(): got {type(params).__name__}")
