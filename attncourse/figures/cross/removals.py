"""What an answer loses when one character of the text is taken away, in any of four ways."""

import numpy as np

from attnlib import decode, encode, softmax
from attnlib.dates.task import BEGIN, UNKNOWN, as_source
from attnlib.transformer import TransformerParams

HIDDEN, SPACE, DELETED, UNREADABLE = "hidden from the decoder", "replaced by a space", "deleted", "made unreadable"
_SIGNS = {SPACE: int(as_source([" "])[0][0, 0]), UNREADABLE: UNKNOWN}


def without_each(source: np.ndarray, way: str) -> tuple[np.ndarray, np.ndarray | None]:
    """The text without its first character, without its second, …

    Args:
        source: (seq,) integers.
        way: one of the four.

    Returns:
        ``(sources, mask)``: row i of sources (seq, seq) lacks character i, and so has seq − 1 columns if it is deleted;
        mask (seq, 1, seq) is for the decoder's cross-attention, None unless the character is hidden from that alone.
    """
    each = np.eye(len(source), dtype=bool)
    sources = np.tile(source, (len(source), 1))
    if way == HIDDEN:
        return sources, ~each[:, None]
    if way == DELETED:
        return sources[~each].reshape(len(source), -1), None
    return np.where(each, _SIGNS[way], sources), None


def probabilities(
    params: TransformerParams, memory: np.ndarray, answer: np.ndarray, mask: np.ndarray | None = None
) -> np.ndarray:
    """(..., steps): of each character of the answer, after the same characters before it.

    Args:
        memory: (..., seq, d_model)
        answer: (steps,) integers.
        mask: as for ``decode``.
    """
    target = np.broadcast_to(np.insert(answer[:-1], 0, BEGIN), (*memory.shape[:-2], len(answer)))
    logits, _ = decode(params, target, memory, mask)
    return softmax(logits)[..., np.arange(len(answer)), answer]


def probability_lost(params: TransformerParams, source: np.ndarray, answer: np.ndarray, way: str) -> np.ndarray:
    """(seq, steps): row i says how much probability each character of the answer loses without character i."""
    whole = probabilities(params, encode(params, source)[0], answer)
    sources, mask = without_each(source, way)
    return whole - probabilities(params, encode(params, sources)[0], answer, mask)


def lost_by_one_vector(
    params: TransformerParams, source: np.ndarray, answer: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The same for a space, and for a part of the memory at a time: the character's own vector, or all the others.

    Returns:
        ``(own, others)``, each (seq, steps). The rest of the memory is the whole text's.
    """
    memory, _ = encode(params, source)
    spaced, _ = encode(params, without_each(source, SPACE)[0])
    each = np.eye(len(source), dtype=bool)[..., None]
    whole = probabilities(params, memory, answer)
    own, others = (whole - probabilities(params, np.where(kept, spaced, memory), answer) for kept in (each, ~each))
    return own, others
