"""``python -m conformity.libraries``: what five libraries do where attention can be read in several ways.

Nothing here is taken from a documentation: each library is called, and what comes back is compared with attnlib's
answer to each reading, or the call raises an error. Layers that project their inputs get maps that change nothing.
Where the notation page states the same, a test compares the two.
"""

import inspect
import json
import os
import platform
from collections.abc import Iterator
from importlib.metadata import version
from typing import NamedTuple

import numpy as np

from attnlib import attention, causal_mask
from conformity.report import RESULTS

HEADS, SEQ_Q, SEQ_K, WIDTH = 2, 3, 5, 4
FAST = "need_weights=False, fast path"
FAST_PATH = {"batch_first": True, "heads": HEADS, "itself": True, "evaluate": True}  # evaluation mode, no gradients
ALMOST = [
    FAST_PATH | lacking for lacking in ({"batch_first": False}, {"heads": 3}, {"itself": False}, {"evaluate": False})
]
BIASED = "need_weights=False, with a bias"
PACKAGES = "numpy", "torch", "jax", "keras", "onnx"


class Fact(NamedTuple):
    """What one library does about one thing."""

    thing: str  # a column of the notation page's tables
    library: str  # a row
    setting: str  # an option that is not the default, or nothing
    found: str


class PyTorch:
    """``F.scaled_dot_product_attention``."""

    name, axes, bias = "PyTorch", "(…, heads, seq, width)", "a float attn_mask"
    arguments = "query, key, value"

    def call(self, *inputs, mask=None, bias=None, causal=False, **options):
        """Arrays of axes (heads, seq, width), the mask as the library reads it."""
        import torch

        extra = mask if bias is None else bias
        given = [torch.tensor(x)[None] for x in inputs]
        mask = None if extra is None else torch.tensor(extra)
        attend = torch.nn.functional.scaled_dot_product_attention
        return attend(*given, attn_mask=mask, is_causal=causal, **options)[0].numpy()

    def parameters(self):
        """How many numbers it learns."""
        return 0


class PyTorchLayer:
    """``nn.MultiheadAttention``, whose maps change nothing."""

    name, bias = "PyTorch's layer", "a float mask"
    arguments = "query, key, value"

    def __init__(self, batch_first=False):
        self.batch_first = batch_first
        self.axes = "(batch, seq, embed_dim)" if batch_first else "(seq, batch, embed_dim)"

    def layer(self, heads):
        """A layer for that many heads of the one width."""
        import torch

        layer = torch.nn.MultiheadAttention(heads * WIDTH, heads, batch_first=self.batch_first, dtype=torch.float64)
        same = torch.eye(heads * WIDTH, dtype=torch.float64)
        with torch.no_grad():
            layer.in_proj_weight.copy_(same.repeat(3, 1))
            layer.out_proj.weight.copy_(same)
        return layer

    def call(
        self, *inputs, mask=None, padding=None, bias=None, causal=False, evaluate=False, output_bias=0.0, **options
    ):
        """As ``PyTorch.call``; ``padding`` is the ``key_padding_mask``, and ``evaluate`` does without gradients."""
        import torch

        heads = len(inputs[0])
        layer = self.layer(heads).train(not evaluate)
        with torch.no_grad():
            layer.out_proj.bias.fill_(output_bias)
        extra = mask if bias is None else bias
        if padding is not None:
            options["key_padding_mask"] = torch.tensor(padding)[None]
        if extra is not None:
            options["attn_mask"] = torch.tensor(np.broadcast_to(extra, (heads, *np.shape(extra)[-2:])).copy())
        batch = 0 if self.batch_first else 1
        tensors = {id(x): torch.tensor(np.expand_dims(packed(x), batch)) for x in inputs}
        given = [tensors[id(x)] for x in inputs]  # one array thrice is one tensor: only then it is self-attention
        with torch.set_grad_enabled(not evaluate):
            output = layer(*given, is_causal=causal, **options)[0]
        return output.detach().numpy().reshape(-1, heads, WIDTH).swapaxes(0, 1)

    def parameters(self):
        """How many numbers it learns."""
        return sum(x.numel() for x in self.layer(HEADS).parameters())


class Jax:
    """``jax.nn.dot_product_attention``."""

    name, axes, bias = "JAX", "(batch, seq, heads, width)", "bias"
    arguments = "query, key, value"

    def call(self, *inputs, mask=None, bias=None, causal=False):
        """As ``PyTorch.call``."""
        import jax

        jax.config.update("jax_enable_x64", True)
        given = [x.swapaxes(0, 1)[None] for x in inputs]
        extra = {name: x if x is None else x[None, None] for name, x in (("mask", mask), ("bias", bias))}
        output = jax.nn.dot_product_attention(*given, is_causal=causal, **extra)
        return np.asarray(output)[0].swapaxes(0, 1)

    def parameters(self):
        """How many numbers it learns."""
        return 0


