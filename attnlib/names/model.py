"""A language model of names: how it is built, trained, stored, and asked."""

from typing import NamedTuple

import numpy as np

from attnlib.arguments import as_count
from attnlib.cross_entropy import cross_entropy_vjp
from attnlib.language_model import init_language_model, language_model, language_model_vjp
from attnlib.names.characters import EDGE, LONGEST, VOCAB
from attnlib.names.task import as_beginning, as_texts
from attnlib.sampling import sample_tokens
from attnlib.stored_params import load_weights


class Continuation(NamedTuple):
    """What the model makes of the beginning of a name."""

    logits: np.ndarray  # (VOCAB,) of each next letter; of the end at EDGE
    attn_weights: np.ndarray  # (num_heads, 1 + letters): where each head of the last layer looks to predict it


def init_name_model(rng, d_model=32, num_heads=4, d_ff=128, num_layers=1, dtype=np.float32):
    """The model before training: small enough to be trained in a web page."""
    return init_language_model(rng, VOCAB, d_model, num_heads, d_ff, num_layers, dtype=dtype)


def load_name_model(path=None, dtype=np.float32):
    """The trained model.

    Args:
        path: weights that ``save_arrays`` has written. None means those that come with the library, as the experiment
            ``name_model`` of the course has trained them.
        dtype: float32, as it was trained, or float64, whose results are the same to more digits on every machine.

    Returns:
        ``LanguageModelParams``

    Raises:
        ValueError: if the file holds another model.
    """
    return load_weights("attnlib.names", path, init_name_model(np.random.default_rng(0)), dtype)


def name_loss_vjp(params, batch):
    """How surprising each next letter is after those before it, in nats, and the pullback.

    Args:
        params: ``LanguageModelParams``.
        batch: ``Batch``, from ``as_batch``.

    Returns:
        ``(loss, pullback)``; ``pullback(1.0)`` returns the gradient of the parameters.
    """
    logits, back_model = language_model_vjp(params, batch.tokens)
    loss, back_loss = cross_entropy_vjp(logits, batch.targets)
    return loss, lambda grad_loss: back_model(back_loss(grad_loss))


def read_beginning(params, text):
    """The beginning of a name, perhaps of no letters, with the logits of what comes next.

    Args:
        params: ``LanguageModelParams``.
        text: a string of at most LONGEST letters.

    Returns:
        ``Continuation``

    Raises:
        TypeError, ValueError: as ``as_letters``.
    """
    logits, maps = language_model(params, as_beginning(text))
    return Continuation(logits[-1], maps[-1][:, -1])


def write_names(params, rng, number, beginning="", temperature=1.0, top_k=None):
    """Names that the model writes, as a list of strings.

    Args:
        params: ``LanguageModelParams``.
        rng: a ``numpy.random.Generator``.
        number: how many.
        beginning: letters that all of them begin with.
        temperature, top_k: as for ``next_probs``.

    Raises:
        TypeError, ValueError: as ``as_letters`` and ``sample_tokens``.
    """
    begun = np.tile(as_beginning(beginning), (as_count("number", number), 1))
    left = LONGEST + 1 - begun.shape[1]  # a name that has not ended then is cut off
    return as_texts(sample_tokens(params, rng, begun, left, temperature, top_k, end=EDGE))
