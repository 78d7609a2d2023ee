"""A decoder alone is a language model: each token looks back at its own text, and the next one is predicted."""

from typing import NamedTuple

import numpy as np

from attnlib.arguments import as_count, as_float_type, as_generator
from attnlib.decoder import past_mask
from attnlib.encoder import EncoderParams, encoder, encoder_vjp, init_encoder
from attnlib.linear import linear, linear_vjp
from attnlib.params import check_params
from attnlib.positions import sinusoidal_positions
from attnlib.transformer import vectors, vectors_vjp


class LanguageModelParams(NamedTuple):
    """All that the model learns."""

    tokens: np.ndarray  # (vocab, d_model) one vector a token, read the other way to predict the next one
    decoder: (
        EncoderParams  # a decoder without cross-attention has an encoder's layers; the causal mask is the difference
    )


def init_language_model(rng, vocab, d_model, num_heads, d_ff, num_layers=1, activation="relu", dtype=np.float64):
    """A language model with random parameters: pre-LN, and the map to the logits tied to the tokens' vectors.

    Args:
        rng: a ``numpy.random.Generator``.
        vocab: number of different tokens.
        d_model, num_heads, d_ff, num_layers, activation, dtype: as for ``init_encoder``.

    Returns:
        ``LanguageModelParams``. Token vectors have variance 1/d_model, and are scaled by √d_model when they are read.

    Raises:
        TypeError, ValueError: if a size is not a positive integer, the heads do not divide d_model, d_model is odd
            (the positions' waves come in pairs), or ``dtype`` is neither float32 nor float64.

    Source: Radford et al. (2018), eq. 2, with learned positions and the norms after the sums.
    """
    vocab, d_model, dtype = as_count("vocab", vocab), as_count("d_model", d_model), as_float_type(dtype)
    sinusoidal_positions(1, d_model)  # raises if the width does not suit the waves
    table = as_generator(rng).normal(size=(vocab, d_model)) * d_model**-0.5
    layers = init_encoder(rng, num_layers, d_model, num_heads, d_ff, activation=activation, dtype=dtype)
    return LanguageModelParams(table.astype(dtype), layers)


def language_model(params, tokens):
    """Logits for the token after each token, and what every head looked at.

    Args:
        params: ``LanguageModelParams``.
        tokens: (..., seq) integers; the first is a sign for the beginning. Padding stands behind the end, where no
            earlier token sees it.

    Returns:
        ``(logits, attn_weights)``, shapes (..., seq, vocab) and, one a layer, (..., num_heads, seq, seq).

    Raises:
        TypeError, ValueError: as ``embedding`` and ``encoder``.
    """
    check_params(params, LanguageModelParams)
    x = vectors(params.tokens, tokens)
    x, attn_weights = encoder(params.decoder, x, past_mask(x))
    return linear(x, params.tokens.T), attn_weights


def language_model_vjp(params, tokens):
    """``language_model``'s logits, and their pullback: grad_logits → a ``LanguageModelParams`` of gradients."""
    check_params(params, LanguageModelParams)
    x, back_vectors = vectors_vjp(params.tokens, tokens)
    x, back_decoder = encoder_vjp(params.decoder, x, past_mask(x))
    logits, back_out = linear_vjp(x, params.tokens.T)

    def pullback(grad_logits):
        grad, grad_out = back_out(grad_logits)
        grad_decoder, grad = back_decoder(grad)
        return LanguageModelParams(back_vectors(grad) + grad_out.T, grad_decoder)

    return logits, pullback
