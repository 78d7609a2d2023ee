"""The capstone: the course's own parts are the library's model, and a wrong part hears what is wrong with it."""

import json
import re

import numpy as np
import pytest

from attncourse import check, kept
from attncourse.capstone.assemble import REFERENCE, assemble
from attncourse.capstone.parts import PARTS
from attncourse.capstone.recorded import TEXTS, recorded
from attnlib.attention import attention
from attnlib.dates.model import load_date_model, translate
from attnlib.dates.task import BEGIN, STEPS, as_source, as_texts
from attnlib.masks import padding_mask
from attnlib.transformer import encode, transformer

MISTAKES = [(name, *mistake) for name, part in PARTS.items() for mistake in part.mistakes.items()]

OTHER_WAYS = [
    (
        "softmax",
        """
def my_softmax(scores: np.ndarray, axis=-1) -> np.ndarray:
    top = np.max(scores, axis=axis, keepdims=True)
    total = np.log(np.sum(np.exp(scores - top), axis=axis, keepdims=True)) + top
    return np.exp(scores - total)
""",
    ),
    (
        "softmax",
        """
def f(scores):
    flat = scores.reshape(-1, scores.shape[-1])
    rows = []
    for row in flat:
        e = [float(np.exp(s - max(row))) for s in row]
        rows.append([x / sum(e) for x in e])
    return np.array(rows).reshape(scores.shape).tolist()
""",
    ),
    (
        "softmax",
        """
def f(scores):
    e = np.exp((scores - scores.max(-1, keepdims=True)).astype(np.float32))
    return e / e.sum(-1, keepdims=True)
""",
    ),
    (
        "attention",
        """
def f(query, key, value, mask):
    d = np.shape(key)[-1]
    s = np.einsum("...id,...jd->...ij", query, key) * d ** -0.5
    s = s + np.where(mask, 0, -1e9)
    w = softmax(s)
    return [np.einsum("...ij,...jd->...id", w, value), w]
""",
    ),
    (
        "multi_head",
        """
def f(params, query, key, value, mask):
    heads = []
    width = params.w_q.shape[1] // params.num_heads
    for h in range(params.num_heads):
        c = slice(h * width, (h + 1) * width)
        out, _ = attention(query @ params.w_q[:, c], key @ params.w_k[:, c], value @ params.w_v[:, c], mask)
        heads.append(out)
    return np.concatenate(heads, axis=-1) @ params.w_o
""",
    ),
    (
        "positions",
        """
def f(seq, d_model):
    t = np.zeros((seq, d_model))
    for p in range(seq):
        for i in range(0, d_model, 2):
            t[p, i] = np.sin(p / 10000 ** (i / d_model))
            t[p, i + 1] = np.cos(p / 10000 ** (i / d_model))
    return t
""",
    ),
    (
        "causal_mask",
        """
def f(seq):
    return np.tri(seq, dtype=bool)
""",
    ),
    (
        "causal_mask",
        """
def f(seq):
    return [[k <= q for k in range(seq)] for q in range(seq)]
""",
    ),
    (
        "padding_mask",
        """
def f(lengths, seq):
    return np.array([[np.arange(seq) < n] for n in lengths])
""",
    ),
    (
        "encoder_layer",
        """
def f(params, x, mask):
    def block(x, norm, sub):
        return x + sub(layer_norm(x, norm.gain, norm.bias))
    x = block(x, params.attention_norm, lambda n: multi_head(params.attention, n, n, n, mask))
    return block(x, params.feed_forward_norm, lambda n: feed_forward(params.feed_forward, n))
""",
    ),
    (
        "encoder_layer",
        """
def f(params, x, mask):
    n = layer_norm(x, *params.attention_norm)
    x = x + multi_head(params.attention, n, n, n, mask)
    n, p = layer_norm(x, *params.feed_forward_norm), params.feed_forward
    return x + np.maximum(n @ p.w_in + p.b_in, 0) @ p.w_out + p.b_out
""",
    ),
    (
        "layer_norm",
        """
def f(x, gain, bias):
    return (x - x.mean(-1, keepdims=True)) / (x.var(-1, keepdims=True) + 1e-5) ** 0.5 * gain + bias
""",
    ),
    (
        "greedy",
        """
def f(params, source, lengths, begin, steps):
    mask = padding_mask(lengths, source.shape[1])
    memory = memory_of(params, source, mask)
    said = [[begin] * len(source)]
    while len(said) <= steps:
        logits = logits_of(params, np.array(said).T, memory, mask)
        said.append(np.argmax(logits[:, -1], axis=-1).tolist())
    return np.array(said[1:]).T
""",
    ),
]


