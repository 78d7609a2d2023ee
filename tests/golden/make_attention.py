"""Make attention.npz: what PyTorch answers, outputs and gradients, for a spread of shapes, masks, biases and scales.

    python -m tests.golden.make_attention

stored.py says what the file holds.
tests/test_golden.py compares attnlib with the file; tests/test_torch_live.py runs the functions below on fresh numbers.
"""

from typing import NamedTuple

import numpy as np

from tests.golden.stored import as_dtype, in_both_dtypes, write

SEED = 2017


class Case(NamedTuple):
    """One call of attention. Axes are (..., seq, width)."""

    query: tuple  # shapes
    key: tuple
    value: tuple
    mask: str | None = None  # a key of MASKS
    bias: tuple | None = None  # shape
    scale: float | None = None
    size: float = 1.0  # standard deviation of queries and keys


CASES = {
    "plain": Case((2, 3), (5, 3), (5, 7)),
    "one key": Case((2, 3), (1, 3), (1, 7)),
    "batch": Case((3, 2, 4), (3, 5, 4), (3, 5, 6)),
    "batch and heads": Case((2, 3, 4, 5), (2, 3, 6, 5), (2, 3, 6, 7)),
    "keys shared by the heads": Case((2, 3, 4, 5), (2, 1, 6, 5), (2, 1, 6, 7)),
    "causal, square": Case((6, 3), (6, 3), (6, 4), mask="causal"),
    "causal, wide": Case((2, 3, 5), (2, 7, 5), (2, 7, 4), mask="causal"),
    "causal, tall": Case((7, 3), (4, 3), (4, 5), mask="causal"),
    "padding": Case((3, 2, 4, 5), (3, 2, 6, 5), (3, 2, 6, 7), mask="padding"),
    "random mask with fully masked rows": Case((2, 3, 4, 5), (2, 3, 6, 5), (2, 3, 6, 7), mask="random"),
    "everything masked": Case((2, 3), (5, 3), (5, 7), mask="nothing"),
    "bias": Case((2, 3), (5, 3), (5, 7), bias=(2, 5)),
    "bias, one a head": Case((2, 3, 4, 5), (2, 3, 6, 5), (2, 3, 6, 7), bias=(3, 4, 6)),
    "bias and mask": Case((2, 3, 4, 5), (2, 3, 6, 5), (2, 3, 6, 7), mask="random", bias=(2, 1, 4, 6)),
    "scale 1": Case((3, 8), (5, 8), (5, 2), scale=1.0),
    "scale 0": Case((3, 8), (5, 8), (5, 2), scale=0.0),
    "negative scale": Case((3, 8), (5, 8), (5, 2), scale=-0.7),
    "scale, causal and bias": Case((5, 4), (5, 4), (5, 3), mask="causal", bias=(5, 5), scale=0.2),
    "wide heads": Case((3, 64), (5, 64), (5, 2)),
    "saturated": Case((3, 64), (5, 64), (5, 2), scale=1.0, size=2.0),
}


def random_mask(rng, seq_q, seq_k, lead):
    mask = rng.random((*lead, seq_q, seq_k)) < 0.5
    mask[..., 1, :] = False
    return mask


MASKS = {
    "causal": lambda rng, seq_q, seq_k, lead: np.tril(np.ones((seq_q, seq_k), bool)),
    "padding": lambda rng, seq_q, seq_k, lead: np.arange(seq_k) < np.array([6, 2, 0])[:, None, None, None],
    "random": random_mask,
    "nothing": lambda rng, seq_q, seq_k, lead: np.zeros((seq_q, seq_k), bool),
}


def draw(rng, case):
    """Random float32 inputs of a case, and the gradient of the output."""
    lead = np.broadcast_shapes(case.query[:-2], case.key[:-2])
    shapes = {"query": case.query, "key": case.key, "value": case.value, "bias": case.bias}
    shapes["grad_output"] = (*lead, case.query[-2], case.value[-1])
    sizes = {"query": case.size, "key": case.size}
    inputs = {
        name: (sizes.get(name, 1.0) * rng.normal(size=shape)).astype(np.float32)
        for name, shape in shapes.items()
        if shape is not None
    }
    if case.mask is not None:
        inputs["mask"] = MASKS[case.mask](rng, case.query[-2], case.key[-2], lead)
    return inputs


