"""Translate English to Portuguese with the installed model: load it, ask it, see what it attended to."""

import re
from typing import Any, NamedTuple

import numpy as np

from attnlib.arguments import as_count
from attnlib.params import check_params
from attnlib.softmax import softmax
from attnlib.translator.installed import load_tokenizer, model_folder
from attnlib.translator.marian_file import read_marian
from attnlib.translator.model import TranslatorParams, as_params, decode, encode, memory_heads
from attnlib.translator.shortlist import Shortlist, candidates, read_shortlist

END = 0  # the sign for the end, in both languages
LONGEST = 200  # tokens of a source: one sentence at a time
LENGTH_FACTOR = 2.5  # a translation has at most so many tokens for each of the source; a setting of the model


class Translator(NamedTuple):
    """The model and what it reads and writes with."""

    params: TranslatorParams
    tokenizer: Any  # of the package tokenizers
    shortlist: Shortlist


class Translation(NamedTuple):
    """One sentence, with everything the model computed on the way."""

    text: str
    source: np.ndarray  # (seq_source,) tokens, the sign for the end last
    said: np.ndarray  # (steps,) tokens, with the sign for the end if it came to one
    probs: np.ndarray  # (steps,): of each said token among those it could have said
    memory: np.ndarray  # (seq_source, d_model)
    encoder_weights: np.ndarray  # (layers, num_heads, seq_source, seq_source)
    cross_weights: np.ndarray  # (layers, num_heads, steps, seq_source); row t belongs to said[t]


def load_translator():
    """The installed model, its matrices of eight bits turned into float32.

    Returns:
        ``Translator``

    Raises:
        ModuleNotFoundError: if a package is missing; the message says how to install it.
        ValueError: if the files hold another kind of model.
    """
    folder = model_folder()
    tokenizer = load_tokenizer(folder / "tokenizer.json")
    arrays, settings = read_marian((folder / "model.enpt.intgemm.alphas.bin").read_bytes())
    shortlist = read_shortlist((folder / "lex.50.50.enpt.s2t.bin").read_bytes())
    return Translator(as_params(arrays, num_heads(settings)), tokenizer, shortlist)


def num_heads(settings):
    """The number of heads that a model's settings name.

    Raises:
        ValueError: if they name none, or a decoder that is built otherwise.
    """
    found = dict(re.findall(r"^([\w-]+): (\S+)$", settings, re.MULTILINE))
    wanted = {"type": "transformer", "transformer-decoder-autoreg": "rnn", "dec-cell": "ssru"}
    got = {name: found.get(name) for name in wanted}
    if got != wanted or "transformer-heads" not in found:
        raise ValueError(f"the model must be built like this: {wanted}, with transformer-heads; got {got}")
    return int(found["transformer-heads"])


def translate(translator, text, shortlisted=True):
    """One sentence as the model translates it, token by token, always the likeliest.

    Args:
        translator: ``Translator``.
        text: an English sentence of at most LONGEST tokens.
        shortlisted: whether only tokens of the shortlist may be said, as in the browser; else all 32,000.

    Returns:
        ``Translation``

    Raises:
        TypeError: if ``translator`` is of another kind, or the text no string.
        ValueError: if the text is empty or too long.
    """
    check_params(translator, Translator)
    source = as_source(translator, text)
    memory, encoder_weights = encode(translator.params, source)
    allowed = candidates(translator.shortlist, source) if shortlisted else None
    steps = int(LENGTH_FACTOR * len(source))
    said, probs, cross_weights = greedy_cells(translator.params, memory, END, steps, allowed)
    return Translation(text, source, said, probs, memory, np.stack(encoder_weights), cross_weights)


def greedy_cells(params, memory, end, steps, allowed=None):
    """The target, one token after the other, always the likeliest, until the sign for the end.

    Args:
        params: ``TranslatorParams``.
        memory: (seq_source, d_model), from ``encode``.
        end: the sign for the end.
        steps: number of tokens to say at most, 1 or more.
        allowed: (...) tokens that may be said; None means all.

    Returns:
        ``(said, probs, cross_weights)``: (steps,) tokens, their probabilities, and (layers, num_heads, steps,
        seq_source).
    """
    heads, state = memory_heads(params, memory), None
    said, probs, maps = np.zeros(0, int), [], []
    for _ in range(as_count("steps", steps)):
        logits, cross_weights, state = decode(params, said, heads, state, candidates=allowed)
        choice = softmax(logits[-1])
        best = int(choice.argmax())
        said = np.append(said, best if allowed is None else allowed[best])
        probs.append(choice[best])
        maps.append(np.stack(cross_weights))
        if said[-1] == end:
            break
    return said, np.array(probs), np.concatenate(maps, axis=2)


def as_source(translator, text):
    """The tokens of a text, and the sign for the end.

    Raises:
        TypeError: if the text is no string.
        ValueError: if there is nothing in it, or too much.
    """
    if not isinstance(text, str):
        raise TypeError(f"text must be a string: got {type(text).__name__}")
    tokens = translator.tokenizer.encode(text).ids
    if not 0 < len(tokens) <= LONGEST:
        raise ValueError(f"text must have 1 to {LONGEST} tokens: got {len(tokens)}")
    return np.array([*tokens, END])


def as_text(translator, said):
    """The words that tokens spell, without the sign for the end."""
    return translator.tokenizer.decode([int(token) for token in said if token != END])


def pieces(translator, tokens):
    """Each token as it is written; a low line at its front marks the beginning of a word."""
    return [translator.tokenizer.id_to_token(int(token)).replace("\u2581", "_") for token in tokens]
