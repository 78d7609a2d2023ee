"""What a vjp is given, drawn at random: by which arguments it is differentiated, in their order, and the others.

Each function returns two dicts by the arguments' names. Numbers are drawn in float64, and all sizes differ.
"""

import numpy as np

from attnlib import (
    LayerNormParams,
    MultiHeadParams,
    Statistics,
    alibi_bias,
    causal_mask,
    init_decoder,
    init_encoder,
    init_feed_forward,
    init_language_model,
    init_multi_head,
    init_ssru,
    init_transformer,
    padding_mask,
    sinusoidal_positions,
    tree_map,
)
from attnlib.attention_model import init_attention_model
from attnlib.dates.task import NO_DATE, SOURCE_VOCAB, TARGET_VOCAB, as_batch
from attnlib.names.model import init_name_model
from attnlib.names.task import as_batch as as_names

SEQ, SEQ_Q, SEQ_K, SEQ_TARGET = 5, 2, 5, 4
D_IN, D_OUT, D_MODEL, D_K, D_V, D_FF = 3, 7, 6, 8, 9, 10
HEADS, MODEL_HEADS, VOCAB, TARGETS, OUTPUTS = 6, 3, 11, 13, 8
BATCH = 4
MASK = padding_mask([5, 2, 1, 3], SEQ)  # (batch, 1, seq)

# Leading axes of query, key and value that are missing, shared or stretched
LEADS = {
    "single": ((), (), ()),
    "batch": ((4,), (4,), (4,)),
    "two batches": ((3, 4), (3, 4), (3, 4)),
    "one key for all": ((3, 4), (3, 1), (3, 1)),
    "stretched both ways": ((3, 4), (1, 4), (4,)),
    "one query for all": ((), (3, 4), (3, 4)),
    "values alone have a batch": ((), (), (4,)),
    "no sequence": ((0,), (0,), (0,)),
}
# What an attention model is made of besides its tokens
MODELS = {
    "attention alone": {},
    "two layers": {"num_layers": 2},
    "feed-forward": {"d_ff": D_FF},
    "learned positions": {"max_seq": 9},
    "everything": {"num_layers": 3, "d_ff": D_FF, "max_seq": 9, "outputs": OUTPUTS},
    "no layer": {"num_layers": 0, "max_seq": 9},
}


def shaken(rng, params):
    """Parameters of which none is zero or one."""
    return tree_map(lambda x: x + 0.2 * rng.normal(size=x.shape), params)


def padding_for(lead):
    """A mask for a batch of sequences or for one alone, and for none."""
    return None if 0 in lead else MASK if lead else MASK[1]


# Vectors


def numbers(rng, shape, size=1):
    return {"x": np.asarray(size * rng.normal(size=shape))}, {}


def scores(rng, shape, axis=-1, hidden=0):
    x = rng.normal(size=shape)
    x[..., :1, :hidden] = -np.inf
    return {"x": x}, {"axis": axis}


def logits(rng, lead, label_smoothing, ignore=-1):
    targets = rng.integers(VOCAB, size=lead)
    if lead:
        targets[..., 1] = ignore
    others = {"targets": targets, "label_smoothing": np.float64(label_smoothing), "ignore": ignore}
    return {"logits": 3 * rng.normal(size=(*lead, VOCAB))}, others


def tokens(rng, lead):
    return {"table": rng.normal(size=(VOCAB, D_MODEL))}, {"tokens": rng.integers(VOCAB, size=lead)}


def tokens_in_place(rng, lead, first):
    given, others = tokens(rng, (*lead, SEQ))
    return given, others | {"first": first}


def places(rng, seq):
    return {"table": rng.normal(size=(VOCAB, D_IN))}, {"seq": seq}


def turning(rng, lead, positions, halves=False):
    positions = None if positions is None else np.array(positions)
    others = {"positions": positions, "base": np.float64(50), "halves": halves}
    return {"x": rng.normal(size=(*lead, SEQ, D_K))}, others


