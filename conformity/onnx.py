"""``python -m conformity.onnx``: the cases that ONNX gives to those who build a runtime, on attnlib.

The package ``onnx`` makes them itself: inputs, attributes, and the outputs of its reference implementation. What may
differ is what ONNX's own test runner lets pass: 1e-7 + 1e-3 · |expected|, and in bfloat16 1e-7 + 2⁻⁶ · |expected|.
"""

import warnings
from collections.abc import Iterable

import numpy as np
from onnx import helper
from onnx.backend.test.case.node import collect_testcases

from conformity.onnx_operators import OPERATORS
from conformity.report import OUT_OF_REACH, OutOfReachError, Row, compared, show, store

NARROW = {"float16", "bfloat16"}


def cases():
    """Every case of the operators, each one node. The same cases written out in simpler operators are left aside."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # other operators' cases overflow on purpose
        found = collect_testcases(None)
    single = [(case.model.graph.node[0].op_type, case) for case in found if len(case.model.graph.node) == 1]
    return [case for operator in OPERATORS for op_type, case in single if op_type == operator]


def row(case) -> Row:
    """One case, run and compared."""
    [node], [(inputs, outputs)] = case.model.graph.node, case.data_sets
    [dtype] = {given.dtype.name for given in outputs}
    group = node.op_type if dtype == "float32" else f"{node.op_type} in {dtype}"
    try:
        found = run(node, inputs)
    except OutOfReachError as lack:
        return Row(group, case.name, OUT_OF_REACH, reason=str(lack))
    named = [array for name, array in zip(node.output, found, strict=False) if name]
    answers = [(array.astype(given.dtype), given, 0.0) for array, given in zip(named, outputs, strict=True)]
    return compared(group, case.name, answers, 2**-6 if dtype == "bfloat16" else case.rtol, case.atol)


def run(node, inputs: Iterable[np.ndarray]):
    """The node's outputs. An input without a name is left out."""
    attributes = {attribute.name: helper.get_attribute_value(attribute) for attribute in node.attribute}
    given = iter(inputs)
    arguments = [widened(next(given)) if name else None for name in node.input]
    return OPERATORS[node.op_type](*arguments, **attributes)


def widened(array: np.ndarray) -> np.ndarray:
    """float16 and bfloat16 as float32."""
    return array.astype(np.float32) if array.dtype.name in NARROW else array


def rows() -> list[Row]:
    """Every case."""
    return [row(case) for case in cases()]


if __name__ == "__main__":
    found = rows()
    show(found)
    store("onnx", ["numpy", "onnx"], found)