class KerasLayer:
    """``layers.MultiHeadAttention``, whose maps change nothing."""

    name, axes, bias = "Keras's layer", "(batch, seq, width)", "–"
    arguments = "query, value, key"

    def layer(self, heads, dropout=0.0):
        """A layer for that many heads of the one width, after its first call."""
        from keras import layers

        layer = layers.MultiHeadAttention(heads, WIDTH, use_bias=False, dropout=dropout, dtype="float64")
        some = np.zeros((1, 1, heads * WIDTH))
        layer(some, some)
        same = np.eye(heads * WIDTH)
        maps = [same.reshape(weight.shape) for weight in layer.get_weights()[:4]]
        layer.set_weights([*maps, *layer.get_weights()[4:]])
        return layer

    def call(self, *inputs, mask=None, bias=None, causal=False, by_name=True, dropout=0.0, **options):
        """As ``PyTorch.call``. Unless ``by_name`` is False, the arguments are named."""
        heads = len(inputs[0])
        given = [packed(x)[None] for x in inputs]
        extra = mask if bias is None else bias
        if extra is not None:
            options["attention_mask"] = extra[None]
        layer = self.layer(heads, dropout)
        names = dict(zip(("query", "key", "value"), given, strict=True)) if by_name else {}
        output = layer(*([] if by_name else given), **names, use_causal_mask=causal, **options)
        output = output[0] if isinstance(output, tuple | list) else output
        return np.asarray(output).reshape(-1, heads, WIDTH).swapaxes(0, 1)

    def parameters(self):
        """How many numbers it learns."""
        return self.layer(HEADS).count_params()


class Onnx:
    """The operator ``Attention`` in ONNX's reference implementation."""

    name, axes, bias = "ONNX", "(batch, heads, seq, width)", "a float attn_mask"
    arguments = "Q, K, V"

    def call(self, *inputs, mask=None, bias=None, causal=False, past=None):
        """As ``PyTorch.call``; ``past`` holds keys and values of a cache."""
        from onnx import TensorProto, helper
        from onnx.reference import ReferenceEvaluator

        extra = mask if bias is None else bias
        arrays = {"Q": inputs[0], "K": inputs[1], "V": inputs[2], "attn_mask": extra}
        arrays |= dict(zip(("past_key", "past_value"), past or (None, None), strict=True))
        given = {name: array if array is None or name == "attn_mask" else array[None] for name, array in arrays.items()}
        given = {name: array for name, array in given.items() if array is not None}
        names = [name if name in given else "" for name in arrays]
        node = helper.make_node("Attention", names, ["Y", "present_key", "present_value"], is_causal=int(causal))
        kinds = {name: helper.np_dtype_to_tensor_dtype(array.dtype) for name, array in given.items()}
        ends = [helper.make_tensor_value_info(name, kinds[name], array.shape) for name, array in given.items()]
        graph = helper.make_graph(
            [node], "attention", ends, [helper.make_tensor_value_info("Y", TensorProto.DOUBLE, None)]
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 24)])
        return ReferenceEvaluator(model).run(None, given)[0][0]

    def parameters(self):
        """How many numbers it learns."""
        return 0


def packed(x):
    """(heads, seq, width) as (seq, heads · width)."""
    return x.swapaxes(0, 1).reshape(x.shape[1], -1)


def draw(heads=HEADS, kv_heads=None, seq_q=SEQ_Q, seq_k=SEQ_K):
    """Queries, keys and values."""
    rng, kv_heads = np.random.default_rng(0), kv_heads or heads
    return [rng.normal(size=(n, seq, WIDTH)) for n, seq in ((heads, seq_q), (kv_heads, seq_k), (kv_heads, seq_k))]


def same(found, expected) -> bool:
    """Whether two outputs agree, but for rounding; JAX and Keras may compute in float32."""
    return np.shape(found) == np.shape(expected) and bool(np.allclose(found, expected, rtol=1e-4, atol=1e-5))


def reading(found, **readings) -> str:
    """The name of the one reading that gives what was found.

    Raises:
        ValueError: if none does, or several do.
    """
    fitting = [name.replace("_", " ") for name, expected in readings.items() if same(found, expected)]
    if len(fitting) != 1:
        raise ValueError(f"one of {[*readings]} must be what was found: {fitting or 'none'} is")
    return fitting[0]


