"""Every vjp of the library, with the calls over which its contracts are tested."""

import importlib
from collections.abc import Callable
from itertools import cycle, product
from typing import Any, NamedTuple

import numpy as np

from attnlib import (
    attention_vjp,
    batch_norm_vjp,
    cross_entropy,
    cross_entropy_vjp,
    decoder_layer_vjp,
    decoder_vjp,
    embedding_vjp,
    encoder_layer_vjp,
    encoder_vjp,
    fast_attention_vjp,
    feed_forward,
    feed_forward_vjp,
    gelu_vjp,
    language_model,
    language_model_vjp,
    layer_norm_vjp,
    learned_positions_vjp,
    linear,
    linear_vjp,
    log_softmax_vjp,
    multi_head_attention,
    multi_head_attention_vjp,
    padding_mask,
    relu_vjp,
    rms_norm_vjp,
    rotate_vjp,
    softmax_vjp,
    split_heads,
    ssru_vjp,
    transformer,
    transformer_vjp,
    tree_map,
    turn_pairs_vjp,
)
from attnlib.attention_model import attention_model_vjp, layer_vjp
from attnlib.dates.model import date_loss_vjp
from attnlib.multi_head import project_vjp
from attnlib.names.model import name_loss_vjp
from attnlib.residual import last_norm, last_norm_vjp, residual, residual_vjp
from attnlib.stack import stack, stack_vjp
from attnlib.sublayers import cross_attention_vjp, self_attention_vjp, thinking_vjp
from attnlib.transformer import vectors_vjp
from tests import vjp_draws as draws
from tests.vjp_draws import BATCH, LEADS, MODELS, SEQ


class Case(NamedTuple):
    """A vjp of the library, and one way to call it."""

    of: Callable  # the vjp of the library
    fun: Callable  # fun(**arguments) → the output, or a tuple that begins with it
    vjp: Callable  # vjp(**arguments) → the output and its pullback, in the order of the arguments
    draw: Callable  # draw(rng, **options) → the arguments to differentiate by, and the others: two dicts
    options: dict[str, Any]

    def __str__(self):
        return "-".join([self.of.__name__, *(f"{name} {value}" for name, value in self.options.items())])

    def arguments(self, rng, dtype=np.float64):
        """Both dicts of arguments, their floats in this dtype; a NumPy number stays float64, which must not spread."""

        def cast(x):
            return x.astype(dtype) if isinstance(x, np.ndarray) and x.dtype.kind == "f" else x

        groups = self.draw(rng, **self.options)
        return [{name: tree_map(cast, value) for name, value in group.items()} for group in groups]

    def output(self, **arguments):
        """What the function makes of the arguments, without the weights that some return beside it."""
        output = self.fun(**arguments)
        return output[0] if isinstance(output, tuple) else output


def cases(of, draw, fun=None, vjp=None, turns=None, **options):
    """A case for every combination of what the options list; the values listed in ``turns`` alternate instead."""
    fun = fun or getattr(importlib.import_module(of.__module__), of.__name__.removesuffix("_vjp"))
    lists = [value if isinstance(value, list) else [value] for value in options.values()]
    others = {name: cycle(values) for name, values in (turns or {}).items()}
    for values in product(*lists):
        chosen = dict(zip(options, values, strict=True)) | {name: next(turn) for name, turn in others.items()}
        yield Case(of, fun, vjp or of, draw, chosen)


# The functions of vjps that have none of their own, and calls of those that are given a function


def own_residual(x, norm, weight, norm_first, eps):
    return residual(norm, x, lambda x: (linear(x, weight), None), norm_first, eps)


def own_residual_vjp(x, norm, weight, norm_first, eps):
    return residual_vjp(norm, x, lambda x: linear_vjp(x, weight), norm_first, eps)


def no_norm(x):
    return last_norm(None, x)


def no_norm_vjp(x):
    output, pullback = last_norm_vjp(None, x)
    return output, lambda grad_output: pullback(grad_output)[1]


def own_stack(layers, x, shared):
    return stack(layers, x, lambda weight, x: (linear(x, weight, shared), None))


def own_stack_vjp(layers, x, shared):
    def map_vjp(weight, x):
        output, pullback = linear_vjp(x, weight, shared)

        def back(grad):
            grad_x, grad_weight, grad_shared = pullback(grad)
            return grad_weight, grad_x, grad_shared

        return output, back

    return stack_vjp(layers, x, map_vjp)


def projected(x, weight, bias, num_heads):
    return split_heads(linear(x, weight, bias), num_heads)