WRONG = [  # besides the known mistakes
    (
        "softmax",
        "(e := np.exp(scores - scores[..., -1:])) / e.sum(axis=-1, keepdims=True)",
        "largest score: yours takes away another",
    ),
    ("softmax", "(e := np.exp(scores - scores.max())) / e.sum(-1, keepdims=True)", "where other rows are far larger"),
    (
        "attention",
        "((w := (e := np.exp(query @ key.mT / key.shape[-1] ** 0.5) * mask) / e.sum(-1, keepdims=True)) @ value, w)",
        "large ones overflow: let softmax take away",
    ),
    (
        "attention",
        "((w := softmax(np.where(mask[..., :1, :], query @ key.mT / key.shape[-1] ** 0.5, -np.inf))) @ value, w)",
        "every query has a row of the mask",
    ),
    (
        "layer_norm",
        "(x - (m := x.mean(-1, keepdims=True))) / ((x**2).mean(-1, keepdims=True) - m**2 + 1e-5) ** 0.5 * gain + bias",
        "the digits are lost",
    ),
    ("causal_mask", "np.tri(seq)", "the mask must hold True and False: yours is of dtype float64"),
    ("causal_mask", "np.tri(seq, dtype=int)", "the mask must hold True and False: yours is of dtype int64"),
    ("causal_mask", "np.triu(np.full((seq, seq), -np.inf), 1)", "True and False: yours is of dtype float64"),
    ("causal_mask", "np.tri(seq, dtype=bool)[None]", r"must have shape \(1, 1\): yours has \(1, 1, 1\)"),
    ("causal_mask", "np.tri(seq, seq + 1, dtype=bool)", r"must have shape \(1, 1\): yours has \(1, 2\)"),
    ("causal_mask", "np.arange(seq) <= seq", r"must have shape \(1, 1\): yours has \(1,\)"),
    ("causal_mask", "np.eye(seq, dtype=bool)", r"% of 2,106 values are right: yours at \[1, 0\] is 0 where 1 is due"),
    ("causal_mask", "np.tri(22, dtype=bool)[:seq, :seq]", r"must have shape \(40, 40\): yours has \(22, 22\)"),
    ("padding_mask", "np.arange(seq) < lengths", r"raised ValueError .*shapes \(22,\) \(3,\)"),
    ("padding_mask", "(np.arange(seq) < lengths[:, None, None]) * 1.0", "must hold True and False: yours is of dtype"),
    ("padding_mask", "np.arange(seq) < lengths[:, None, None, None]", r"\(3, 1, 22\): yours has \(3, 1, 1, 22\)"),
    ("padding_mask", "np.arange(seq)[:, None] < lengths", r"\(3, 1, 22\): yours has \(22, 3\)"),
    ("greedy", "said", "your code raised UnboundLocalError|yours uses said"),
    (
        "greedy",
        "np.zeros((len(source), steps), int)",
        r"9 % of 49|\d+ % of 49 values are right: yours at \[0, 0\] is 0 where 4",
    ),
    (
        "greedy",
        "np.full((len(source), steps), begin).tolist()",
        r"\d+ % of 49 values are right: yours at \[0, 0\] is 0",
    ),
    (
        "greedy",
        "memory_of(params, source, padding_mask(lengths, source.shape[1]))",
        r"\(3, 11\): yours has \(3, 22, 64\)",
    ),
    ("greedy", "logits_of(params, source, lengths)", "your code raised TypeError in line 2 of f, .*missing 1 required"),
    ("layer_norm", "(x - x.mean()) / x.std() * gain + bias", "are taken over everything|% of .* the"),
    ("layer_norm", "(x - x.mean(-1)) / x.std(-1) * gain + bias", r"raised ValueError .*shapes \(3,22,64\) \(3,22\)"),
    ("attention", "softmax(query @ key.T), value", "raised ValueError .*matmul"),
    ("attention", "attention(query, key, value, mask)", "with np and softmax and nothing else: yours uses attention"),
    ("attention", "softmax(np.where(mask, query @ key.mT / 4, -np.inf)) @ value", "must be 2 things"),
    (
        "positions",
        "np.arange(seq)[:, None] / 10000 ** (np.arange(d_model) / d_model)",
        r"% of 5,676 values are right: ",
    ),
    ("positions", "np.sin(np.arange(seq))", r"must have shape \(22, 64\): yours has \(22,\)"),
    ("multi_head", "attention(query, key, value, mask)", "must be one array of shape .*: yours is a tuple of 2"),
    (
        "multi_head",
        "attention(query @ params.w_q, key @ params.w_k, value @ params.w_v, mask)[0]",
        r"% of 63,360 values",
    ),
    ("multi_head", "query @ params.wq", "your code raised AttributeError .*has no attribute 'wq'"),
    ("encoder_layer", "multi_head(params, x, x, x, mask)", "raised AttributeError .*has no attribute 'w_q'"),
    ("encoder_layer", "x", r"% of 8,448 values are right: yours at \[0, 0, 0\]"),
    ("decoder_layer", "x", r"% of 25,344 values are right: yours at \[0, 0, 0\]"),
    ("decoder_layer", "encoder_layer(params, x, mask)", "raised AttributeError .*has no attribute 'attention_norm'"),
]


