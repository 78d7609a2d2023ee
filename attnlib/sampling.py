"""Writing with a language model: each next token is drawn by its probability, which can be sharpened or cut off."""

import numpy as np

from attnlib.arguments import as_count, as_floats, as_generator, as_number, as_size, as_tokens
from attnlib.greedy import check_token
from attnlib.language_model import LanguageModelParams, language_model
from attnlib.params import check_params
from attnlib.softmax import softmax


def next_probs(logits, temperature=1.0, top_k=None):
    """How likely each token is to be drawn: softmax(logits / temperature), over the ``top_k`` likeliest.

    Args:
        logits: (..., vocab)
        temperature: above 0. Below 1 the likely become likelier; towards 0 the likeliest alone is left; far above 1 all
            are as likely.
        top_k: how many tokens may be drawn at all, 1 or more. None means all. Of equal logits the first is kept.

    Returns:
        (..., vocab), rows of sum 1.

    Raises:
        TypeError, ValueError: if the logits are not floats, not finite, or of no token at all, the temperature is no
            finite number above 0, or ``top_k`` no positive integer.
    """
    [logits] = as_floats(logits=logits)
    if logits.ndim == 0 or logits.shape[-1] == 0 or not np.isfinite(logits).all():
        raise ValueError(f"logits must be finite numbers of shape (..., vocab): got shape {logits.shape}")
    temperature = as_number("temperature", temperature, "be a finite number above 0", lambda t: 0 < t < np.inf)
    if top_k is not None:
        rank = np.argsort(np.argsort(-logits, axis=-1, kind="stable"), axis=-1)
        logits = np.where(rank < as_count("top_k", top_k), logits, -np.inf)
    with np.errstate(over="ignore"):  # a gap too wide for the dtype becomes −inf: weight zero
        return softmax((logits - logits.max(axis=-1, keepdims=True)) / temperature)


def sample_tokens(params, rng, tokens, steps, temperature=1.0, top_k=None, end=None):
    """Go on with each text, one token after the other, each drawn at random by its probability.

    Args:
        params: ``LanguageModelParams``.
        rng: a ``numpy.random.Generator``.
        tokens: (batch, seq) integers, the texts so far; the first token is a sign for the beginning.
        steps: number of tokens to draw at most.
        temperature, top_k: as for ``next_probs``.
        end: stop once every text has drawn this token; None goes on for all steps. What a text draws after its own
            ``end`` has no meaning.

    Returns:
        (batch, seq + steps) integers, fewer if all ended before.

    Raises:
        TypeError, ValueError: as ``language_model`` and ``next_probs``; if the tokens have not two axes, ``steps`` is
            no integer of 0 or more, or ``end`` is not one token.
    """
    check_params(params, LanguageModelParams)
    rng, steps, vocab = as_generator(rng), as_size("steps", steps), len(params.tokens)
    tokens = as_tokens(tokens, vocab)
    if tokens.ndim != 2:
        raise ValueError(f"tokens must have shape (batch, seq): got {tokens.shape}")
    if end is not None:
        check_token("end", end, vocab)
    begun = tokens.shape[1]
    for _ in range(steps):
        probs = next_probs(language_model(params, tokens)[0][:, -1], temperature, top_k)
        tokens = np.concatenate([tokens, draw(rng, probs)[:, None]], axis=1)
        if end is not None and (tokens[:, begun:] == end).any(axis=1).all():
            break
    return tokens


def draw(rng, probs):
    """One token for each row of probabilities: (..., vocab) → (...)."""
    heights = probs.cumsum(axis=-1)
    mark = rng.random((*probs.shape[:-1], 1)) * heights[..., -1:]  # a rounded sum need not be 1
    return (heights > mark).argmax(axis=-1)
