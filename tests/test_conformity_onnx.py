"""ONNX's own cases on attnlib: which pass, which are out of reach and why, and what the appendix says of it."""

import ast
from collections import Counter

import numpy as np
import pytest
from onnx import helper

from conformity import onnx as conformity
from conformity.onnx_operators import MASKED_SCORES, SOFTCAP, causal_from
from conformity.report import DIFFERS, OUT_OF_REACH, PASSES, OutOfReachError, compared, stored, totals

CASES = {case.name: case for case in conformity.cases()}
HEAD, STORED = stored("onnx")
NUMBER_OF_CASES = {
    "Attention": 93,
    "LayerNormalization": 19,
    "RMSNormalization": 19,
    "Softmax": 7,
    "LogSoftmax": 7,
    "RotaryEmbedding": 8,
    "BatchNormalization": 4,
}
LACKING = {SOFTCAP: 11, MASKED_SCORES: 7}


def test_every_case_of_the_seven_operators_is_run():
    assert Counter(case.model.graph.node[0].op_type for case in CASES.values()) == NUMBER_OF_CASES


@pytest.mark.parametrize("stored_row", STORED, ids=lambda row: row.case)
def test_a_case_comes_out_as_the_appendix_says(stored_row):
    found = conformity.row(CASES[stored_row.case])
    assert found[:3] == stored_row[:3]
    assert found.reason == stored_row.reason


def test_the_appendix_knows_every_case():
    assert [row.case for row in STORED] == [*CASES]


def test_no_case_differs_and_what_is_out_of_reach_is_attention_for_the_listed_reasons():
    assert [row for row in STORED if row.outcome not in (PASSES, OUT_OF_REACH)] == []
    assert Counter(row.reason for row in STORED if row.outcome == OUT_OF_REACH) == LACKING
    reach = {group: outcomes[PASSES] for group, outcomes in totals(STORED).items()}
    narrow = {"Attention in float16": 6, "Attention in bfloat16": 5}
    attention = NUMBER_OF_CASES["Attention"] - sum(narrow.values()) - sum(LACKING.values())
    assert reach == NUMBER_OF_CASES | narrow | {"Attention": attention}


def test_the_versions_are_the_pinned_ones(request):
    pinned = (request.config.rootpath / "requirements-test.txt").read_text("utf-8")
    assert f"onnx=={HEAD['versions']['onnx']} " in pinned


def test_a_wrong_answer_would_be_seen():
    case = CASES["test_attention_4d"]
    [(inputs, [expected])] = case.data_sets
    [found, *_] = conformity.run(case.model.graph.node[0], inputs)
    allowed = 1e-7 + 1e-3 * np.abs(expected)
    for wrong in (found + 2 * allowed, found[:1], found.astype(np.float64), np.where(found > 0.5, np.nan, found)):
        row = compared("Attention", case.name, [(wrong, expected, 0.0)], case.rtol, case.atol)
        assert row.outcome == DIFFERS
    assert compared("Attention", case.name, [(found, expected, 0.0)], case.rtol, case.atol).outcome == PASSES


def test_a_cap_and_masked_scores_are_out_of_reach_whatever_the_input():
    ones = np.ones((1, 1, 2, 2), np.float32)
    for attribute in ({"softcap": 2.0}, {"qk_matmul_output_mode": 2}):
        node = helper.make_node("Attention", ["Q", "K", "V"], ["Y"], **attribute)
        with pytest.raises(OutOfReachError):
            conformity.run(node, [ones, ones, ones])


def test_a_causal_mask_of_later_queries_sees_the_keys_before_them():
    later = causal_from(np.array(2), 3, 6)
    np.testing.assert_array_equal(later.sum(axis=-1), [3, 4, 5])
    before = causal_from(np.array(-2), 3, 6)
    np.testing.assert_array_equal(before.sum(axis=-1), [0, 0, 1])
    both = causal_from(np.array([[2], [-2]]), 3, 6)
    np.testing.assert_array_equal(both, np.stack([later, before])[:, None])
    assert not causal_from(np.array(-9), 3, 6).any()


def test_the_adapter_computes_nothing(request):
    """It adds and subtracts positions, joins masks, repeats lists, and moves arrays; all else is attnlib's."""
    tree = ast.parse((request.config.rootpath / "conformity" / "onnx_operators.py").read_text("utf-8"))
    operators = [node for node in ast.walk(tree) if isinstance(node, ast.BinOp)]
    assert not [node for node in operators if isinstance(node.op, ast.MatMult | ast.Div | ast.Pow)]
    assert all(isinstance(node.left, ast.List) for node in operators if isinstance(node.op, ast.Mult))
    used = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "np"}
    moves = {"concatenate", "pad", "stack", "moveaxis", "array", "zeros", "zeros_like", "ones_like"}
    assert used <= moves | {"bool_", "inf"}