def torch_attention(query, key, value, grad_output, mask=None, bias=None, scale=None):
    """PyTorch's scaled_dot_product_attention: its output, its weights, and the gradient by each float input."""
    import torch
    from torch.nn.functional import scaled_dot_product_attention

    leaves = {"query": query, "key": key, "value": value} | ({} if bias is None else {"bias": bias})
    leaves = {name: torch.tensor(x, requires_grad=True) for name, x in leaves.items()}
    attn_mask = leaves.get("bias")
    if mask is not None:  # its one argument attn_mask is either boolean or added to the scores
        allowed = torch.tensor(mask)
        attn_mask = allowed if bias is None else torch.where(allowed, attn_mask, -torch.inf)
    options = {"attn_mask": attn_mask, "scale": scale}

    # The kernel wants equal leading axes; expand is differentiable and sums the gradients again.
    lead = np.broadcast_shapes(query.shape[:-2], key.shape[:-2], value.shape[:-2])
    q, k, v = (leaves[name].expand(*lead, *leaves[name].shape[-2:]) for name in ("query", "key", "value"))
    output = scaled_dot_product_attention(q, k, v, **options)
    output.backward(torch.tensor(grad_output))
    identity = torch.eye(key.shape[-2], dtype=q.dtype).expand(*lead, -1, -1)  # as values: the output is the weights
    results = {"output": output, "attn_weights": scaled_dot_product_attention(q, k, identity, **options)}
    results = {name: x.detach().numpy() for name, x in results.items()}
    return results | {f"grad_{name}": leaf.grad.numpy() for name, leaf in leaves.items()}


def torch_softmax(x, grad_output):
    """PyTorch's softmax along the last axis, its gradient, its Jacobian, and the entropy of the weights."""
    import torch

    x = torch.tensor(x, requires_grad=True)
    weights = torch.softmax(x, dim=-1)
    weights.backward(torch.tensor(grad_output))
    rows = x.detach().reshape(-1, x.shape[-1])
    jacobian = torch.stack([torch.func.jacrev(lambda row: torch.softmax(row, dim=-1))(row) for row in rows])
    return {
        "weights": weights.detach().numpy(),
        "grad_x": x.grad.numpy(),
        "jacobian": jacobian.reshape(*x.shape, x.shape[-1]).numpy(),
        "entropy": torch.special.entr(weights.detach()).sum(dim=-1).numpy(),
    }


def torch_scores(query, key, wide_query, weight, w_q, w_k, v):
    """The scores that PyTorch has a function for, and the additive ones from its layers."""
    import torch
    from torch.nn import functional

    query, key, wide_query, weight, w_q, w_k, v = map(torch.tensor, (query, key, wide_query, weight, w_q, w_k, v))
    pairs = wide_query.shape[-2], key.shape[-2], -1
    each_query, each_key = wide_query[:, None].expand(pairs), key[None].expand(pairs)
    hidden = functional.linear(wide_query, w_q.T)[:, None] + functional.linear(key, w_k.T)[None]
    return {
        "dot": torch.einsum("id,jd->ij", query, key).numpy(),
        "cosine": functional.cosine_similarity(query[:, None], key[None], dim=-1).numpy(),
        "bilinear": functional.bilinear(each_query.contiguous(), each_key.contiguous(), weight[None])[..., 0].numpy(),
        "additive": functional.linear(torch.tanh(hidden), v[None])[..., 0].numpy(),
    }


def draw_softmax(rng, shape):
    return {"x": 3 * rng.normal(size=shape), "grad_output": rng.normal(size=shape)}


def draw_scores(rng, seq_q, seq_k, d_q, d_k, d_hidden):
    shapes = {"query": (seq_q, d_k), "key": (seq_k, d_k), "wide_query": (seq_q, d_q), "weight": (d_q, d_k)}
    shapes |= {"w_q": (d_q, d_hidden), "w_k": (d_k, d_hidden), "v": (d_hidden,)}
    return {name: rng.normal(size=shape) for name, shape in shapes.items()}


def main():
    import torch

    torch.set_num_threads(1)
    rng = np.random.default_rng(SEED)
    arrays = {}
    for name, case in CASES.items():
        arrays |= in_both_dtypes(name, draw(rng, case), lambda x, scale=case.scale: torch_attention(**x, scale=scale))
    softmax, scores = draw_softmax(rng, (2, 3, 5)), draw_scores(rng, 2, 5, 4, 3, 7)
    arrays |= in_both_dtypes("softmax", as_dtype(softmax, np.float32), lambda x: torch_softmax(**x))
    arrays |= in_both_dtypes("scores", as_dtype(scores, np.float32), lambda x: torch_scores(**x))
    write(__file__, SEED, arrays)


if __name__ == "__main__":
    main()