def turning_pairs(rng, lead, angles, halves):
    angles = rng.normal(size=(*angles, SEQ, D_K // 2))
    return {"x": rng.normal(size=(*lead, SEQ, D_K))}, {"cos": np.cos(angles), "sin": np.sin(angles), "halves": halves}


def mapped(rng, lead, biased):
    given = {"x": rng.normal(size=(*lead, D_IN)), "weight": rng.normal(size=(D_IN, D_OUT))}
    return given | ({"bias": rng.normal(size=D_OUT)} if biased else {}), {}


def projected(rng, lead, biased):
    given, _ = mapped(rng, (*lead, SEQ), biased)
    given["weight"] = rng.normal(size=(D_IN, 8))
    if biased:
        given["bias"] = rng.normal(size=8)
    return given, {"num_heads": 4} | ({} if biased else {"bias": None})


def normed(rng, lead, eps, biased=True):
    given = {"x": rng.normal(size=(*lead, D_OUT)), "gain": rng.normal(size=D_OUT)}
    return given | ({"bias": rng.normal(size=D_OUT)} if biased else {}), {"eps": np.float64(eps)}


def batch(rng, lead, training, per_position, masked):
    given, others = normed(rng, (*lead, SEQ), eps=0.1)
    shape = (SEQ, D_OUT) if per_position else (D_OUT,)
    running = None if training else Statistics(rng.normal(size=shape), 0.1 + rng.random(shape))
    mask = padding_for(lead)[..., 0, :] if masked else None
    return given, others | {"running": running, "mask": mask, "per_position": per_position}


# Attention


def some_mask(rng, *lead):
    """Random, and the second query of the first sequence is left without a key."""
    mask = rng.random((*lead, SEQ_Q, SEQ_K)) < 0.6
    mask[(slice(1),) * len(lead)] = [[True], [False]]
    return mask


def queries(rng, leads, masked=False, bias=None, widths=(D_K, D_K, D_V), seq_q=SEQ_Q, seq_k=SEQ_K, hidden=None):
    shapes = zip(LEADS[leads], (seq_q, seq_k, seq_k), widths, strict=True)
    given = [rng.normal(size=(*lead, seq, width)) for lead, seq, width in shapes]
    given = dict(zip(("query", "key", "value"), given, strict=True))
    if bias is not None:
        given["bias"] = rng.normal(size=bias)
    others = {"mask": some_mask(rng, *LEADS[leads][0]), "scale": np.float64(0.8)} if masked else {}
    if hidden is not None:
        given["value"][..., 3, :], others["mask"][..., 3] = hidden, False
    return given, others


def heads(rng, leads, kv_heads, rotary=False, bias=None, biased=""):
    widths, shared = (10, 12, 11), kv_heads or HEADS
    shapes = [(10, HEADS * D_K), (12, shared * D_K), (11, shared * D_V), (HEADS * D_V, D_OUT)]
    params = MultiHeadParams(*(rng.normal(size=shape) * shape[0] ** -0.5 for shape in shapes), HEADS, kv_heads)
    params = params._replace(**{f"b_{end}": rng.normal(size=getattr(params, f"w_{end}").shape[1]) for end in biased})
    given, _ = queries(rng, leads, bias=bias, widths=widths)
    return {"params": params} | given, {"mask": some_mask(rng), "scale": 0.6, "rotary": rotary, "first_query": 3}


def self_attention(rng, rotary):
    given = {"x": rng.normal(size=(BATCH, SEQ, D_MODEL)), "params": init_multi_head(rng, D_MODEL, MODEL_HEADS, 1)}
    return given, {"mask": MASK, "bias": alibi_bias(MODEL_HEADS, SEQ, SEQ), "rotary": rotary}


def cross_attention(rng):
    given, _ = self_attention(rng, rotary=False)
    return given | {"memory": rng.normal(size=(BATCH, SEQ + 2, D_MODEL))}, {"memory_mask": np.arange(7) != 3}


# Layers and models


def network(rng, lead, activation):
    params = shaken(rng, init_feed_forward(rng, D_MODEL, D_FF, activation))
    return {"params": params, "x": rng.normal(size=(*lead, D_MODEL))}, {}


def thinking(rng, lead, activation):
    given, _ = network(rng, lead, activation)
    return {"x": given["x"], "params": given["params"]}, {}


def remembered(rng, lead, begun):
    params = shaken(rng, init_ssru(rng, D_MODEL))
    given = {"params": params, "x": rng.normal(size=(*lead, SEQ, D_MODEL))}
    return given | ({"state": rng.normal(size=(*lead, D_MODEL))} if begun else {}), {}


def residual(rng, lead, norm_first, eps):
    given, _ = last_norm(rng, lead)
    given = {"x": given["x"], "norm": given["norm"], "weight": rng.normal(size=(D_MODEL, D_MODEL))}
    return given, {"norm_first": norm_first, "eps": eps}


def last_norm(rng, lead):
    return {"norm": LayerNormParams(*rng.normal(size=(2, D_MODEL))), "x": rng.normal(size=(*lead, D_MODEL))}, {}


def layers(rng, number):
    weights = tuple(rng.normal(size=(number, D_IN, D_IN)))
    return {"layers": weights, "x": rng.normal(size=(SEQ, D_IN)), "shared": rng.normal(size=D_IN)}, {}


def encoding(rng, lead, norm_first, activation, masked, seq=SEQ):
    params = shaken(rng, init_encoder(rng, 2, D_MODEL, MODEL_HEADS, D_FF, norm_first, activation))
    mask = padding_for(lead) if masked else None
    return {"params": params, "x": rng.normal(size=(*lead, seq, D_MODEL))}, {"mask": mask}


def decoding(rng, lead, norm_first, activation, masked, seq=SEQ_TARGET, lead_memory=None, own_mask=False):
    params = shaken(rng, init_decoder(rng, 2, D_MODEL, MODEL_HEADS, D_FF, norm_first, activation))
    lead_memory = lead if lead_memory is None else lead_memory
    given = {"params": params, "x": rng.normal(size=(*lead, seq, D_MODEL))}
    given["memory"] = rng.normal(size=(*lead_memory, SEQ, D_MODEL))
    mask = rng.random((*lead, seq, seq)) < 0.6 if own_mask else None
    return given, {"memory_mask": padding_for(lead) if masked else None, "mask": mask}


def encoding_once(rng, norm_first, eps):
    given, others = encoding(rng, (BATCH,), norm_first, "gelu", masked=True)
    return given | {"params": given["params"].layers[1]._replace(eps=eps)}, others


def decoding_once(rng, norm_first, eps):
    given, others = decoding(rng, (BATCH,), norm_first, "gelu", masked=True)
    return given | {"params": given["params"].layers[1]._replace(eps=eps)}, others


def translation(rng, lead, norm_first, tied, activation, seq_source=SEQ):
    sizes = VOCAB, TARGETS, D_MODEL, MODEL_HEADS, D_FF, 1, 2
    others = {"source": rng.integers(VOCAB, size=(*lead, seq_source))}
    others["target"] = rng.integers(TARGETS, size=(*lead, SEQ_TARGET))
    others["source_mask"] = padding_for(lead) if seq_source else None
    return {"params": shaken(rng, init_transformer(rng, *sizes, tied, norm_first, activation))}, others


def dates(rng):
    params = init_transformer(rng, SOURCE_VOCAB, TARGET_VOCAB, D_MODEL, MODEL_HEADS, D_FF)
    return {"params": params}, {
        "batch": as_batch([("7.6.21", "2021-06-07"), ("hm", NO_DATE), ("June 7th, 2021", "2021-06-07")])
    }


def text(rng, lead, layers):
    params = shaken(rng, init_language_model(rng, VOCAB, D_MODEL, MODEL_HEADS, D_FF, layers))
    return {"params": params}, {"tokens": rng.integers(VOCAB, size=(*lead, SEQ))}


def names(rng):
    params = shaken(rng, init_name_model(rng, D_MODEL, MODEL_HEADS, D_FF, dtype=np.float64))
    return {"params": params}, {"batch": as_names(["ida", "mo", "marian"])}


def model(rng, kind, lead, seq=SEQ, masked=False, positions=False):
    params = shaken(rng, init_attention_model(rng, VOCAB, D_MODEL, MODEL_HEADS, **MODELS[kind]))
    others = {"tokens": rng.integers(VOCAB, size=(*lead, seq))}
    if masked:
        bias = alibi_bias(MODEL_HEADS, seq, seq)
        others |= {"mask": causal_mask(seq, seq), "bias": bias, "rotary": True}
    if positions:
        others["positions"] = sinusoidal_positions(seq, D_MODEL)
    return {"params": params}, others


def model_layer(rng, kind):
    given, others = model(rng, kind, (BATCH,), masked=True)
    given = {"params": given["params"].layers[0], "x": rng.normal(size=(BATCH, SEQ, D_MODEL))}
    return given, {name: others[name] for name in ("mask", "bias", "rotary")}