def my(name, old="", new=""):
    """The source of a part as a reader would call it, with an edit."""
    return REFERENCE[name].replace(old, new).replace(f"def {name}(", f"def my_{name}(")


class TestTheModel:
    def test_assembled_from_the_courses_own_parts_it_computes_what_the_library_computes(self):
        params, functions = load_date_model(dtype=np.float64), assemble({})
        source, lengths = as_source(TEXTS)
        mask = padding_mask(lengths, source.shape[1])
        said = functions["greedy"](params, source, lengths, BEGIN, STEPS)
        read = np.insert(said[:, :-1], 0, BEGIN, axis=1)
        memory = functions["memory_of"](params, source, mask)
        np.testing.assert_allclose(memory, encode(params, source, mask)[0], atol=1e-12)
        logits, _ = transformer(params, source, read, mask)
        np.testing.assert_allclose(functions["logits_of"](params, read, memory, mask), logits, atol=1e-12)
        assert as_texts(said) == [found.answer for found in translate(params, TEXTS)]

    def test_every_part_is_called_and_there_is_padding_to_be_hidden(self):
        assert set(PARTS) <= set(recorded())
        [mask] = {call.result.tobytes(): call.result for call in recorded()["padding_mask"]}.values()
        assert not mask.all()

    @pytest.mark.parametrize("name", PARTS)
    def test_no_part_has_more_than_fifteen_lines_or_lines_too_long_for_a_page(self, name):
        lines = REFERENCE[name].splitlines()
        assert len(lines) <= 15
        assert max(map(len, lines)) <= 72