def thinking(x, params):
    return feed_forward(params, x)


def self_attention(x, params, mask, bias, rotary):
    return multi_head_attention(params, x, x, x, mask, bias, rotary=rotary)


def cross_attention(x, params, memory, memory_mask):
    return multi_head_attention(params, x, memory, memory, memory_mask)


def layer(params, x, mask, bias, rotary):
    x = x + self_attention(x, params.attention, mask, bias, rotary)[0]
    return x if params.feed_forward is None else x + feed_forward(params.feed_forward, x)


def date_loss(params, batch):
    mask = padding_mask(batch.lengths, batch.source.shape[1])
    return cross_entropy(transformer(params, batch.source, batch.target, mask)[0], batch.wanted)


def name_loss(params, batch):
    return cross_entropy(language_model(params, batch.tokens)[0], batch.targets)


BOTH = [False, True]
EVERY_LEAD, SEQUENCES = [(), (5,), (4, 2), (0,), (2, 0)], [(), (BATCH,), (2, BATCH), (0,)]
EPS = {"eps": [1e-5, 0.5, 0.5]}
BENDS = {"activation": ["relu", "gelu", "gelu"]}
ONE_BATCH = {"lead": (BATCH,), "norm_first": BOTH, "turns": BENDS}
BIASES = [(), (5,), (2, 1), (1, 5), (2, 5)]