def outcome(output, value) -> str:
    """What the only query got, which may attend to nothing."""
    if np.isnan(output).all():
        return "NaN"
    mean = np.broadcast_to(value.mean(axis=1, keepdims=True), output.shape)
    return reading(output, zeros=np.zeros_like(output), mean_of_the_values=mean)


def refused(call, *args, **options) -> bool:
    """Whether a call raises an error."""
    try:
        call(*args, **options)
    except Exception:  # whatever the library raises
        return True
    return False


def common(library) -> Iterator[tuple[str, str]]:
    """What every library is asked, as (column, found)."""
    query, key, value = draw()
    plain, _ = attention(query, key, value)
    by_position = {"by_name": False} if library.name == "Keras's layer" else {}
    order = reading(
        library.call(query, key, value, **by_position),
        key_then_value=plain,
        value_then_key=attention(query, value, key)[0],
    )
    spelled = library.arguments.replace("query", "Q").replace("key", "K").replace("value", "V")
    assert spelled == {"key then value": "Q, K, V", "value then key": "Q, V, K"}[order]
    yield "Inputs, in order", library.arguments
    yield "Projects its inputs?", "yes" if library.parameters() else "no"
    assert same(library.call(query, key, value), plain)  # so the axes are these, and the scale is the default one
    yield "Axes", library.axes
    yield "Scale", "1/√ of the key's width"

    one = np.zeros((SEQ_Q, SEQ_K), bool)
    one[:, 1] = True
    yield (
        "Boolean True means",
        reading(
            library.call(query, key, value, mask=one),
            may_attend=attention(query, key, value, one)[0],
            may_not_attend=attention(query, key, value, ~one)[0],
        ),
    )
    bias = np.random.default_rng(1).normal(size=(SEQ_Q, SEQ_K))
    added = same(library.call(query, key, value, bias=bias), attention(query, key, value, bias=bias)[0])
    assert added == (library.bias != "–")
    yield "Term added to the scores", library.bias


def causal(library, **options) -> str:
    """Where the diagonal of a causal mask starts if there are more keys than queries."""
    query, key, value = draw()
    shifted = causal_mask(SEQ_K, SEQ_K)[-SEQ_Q:]
    return reading(
        library.call(query, key, value, causal=True, **options),
        top_left=attention(query, key, value, causal_mask(SEQ_Q, SEQ_K))[0],
        bottom_right=attention(query, key, value, shifted)[0],
    )


def nothing(library, hidden=False, **options) -> str:
    """What a query gets that may attend to nothing. ``hidden`` is what hides a key in this library's mask."""
    query, key, value = draw(seq_q=1)
    return outcome(library.call(query, key, value, mask=np.full((1, SEQ_K), hidden), **options), value)


def alone(batch_first, heads, itself, evaluate) -> str:
    """What a token gets in PyTorch's layer, without weights, if the only key is hidden."""
    query, _, value = draw(heads, seq_q=1, seq_k=1)
    inputs = [query, query, query] if itself else [query, value, value]
    hidden, options = np.array([[True]]), {"need_weights": False, "evaluate": evaluate}
    return outcome(PyTorchLayer(batch_first).call(*inputs, mask=hidden, **options), inputs[-1])


def beside_causal(batch_first, heads, itself, evaluate, need_weights=False) -> str:
    """What PyTorch's layer makes of a mask beside ``is_causal``."""
    query, _, value = draw(heads, seq_k=SEQ_Q)
    inputs = [query, query, query] if itself else [query, value, value]
    mask = np.random.default_rng(2).random((SEQ_Q, SEQ_Q)) < 0.7
    mask[:, 0] = True
    options = {"causal": True, "need_weights": need_weights, "evaluate": evaluate}
    return reading(
        PyTorchLayer(batch_first).call(*inputs, mask=~mask, **options),
        its_mask_counts=attention(*inputs, mask)[0],
        replaced_by_a_causal_one=attention(*inputs, causal_mask(SEQ_Q, SEQ_Q))[0],
    )


def grouped(library, **options) -> str:
    """Which keys four query heads read if there are two."""
    query, key, value = draw(4, 2)
    if refused(library.call, query, key, value, **options):
        return "no"
    repeated, tiled = (attention(query, *map(way, (key, value)))[0] for way in (repeat, tile))
    return reading(library.call(query, key, value, **options), neighbours_share=repeated, every_second_shares=tiled)


def repeat(x):
    """Heads 0, 0, 1, 1."""
    return np.repeat(x, 2, axis=0)


def tile(x):
    """Heads 0, 1, 0, 1."""
    return np.concatenate([x, x])


def narrow_values(library) -> str:
    """Whether a value may have another width than a key."""
    query, key, value = draw()
    return "must equal the key's" if refused(library.call, query, key, value[..., :-1]) else "any"


