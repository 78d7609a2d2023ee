"""Probes of a trained model's heads: where they look, and what the model says without some of them."""

from collections.abc import Iterable, Sequence

import numpy as np

from attnlib import merge_heads, split_heads
from attnlib.attention_model import ModelParams
from attnlib.tasks import IGNORED

_NAMES = "abcdefgh12345678"  # of the tokens 0, 1, 2, … of the sequences of letters and digits
DIGIT, BEHIND = "the same letter's digit", "one past the same letter's digit"


def tokens_of(text: str) -> np.ndarray:
    """(seq,) the tokens of a sequence such as "b7c2b7c2": letters are 0 to 7, digits 8 to 15."""
    return np.array([_NAMES.index(name) for name in text])


def text_of(tokens: np.ndarray) -> str:
    """The sequence in letters and digits."""
    return "".join(_NAMES[token] for token in tokens)


def keep_heads(params: ModelParams, layer: int, kept: Iterable[int]) -> ModelParams:
    """The model with only these heads in one layer: the rows of w_o that read the others are zero."""
    attention = params.layers[layer].attention
    width = attention.w_o.shape[0] // attention.num_heads
    row_is_kept = np.repeat(np.isin(np.arange(attention.num_heads), list(kept)), width)
    fewer = attention._replace(w_o=attention.w_o * row_is_kept[:, None])
    layers = [*params.layers]
    layers[layer] = layers[layer]._replace(attention=fewer)
    return params._replace(layers=tuple(layers))


def reorder_heads(params: ModelParams, layer: int, order: Sequence[int]) -> ModelParams:
    """The same model with the heads of one layer in another order: their sum, the layer's output, has none."""
    attention = params.layers[layer].attention
    old, chosen = attention.num_heads, list(order)
    w_q, w_k, w_v = (merge_heads(split_heads(w, old)[chosen]) for w in attention[:3])
    w_o = np.concatenate([np.split(attention.w_o, old)[head] for head in chosen])
    layers = [*params.layers]
    layers[layer] = layers[layer]._replace(attention=attention._replace(w_q=w_q, w_k=w_k, w_v=w_v, w_o=w_o))
    return params._replace(layers=tuple(layers))


def places_looked_at(tokens: np.ndarray) -> dict[str, np.ndarray]:
    """Where a head might look, by name: (batch, seq_q, seq_k), True at the place in question.

    Letters stand at every second position from the first. The last three places exist for letters seen before.
    """
    batch, seq = tokens.shape
    i, j = np.indices((seq, seq))
    seen = (tokens[:, :, None] == tokens[:, None, :]) & (j < i) & (i % 2 == 0)
    before = {"itself": 0, "the token before": 1, "the token two before": 2}
    behind = {"the same letter": 0, DIGIT: 1, BEHIND: 2}
    return {
        **{name: np.broadcast_to(i - j == n, (batch, seq, seq)) for name, n in before.items()},
        "the first token": np.broadcast_to(j == 0, (batch, seq, seq)),
        **{name: np.roll(seen, n, axis=-1) & (j <= i) for name, n in behind.items()},
    }


def targets_of(tokens: np.ndarray) -> np.ndarray:
    """(batch, seq, 3): token before, token two before, digit of a letter seen before; IGNORED where there is none."""
    targets = np.full((*tokens.shape, 3), IGNORED)
    targets[:, 1:, 0] = tokens[:, :-1]
    targets[:, 2:, 1] = tokens[:, :-2]
    sequence, i, j = np.nonzero(places_looked_at(tokens)[DIGIT])
    targets[sequence, i, 2] = tokens[sequence, j]
    return targets


def share_of_weight(attn_weights: np.ndarray, places: dict[str, np.ndarray]) -> list[list[float]]:
    """(heads, places): the weight a head gives to each place, on average over the tokens for which the place exists.

    The first token does not count: it can look at nothing but itself.
    """
    heads = np.moveaxis(attn_weights, -3, 0)[:, :, 1:]
    chosen = [place[:, 1:] for place in places.values()]
    return [[float((head * place).sum(axis=-1)[place.any(axis=-1)].mean()) for place in chosen] for head in heads]