CASES = [
    *cases(relu_vjp, draws.numbers, shape=[(), (7,), (2, 5), (0, 3)]),
    *cases(relu_vjp, draws.numbers, shape=(3, 5), size=[0.1, 4, 12]),
    *cases(gelu_vjp, draws.numbers, shape=[(), (7,), (2, 5), (0, 3)]),
    *cases(gelu_vjp, draws.numbers, shape=(3, 5), size=[0.1, 4, 12]),
    *cases(softmax_vjp, draws.scores, shape=(2, 5, 3), axis=[-1, 0, 1], hidden=[0, 2]),
    *cases(softmax_vjp, draws.scores, shape=[(3, 0), (0, 3)]),
    *cases(log_softmax_vjp, draws.scores, shape=[(2, 5, 3), (3, 0), (0, 3)], axis=[-1, 0], hidden=0),
    *cases(cross_entropy_vjp, draws.logits, lead=[(), (5,), (2, 5), (4, 2, 5)], label_smoothing=[0, 0.1, 0.5, 1]),
    *cases(cross_entropy_vjp, draws.logits, lead=(2, 5), label_smoothing=0.1, ignore=[3, -100]),
    *cases(embedding_vjp, draws.tokens, lead=[*EVERY_LEAD, (4, 2, 5), (3, 2, 40)]),
    *cases(vectors_vjp, draws.tokens_in_place, lead=SEQUENCES, first=[0, 3]),
    *cases(learned_positions_vjp, draws.places, seq=[0, 1, 4, 11]),
    *cases(rotate_vjp, draws.turning, lead=SEQUENCES, positions=[None, (3, 0, -2, 7, 0.5)]),
    *cases(rotate_vjp, draws.turning, lead=(2,), positions=None, halves=True),
    *cases(turn_pairs_vjp, draws.turning_pairs, lead=[(), (2,)], angles=(), halves=BOTH),
    *cases(turn_pairs_vjp, draws.turning_pairs, lead=[(2,), (3, 2)], angles=(2,), halves=True),
    *cases(linear_vjp, draws.mapped, lead=[*EVERY_LEAD, (4, 2, 5)], biased=BOTH),
    *cases(project_vjp, draws.projected, projected, lead=SEQUENCES, biased=BOTH),
    *cases(layer_norm_vjp, draws.normed, lead=EVERY_LEAD, eps=[0.0, 1e-5, 0.5]),
    *cases(rms_norm_vjp, draws.normed, lead=EVERY_LEAD, eps=[0.0, 1e-5, 0.5], biased=False),
    *cases(batch_norm_vjp, draws.batch, lead=[(BATCH,), (2, BATCH)], training=BOTH, per_position=BOTH, masked=BOTH),
    *cases(batch_norm_vjp, draws.batch, lead=(), training=BOTH, per_position=False, masked=BOTH),
    *cases(batch_norm_vjp, draws.batch, lead=(), training=False, per_position=True, masked=BOTH),
    *cases(batch_norm_vjp, draws.batch, lead=(0,), training=BOTH, per_position=BOTH, masked=False),
    *cases(attention_vjp, draws.queries, leads=[*LEADS], masked=BOTH),
    *cases(attention_vjp, draws.queries, leads="batch", seq_q=[0, 2], seq_k=[0, 5]),
    *cases(attention_vjp, draws.queries, leads="batch", masked=True, hidden=[np.nan, np.inf]),
    *cases(attention_vjp, draws.queries, leads="two batches", masked=True, bias=[*BIASES, (4, 1, 5), (3, 1, 2, 5)]),
    *cases(fast_attention_vjp, draws.queries, leads=[*LEADS], masked=BOTH),
    *cases(fast_attention_vjp, draws.queries, leads="batch", seq_q=[0, 2], seq_k=[0, 5]),
    *cases(fast_attention_vjp, draws.queries, leads="batch", masked=True, hidden=[np.nan, np.inf]),
    *cases(multi_head_attention_vjp, draws.heads, leads=[*LEADS], kv_heads=[None, 6, 3, 2, 1], turns={"rotary": BOTH}),
    *cases(multi_head_attention_vjp, draws.heads, leads="batch", kv_heads=2, bias=[*BIASES, (6, 1, 5), (4, 1, 2, 5)]),
    *cases(multi_head_attention_vjp, draws.heads, leads="batch", kv_heads=[None, 2], biased=["qkvo", "q", "ko"]),
    *cases(self_attention_vjp, draws.self_attention, self_attention, rotary=BOTH),
    *cases(cross_attention_vjp, draws.cross_attention, cross_attention),
    *cases(feed_forward_vjp, draws.network, lead=EVERY_LEAD, activation=["relu", "gelu"]),
    *cases(thinking_vjp, draws.thinking, thinking, lead=(4, 2), activation=["relu", "gelu"]),
    *cases(ssru_vjp, draws.remembered, lead=EVERY_LEAD, begun=BOTH),
    *cases(
        residual_vjp,
        draws.residual,
        own_residual,
        own_residual_vjp,
        lead=[(5,), (2, 5), (0, 5)],
        norm_first=BOTH,
        turns=EPS,
    ),
    *cases(last_norm_vjp, draws.last_norm, lead=SEQUENCES),
    *cases(last_norm_vjp, draws.numbers, no_norm, no_norm_vjp, shape=(2, 5)),
    *cases(stack_vjp, draws.layers, own_stack, own_stack_vjp, number=[1, 4]),
    *cases(encoder_vjp, draws.encoding, lead=SEQUENCES, norm_first=BOTH, masked=BOTH, turns=BENDS),
    *cases(encoder_vjp, draws.encoding, masked=False, seq=0, **ONE_BATCH),
    *cases(encoder_layer_vjp, draws.encoding_once, norm_first=BOTH, eps=[1e-5, 0.5]),
    *cases(decoder_vjp, draws.decoding, lead=SEQUENCES, norm_first=BOTH, masked=BOTH, turns=BENDS),
    *cases(decoder_vjp, draws.decoding, masked=True, own_mask=True, **ONE_BATCH),
    *cases(decoder_vjp, draws.decoding, masked=False, lead_memory=(), **ONE_BATCH),
    *cases(decoder_layer_vjp, draws.decoding_once, norm_first=BOTH, eps=[1e-5, 0.5]),
    *cases(transformer_vjp, draws.translation, lead=[(), (BATCH,)], norm_first=BOTH, tied=BOTH, turns=BENDS),
    *cases(transformer_vjp, draws.translation, lead=(2, BATCH), norm_first=True, tied=True, activation="gelu"),
    *cases(transformer_vjp, draws.translation, lead=(2, BATCH), norm_first=False, tied=False, activation="gelu"),
    *cases(transformer_vjp, draws.translation, lead=(0,), norm_first=True, tied=True, activation="relu"),
    *cases(transformer_vjp, draws.translation, seq_source=0, tied=True, **ONE_BATCH),
    *cases(attention_model_vjp, draws.model, kind=[*MODELS], masked=BOTH, turns={"lead": [(BATCH,), (), (2, BATCH)]}),
    *cases(attention_model_vjp, draws.model, kind=[*MODELS], turns={"lead": [(0,), (BATCH,), ()], "seq": [SEQ, 0, 0]}),
    *cases(attention_model_vjp, draws.model, kind="two layers", lead=(BATCH,), positions=True),
    *cases(layer_vjp, draws.model_layer, layer, kind=["attention alone", "feed-forward"]),
    *cases(date_loss_vjp, draws.dates, date_loss),
    *cases(language_model_vjp, draws.text, lead=SEQUENCES, layers=[1, 2]),
    *cases(name_loss_vjp, draws.names, name_loss),
]