class TestParts:
    @pytest.mark.parametrize("name", PARTS)
    def test_the_courses_own_part_passes(self, name):
        said = repr(check.build(**{name: my(name)}, keep=False))
        assert re.fullmatch(
            rf"✓ build\.{name}: all [\d,]+ values are right(, and 'June 7th, 2021' is .*2021-06-07)?", said
        )

    @pytest.mark.parametrize(
        ("name", "words", "edit"), MISTAKES, ids=[f"{name}-{words[-20:]}" for name, words, _ in MISTAKES]
    )
    def test_each_known_mistake_hears_its_own_words(self, name, words, edit):
        assert edit[0] in REFERENCE[name]
        said = repr(check.build(**{name: my(name, *edit)}, keep=False))
        assert said.startswith(f"✗ build.{name}: ")
        assert said.endswith(words)

    def test_an_unknown_mistake_hears_the_share_and_the_first_wrong_value(self):
        said = repr(check.build(softmax=my("softmax", "np.exp(shifted)", "np.exp(shifted) + (shifted > -1e-9)")))
        assert re.match(
            r"✗ build\.softmax: \d+ % of 70,224 values are right: yours at \[0, 0, 0, \d\] is 0\.\d+ where", said
        )

    @pytest.mark.parametrize(
        ("name", "old", "new"),
        [
            ("attention", "np.sqrt(key.shape[-1])", "4"),
            ("multi_head", "params.num_heads", "4"),
            ("padding_mask", "seq)", "22)"),
            ("layer_norm", "(centred**2).mean(axis=-1, keepdims=True)", "(centred**2).sum(-1, keepdims=True) / 64"),
            ("greedy", "range(steps)", "range(11)"),
        ],
    )
    def test_a_size_of_this_model_must_not_be_written_into_a_part(self, name, old, new):
        assert not check.build(**{name: my(name, old, new)}, keep=False)

    @pytest.mark.parametrize(("name", "source"), OTHER_WAYS, ids=[name for name, _ in OTHER_WAYS])
    def test_another_way_to_the_same_values_is_as_right(self, name, source):
        assert check.build(**{name: source}, keep=False)

    @pytest.mark.parametrize(
        ("name", "returned", "reason"), WRONG, ids=[f"{name}-{i}" for i, (name, *_) in enumerate(WRONG)]
    )
    def test_another_wrong_part_hears_what_is_wrong(self, name, returned, reason):
        arguments = re.search(r"\((.*)\):", REFERENCE[name])[1]
        said = repr(check.build(**{name: f"def f({arguments}):\n    return {returned}"}, keep=False))
        assert said.startswith(f"✗ build.{name}: ")
        assert re.search(reason, said), said

    def test_several_parts_are_judged_in_one_call_and_each_has_a_line(self):
        both = check.build(causal_mask=my("causal_mask"), padding_mask=my("padding_mask", "<", "<="), keep=False)
        assert not both
        assert repr(both).startswith(
            "✓ build.causal_mask: all 2,106 values are right\n✗ build.padding_mask: 96 % of 116"
        )


def my_starter(scores):
    pass


def my_softmax(scores):
    exps = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return exps / exps.sum(axis=-1, keepdims=True)


def with_a_helper(scores):
    return my_softmax(scores)


def with_an_import(scores):
    from attnlib import softmax

    return softmax(scores)