def facts() -> list[Fact]:
    """All that is asked of all libraries."""
    torch_function, torch_layer, jax, keras, onnx = libraries = PyTorch(), PyTorchLayer(), Jax(), KerasLayer(), Onnx()
    found = [Fact(thing, library.name, "", words) for library in libraries for thing, words in common(library)]

    def note(thing, library, words, setting=""):
        found.append(Fact(thing, library.name, setting, words))

    query, key, value = draw()
    one = np.arange(SEQ_K) == 1
    readings = {
        "may_attend": attention(query, key, value, one)[0],
        "may_not_attend": attention(query, key, value, ~one)[0],
    }
    padding = reading(torch_layer.call(query, key, value, padding=one), **readings)
    note("Boolean True means", torch_layer, padding, "key_padding_mask")

    batch_first = PyTorchLayer(batch_first=True)
    assert same(batch_first.call(query, key, value), attention(query, key, value)[0])
    note("Axes", torch_layer, batch_first.axes, "batch_first=True")

    thing = "Causal, seq_q ≠ seq_k"
    for library in (torch_function, jax, keras, onnx):
        note(thing, library, causal(library))
    past = [key[:, :2], value[:, :2]]
    with_cache = onnx.call(query, key[:, 2:], value[:, 2:], causal=True, past=past)
    places = causal_mask(2 + SEQ_Q, SEQ_K)[2:]
    assert same(with_cache, attention(query, key, value, places)[0])
    note(thing, onnx, "shifted by the keys in it", "with a cache")
    top, bottom = causal_mask(SEQ_Q, SEQ_K), causal_mask(SEQ_K, SEQ_K)[-SEQ_Q:]
    for mask in (top, bottom):
        assert same(torch_layer.call(query, key, value, mask=~mask, causal=True), attention(query, key, value, mask)[0])
    note(thing, torch_layer, "as its mask says")

    thing = "Query that may attend to nothing"
    for library in (torch_function, jax, keras, onnx):
        note(thing, library, nothing(library))
    note(thing, torch_layer, nothing(torch_layer, hidden=True))
    note(thing, torch_layer, *{alone(**almost) for almost in ALMOST}, "need_weights=False")
    note(thing, torch_layer, alone(**FAST_PATH), FAST)
    shifted = torch_layer.call(*draw(seq_q=1), mask=np.full((1, SEQ_K), True), need_weights=False, output_bias=7.0)
    assert same(shifted, np.full_like(shifted, 7.0))
    note(thing, torch_layer, "zeros, then the bias of the last projection", BIASED)
    note(thing, keras, nothing(keras, return_attention_scores=True), "return_attention_scores=True")
    note(thing, keras, nothing(keras, dropout=0.5, training=False), "dropout > 0 even at inference")

    thing = "Fewer key and value heads"
    note(thing, torch_function, grouped(torch_function, enable_gqa=True), "enable_gqa=True")
    note(thing, torch_function, grouped(torch_function))
    for library in (torch_layer, jax, keras, onnx):
        note(thing, library, grouped(library))

    for library in (torch_function, jax, onnx):
        note("Width of a value", library, narrow_values(library))

    thing = "A mask beside is_causal"
    note(thing, torch_layer, *{beside_causal(**way, need_weights=True) for way in (FAST_PATH, *ALMOST)})
    note(thing, torch_layer, *{beside_causal(**almost) for almost in ALMOST}, "need_weights=False")
    note(thing, torch_layer, beside_causal(**FAST_PATH), FAST)

    defaults = {name: p.default for name, p in inspect.signature(keras.layer(1).call).parameters.items()}
    assert defaults["key"] is None
    query, key, value = draw()
    left_out = keras.layer(HEADS)(packed(query)[None], packed(value)[None])
    assert same(left_out, packed(attention(query, value, value)[0])[None])
    note("If the key is left out", keras, "the value takes its place")
    return found


def main() -> None:
    """Ask, print and store."""
    os.environ["KERAS_BACKEND"] = "jax"
    found = facts()
    for fact in found:
        print(f"{fact.thing:34} {fact.library:16} {fact.setting:36} {fact.found}")
    versions = {"python": platform.python_version()} | {package: version(package) for package in PACKAGES}
    head = {"command": "python -m conformity.libraries", "versions": versions}
    lines = ",\n".join(json.dumps(fact, ensure_ascii=False) for fact in found)
    text = json.dumps(head, ensure_ascii=False, indent=1).removesuffix("\n}") + f',\n "rows": [\n{lines}\n]\n}}\n'
    (RESULTS / "libraries.json").write_text(text, "utf-8")


if __name__ == "__main__":
    main()
