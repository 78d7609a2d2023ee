"""Small trained models inside a result: from parameters to plain data and back."""

import base64
from typing import Any

import numpy as np

from attnlib.attention_model import LayerParams, ModelParams
from attnlib.multi_head import MultiHeadParams
from attnlib.params import tree_leaves


def to_stored(params: ModelParams, dtype: str = "<f4") -> dict[str, Any]:
    """A model without feed-forward networks as plain data: shapes, and all numbers in one string.

    Args:
        dtype: of the stored numbers, with their byte order. "<f2" takes half the room, and keeps three digits.
    """
    leaves = tree_leaves(params)
    numbers = np.concatenate([leaf.ravel() for leaf in leaves]).astype(dtype)
    return {
        "num_heads": params.layers[0].attention.num_heads,
        "shapes": [list(leaf.shape) for leaf in leaves],
        "dtype": dtype,
        "base64": base64.b64encode(numbers.tobytes()).decode(),
    }


def from_stored(stored: dict[str, Any]) -> ModelParams:
    """The model that ``to_stored`` wrote down, in float64."""
    numbers = np.frombuffer(base64.b64decode(stored["base64"]), stored["dtype"]).astype(float)
    ends = np.cumsum([np.prod(shape) for shape in stored["shapes"]])
    parts = np.split(numbers, ends[:-1])
    tokens, positions, *maps, w_out = (part.reshape(shape) for part, shape in zip(parts, stored["shapes"], strict=True))
    layers = []
    for i in range(0, len(maps), 4):
        w_q, w_k, w_v, w_o = maps[i : i + 4]
        layers.append(LayerParams(MultiHeadParams(w_q, w_k, w_v, w_o, stored["num_heads"]), None))
    return ModelParams(tokens, positions, tuple(layers), w_out)