class TestStandingAlone:
    def test_a_function_is_as_good_as_its_source(self):
        assert check.build(softmax=my_softmax)

    @pytest.mark.parametrize(
        ("answer", "reason"),
        [
            (my_starter, "the weights must not be None: does the function return something?"),
            (with_a_helper, "stand alone, with np and nothing else: yours uses my_softmax"),
            (with_an_import, "must import nothing: what it may use is np"),
            (attention, "nothing else: yours uses as_floats"),
            (lambda scores: scores, "must be one function, written with def"),
            (np.exp, "must be a function, passed without brackets: yours is of type ufunc"),
            (my_softmax(np.ones(3)), "must be a function, passed without brackets: yours is of type ndarray"),
            (dict, "must be a function, passed without brackets: yours is of type class"),
            ("exps / exps.sum()", "must be one function, written with def"),
            ("def f(scores:", "must be one function, written with def"),
            ("def f(scores):\n    return softmax(scores)", "yours uses softmax"),
            (
                "def f(scores):\n    return scores @ np.ones(3)",
                r"in line 2 of f, `return scores @ np.ones\(3\)`: matmul",
            ),
            ("def f(scores):\n    return scores[0]", r"must have shape \(3, 4, 22, 22\): yours has \(4, 22, 22\)"),
            ("def f(scores):\n    scores -= scores.max()\n    return scores", "your function changed scores in place"),
            ("def f(scores):\n    return scores, scores", "must be one array of shape .*: yours is a tuple of 2"),
        ],
        ids=range(15),
    )
    def test_what_cannot_stand_alone_or_breaks_hears_why(self, answer, reason):
        said = repr(check.build(softmax=answer))
        assert said.startswith("✗ build.softmax: ")
        assert re.search(reason, said), said

    def test_a_part_uses_parts_before_it_and_none_behind(self):
        assert check.build(attention=my("attention"))
        assert "yours uses attention" in repr(check.build(softmax="def f(scores):\n    return attention(scores)"))

    @pytest.mark.parametrize("unnamed", [[my_softmax], []])
    def test_a_part_without_its_name_hears_how_to_say_it(self, unnamed):
        assert repr(check.build(*unnamed)) == "✗ build: say which part it is, as in check.build(softmax=my_softmax)"

    def test_a_wrong_token_is_no_matter_of_its_dtype(self):
        said = repr(check.build(greedy=my("greedy", "return said[:, 1:]", "return np.sort(said[:, 1:])"), keep=False))
        assert re.search(r"% of 49 values are right: yours at \[0, 0\] is \d+ where \d+ is due$", said), said

    def test_an_unknown_part_is_told_which_there_are(self):
        assert "there is no such part: the parts are softmax, attention," in repr(check.build(soft_max=my_softmax))


class TestKeeping:
    def test_a_part_that_passes_is_the_readers_in_the_chapters_to_come(self, kept_file):
        assert repr(check.build(softmax=my("softmax"))).endswith("; 1 of 10 parts are now yours")
        assert json.loads(kept_file.read_text("utf-8"))["parts"] == {"softmax": my("softmax")}
        assert repr(check.build(attention=my_attention)).endswith("; 2 of 10 parts are now yours")

    def test_the_readers_own_earlier_part_is_the_one_that_is_called(self):
        kept.keep_part("softmax", "def my_softmax(scores):\n    return 0 * scores")
        assert "softmax" not in repr(check.build(attention=my("attention"), keep=False))[2:]
        assert not check.build(attention=my("attention"))

    @pytest.mark.parametrize("name", PARTS)
    def test_neither_a_wrong_part_nor_a_worked_solution_is_kept(self, name, kept_file):
        check.build(**{name: my(name)}, keep=False)
        check.build(**{name: my(name, "return", "return None and")})
        assert not kept_file.exists()

    def test_the_whole_model_reads_any_date_with_whatever_is_the_readers(self):
        assert repr(check.model()).startswith(
            "A model that reads dates: 0 of 10 parts are yours; the course's own stand in for softmax,"
        )
        check.build(**{name: my(name) for name in list(PARTS)[:9]})
        assert repr(check.model()).endswith("9 of 10 parts are yours; the course's own stand in for greedy")
        check.build(greedy=my("greedy"))
        assert repr(check.model()) == "A model that reads dates: 10 of 10 parts are yours"
        assert [check.model()(text) for text in TEXTS] == ["2021-06-07", "2000-01-03", "2021-06-07"]


def my_attention(query, key, value, mask):
    scores = query @ key.mT / key.shape[-1] ** 0.5
    attn_weights = softmax(np.where(mask, scores, -np.inf))  # noqa: F821 (the reader's own, by the part's name)
    return attn_weights @ value, attn_weights
