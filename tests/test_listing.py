"""A listing shows what a function computes: its own lines, but for the docstring and the checks."""

import ast
import inspect
import re
from importlib import import_module

import numpy as np
import pytest

import attnlib
from attncourse import listing
from attncourse.listing import code_of, left_out
from attnlib import init_decoder, init_encoder, init_layer_norm, init_multi_head, softmax, start_statistics
from attnlib.greedy import LayerCache
from tests.notebooks import CHAPTERS, code_cells

RNG = np.random.default_rng(0)
draw = RNG.normal
QUERY, KEY, VALUE, X, MEMORY = (draw(size=size) for size in [(2, 3, 4), (2, 5, 4), (2, 5, 6), (2, 3, 12), (2, 7, 12)])
MASK = RNG.random((2, 3, 5)) < 0.7
GAIN, BIAS = draw(size=(2, 12))
DECODER = init_decoder(RNG, 1, 12, 3, 8).layers[0]
CALLS = {
    "additive_scores": (QUERY, VALUE, draw(size=(4, 8)), draw(size=(6, 8)), draw(size=8)),
    "alibi_bias": (3, 4, 5, np.float32, 1),
    "as_scale": (None, 4),
    "attention": (QUERY, KEY, VALUE, MASK),
    "attention_weights": (QUERY, KEY, MASK, draw(size=(3, 5)), 0.7),
    "batch_norm_vjp": (X, GAIN, BIAS),
    "batch_statistics": (X, MASK[..., 0]),
    "bilinear_scores": (QUERY, VALUE, draw(size=(4, 6))),
    "causal_mask": (3, 5),
    "decoder_layer": (DECODER, X, MEMORY),
    "encoder_layer": (init_encoder(RNG, 1, 12, 3, 8).layers[0], X),
    "layer_next": (DECODER, X[:, :1], LayerCache(*draw(size=(4, 2, 3, 5, 4))), None),
    "layer_norm_vjp": (X, GAIN, BIAS),
    "merge_heads": (draw(size=(2, 3, 5, 4)),),
    "multi_head_attention": (init_multi_head(RNG, 12, 3), X, MEMORY, MEMORY, None, None, None, True, 2),
    "residual": (init_layer_norm(12), X, lambda x: (2 * x, None)),
    "rotate": (QUERY, np.array([3, 0, 7])),
    "scaled_dot_scores": (QUERY, KEY),
    "sinusoidal_positions": (5, 6, 100.0, np.float32),
    "softmax": (QUERY, 1),
    "softmax_jacobian": (softmax(QUERY),),
    "softmax_vjp": (QUERY, 1),
    "split_heads": (X, 3),
    "update_statistics": (start_statistics(12), X),
    "wave_angles": (np.arange(5), 6),
}


def listings(chapter):
    """The cells of a chapter that show a listing, each with the function's name."""
    found = [(re.fullmatch(r"listing\((\w+)\)", "".join(cell["source"])), cell) for cell in code_cells(chapter)]
    return [(match[1], cell) for match, cell in found if match]


def listed():
    """Name → function, for all that the chapters show; each chapter's first code cell says where it is from."""
    functions = {}
    for chapter in CHAPTERS:
        imports = ast.parse("".join(code_cells(chapter)[0]["source"])).body
        homes = {
            alias.name: node.module for node in imports if isinstance(node, ast.ImportFrom) for alias in node.names
        }
        functions |= {name: getattr(import_module(homes[name]), name) for name, _ in listings(chapter)}
    return functions


LISTED = listed()
each_listed = pytest.mark.parametrize("function", LISTED.values(), ids=LISTED)


def shown(function):
    """The function that the shown lines define, where it comes from."""
    namespace = dict(vars(import_module(function.__module__)))
    exec(code_of(function), namespace)
    return namespace[function.__name__]


def results(function, arguments):
    """What a call returns; of a vjp the gradients too."""
    returned = function(*arguments)
    if not function.__name__.endswith("_vjp"):
        return returned
    output, pullback = returned
    return output, pullback(output)


def only_statement(source):
    [statement] = ast.parse(source).body
    return statement


@each_listed
def test_every_listing_in_a_chapter_is_of_a_public_function_of_the_library(function):
    assert inspect.isfunction(function)
    assert function.__module__.startswith("attnlib.")
    assert not function.__name__.startswith("_")


@each_listed
def test_what_is_shown_computes_the_same(function):
    arguments = CALLS[function.__name__]
    np.testing.assert_equal(results(shown(function), arguments), results(function, arguments))


@each_listed
def test_docstring_checks_and_errors_are_gone(function):
    assert not re.search(r'"""|\bcheck_|\braise\b|\bas_floats\b', code_of(function))


@each_listed
def test_every_line_that_is_shown_is_the_functions_own(function):
    assert set(code_of(function).splitlines()) <= set(inspect.getsource(function).splitlines())


@pytest.mark.parametrize("name", [name for name in attnlib.__all__ if inspect.isfunction(getattr(attnlib, name))])
def test_what_is_shown_of_any_public_function_is_python(name):
    compile(code_of(getattr(attnlib, name)), name, "exec")


@each_listed
def test_a_listing_has_at_most_15_lines(function):
    assert len(code_of(function).splitlines()) <= 15


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda chapter: chapter.stem)
def test_the_page_shows_a_listing_without_the_call(chapter):
    assert all("remove-input" in cell["metadata"]["tags"] for _, cell in listings(chapter))


@pytest.mark.parametrize(
    "check",
    [
        "'A docstring.'",
        "check_sequences(query=query)",
        "as_size('first_query', first_query)",
        "[x], axis = as_floats(x=x), as_axis(axis, x=x)",
        "_, bias = as_floats(scores=scores, bias=bias)",
        "if x.ndim < 3:\n    got = describe(x=x)\n    raise ValueError(got)",
        "if mask is not None:\n    mask = as_mask(mask)\n    check_broadcasts(scores, mask=mask)",
    ],
)
def test_what_only_checks_is_left_out(check):
    assert left_out(only_statement(check))


@pytest.mark.parametrize(
    "work",
    [
        "scale = as_scale(scale, d_k=4)",  # makes a number of None
        "mask = as_mask(True if mask is None else mask)",
        "steps, vocab = as_count('steps', steps), len(table)",
        "angles = as_floats(x=x)",
        "if bias is not None:\n    check_broadcasts(scores, bias=bias)\n    scores = scores + bias",
        "if running is None:\n    raise ValueError\nelse:\n    mean = running.mean",
        "return as_number('scale', scale)",
    ],
)
def test_what_computes_something_is_shown(work):
    assert not left_out(only_statement(work))


def test_a_comment_stays_and_a_check_within_a_branch_goes():
    lines = code_of(attnlib.attention_weights).splitlines()
    assert "    scores = scaled_dot_scores(query, key, scale)  # (..., seq_q, seq_k)" in lines
    assert lines[lines.index("    if bias is not None:") + 1] == "        scores = scores + bias"


def test_a_listing_displays_as_a_block_of_python_and_a_line_on_where_the_whole_is():
    shown = listing(attnlib.merge_heads)
    block, whole = shown._repr_markdown_().rsplit("\n\n", 1)
    assert block == f"```python\n{shown}\n```"
    assert whole == "The whole, with docstring and checks: `attnlib/heads.py`, or run `merge_heads??`."
