"""How many tokens a second does the date model train on in attnlib, beside the same model in PyTorch?

    python -m benchmarks.date_model
    python -m benchmarks.date_model --threads 1 --cpu-time     # on a machine that is busy with other things

Both start from the same parameters and see the same batches: an encoder and a decoder of two layers each, padding
masks, a tied table. PyTorch has its own layers, autograd and Adam. They take turns in one process with the same number
of threads; the median of the rounds' ratios counts. Before the race all train a few steps in float64, and their losses
must be the same. Then decoding takes turns: attnlib's with its cache and without, and PyTorch's, whose layers have no
cache and so see all that was said at every step; for many texts at once, and for one. The answers must be the same too.
"""

import statistics
from functools import partial
from itertools import islice

from benchmarks import turns
from benchmarks.threads import use_threads
from benchmarks.training import endless

BATCH = 64
LEARNING_RATE = 1e-3


def numpy_trainer(params, batches):
    """A function that takes one step with attnlib and returns the loss."""
    import attnlib
    from attnlib.dates.model import date_loss_vjp

    state = attnlib.adam_start(params)

    def step():
        nonlocal params, state
        loss, pullback = date_loss_vjp(params, next(batches))
        params, state = attnlib.adam_step(params, pullback(1.0), state, LEARNING_RATE)
        return float(loss)

    return step


def torch_trainer(params, batches, fused):
    """A function that takes one step with PyTorch's layers, its autograd and its Adam, and returns the loss."""
    import torch
    from torch.nn import functional

    model, read = torch_model(params), torch_reader(params)
    # PyTorch's attention has biases, which stay 0 and are not trained.
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimiser = torch.optim.Adam(trained, lr=LEARNING_RATE, betas=(0.9, 0.98), eps=1e-9, fused=fused)

    def step():
        source, lengths, target, wanted = (torch.from_numpy(x) for x in next(batches))
        hidden = torch.arange(source.shape[1]) >= lengths[:, None]
        memory = model["encoder"](read(model["source"], source), src_key_padding_mask=hidden)
        x = model["decoder"](
            read(model["target"], target), memory, tgt_mask=torch_future(target), memory_key_padding_mask=hidden
        )
        logits = functional.linear(x, model["target"].weight)
        loss = functional.cross_entropy(logits.flatten(0, 1), wanted.flatten(), ignore_index=-1)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        return loss.item()

    return step


def torch_reader(params):
    """A function that turns tokens into vectors, with their positions."""
    import torch

    from attnlib import sinusoidal_positions

    d_model = params.source_tokens.shape[1]
    waves = torch.tensor(sinusoidal_positions(64, d_model).astype(params.source_tokens.dtype))
    return lambda table, tokens: table(tokens) * d_model**0.5 + waves[: tokens.shape[1]]


def torch_future(target):
    """What a token must not look at, in PyTorch's polarity."""
    import torch

    return torch.triu(torch.ones(target.shape[1], target.shape[1], dtype=torch.bool), diagonal=1)


def torch_decoder(params, batch, steps, begin):
    """A function that translates the texts with PyTorch's layers, greedily; the memory is computed once."""
    import torch
    from torch.nn import functional

    model, read = torch_model(params).eval(), torch_reader(params)
    source, lengths = torch.from_numpy(batch.source), torch.from_numpy(batch.lengths)
    hidden = torch.arange(source.shape[1]) >= lengths[:, None]

    @torch.inference_mode()
    def decode():
        memory = model["encoder"](read(model["source"], source), src_key_padding_mask=hidden)
        said = torch.full((len(source), 1), begin)
        for _ in range(steps):
            x = model["decoder"](
                read(model["target"], said), memory, tgt_mask=torch_future(said), memory_key_padding_mask=hidden
            )
            logits = functional.linear(x[:, -1], model["target"].weight)
            said = torch.cat([said, logits.argmax(dim=-1, keepdim=True)], dim=1)
        return said[:, 1:].numpy()

    return decode


def torch_model(params):
    """The date model of PyTorch's own parts, with these parameters."""
    import numpy as np
    import torch
    from torch import nn

    dtype, d_model = torch.tensor(params.source_tokens).dtype, params.source_tokens.shape[1]
    first = params.encoder.layers[0]
    sizes = (d_model, first.attention.num_heads, first.feed_forward.w_in.shape[1])
    options = {"dropout": 0.0, "batch_first": True, "norm_first": True, "dtype": dtype}
    layers = len(params.encoder.layers), len(params.decoder.layers)
    norms = [nn.LayerNorm(d_model, dtype=dtype) for _ in ("encoder", "decoder")]
    parts = {
        "source": nn.Embedding(*params.source_tokens.shape, dtype=dtype),
        "target": nn.Embedding(*params.target_tokens.shape, dtype=dtype),
        "encoder": nn.TransformerEncoder(
            nn.TransformerEncoderLayer(*sizes, **options), layers[0], norms[0], enable_nested_tensor=False
        ),
        "decoder": nn.TransformerDecoder(nn.TransformerDecoderLayer(*sizes, **options), layers[1], norms[1]),
    }
    model = nn.ModuleDict(parts)

    def put(slot, array):
        slot.data.copy_(torch.tensor(array))

    def put_attention(module, maps):
        put(module.in_proj_weight, np.concatenate([maps.w_q, maps.w_k, maps.w_v], axis=1).T)
        put(module.out_proj.weight, maps.w_o.T)
        for bias in (module.in_proj_bias, module.out_proj.bias):
            bias.data.zero_()
            bias.requires_grad_(False)

    def put_norm(module, norm):
        put(module.weight, norm.gain)
        put(module.bias, norm.bias)

    put(model["source"].weight, params.source_tokens)
    put(model["target"].weight, params.target_tokens)
    for side in ("encoder", "decoder"):
        ours = getattr(params, side)
        put_norm(model[side].norm, ours.norm)
        for module, layer in zip(model[side].layers, ours.layers, strict=True):
            *attentions, dense, dense_norm, _norm_first, _eps = layer
            modules = [module.self_attn, getattr(module, "multihead_attn", None)]
            for i in range(0, len(attentions), 2):
                put_attention(modules[i // 2], attentions[i])
                put_norm(getattr(module, f"norm{i // 2 + 1}"), attentions[i + 1])
            put_norm(getattr(module, f"norm{len(attentions) // 2 + 1}"), dense_norm)
            for linear, weight, bias in ((module.linear1, *dense[:2]), (module.linear2, *dense[2:4])):
                put(linear.weight, weight.T)
                put(linear.bias, bias)
    return model


def contenders(batches, dtype):
    """One step of training for each, all from the same parameters and with the same batches."""
    import numpy as np

    from attnlib.dates.model import init_date_model

    params = init_date_model(np.random.default_rng(0), dtype)
    return {
        "attnlib (NumPy)": numpy_trainer(params, endless(batches)),
        "PyTorch": torch_trainer(params, endless(batches), fused=False),
        "PyTorch, fused Adam": torch_trainer(params, endless(batches), fused=True),
    }


def decoders(batch):
    """Three ways to translate the same texts; the answers must be the same."""
    from attnlib import greedy, padding_mask
    from attnlib.dates.model import load_date_model
    from attnlib.dates.task import BEGIN, STEPS

    params, mask = load_date_model(), padding_mask(batch.lengths, batch.source.shape[1])

    def decode(cached):
        return greedy(params, batch.source, BEGIN, STEPS, mask, cached=cached).tokens

    racing = {
        "attnlib, cached": lambda: decode(True),
        "attnlib, uncached": lambda: decode(False),
        "PyTorch": torch_decoder(params, batch, STEPS, BEGIN),
    }
    expected = decode(True)
    for name, decode_again in racing.items():
        if (decode_again() != expected).any():
            raise SystemExit(f"{name} says something else than decoding with the cache")
    return racing


def main():
    """Read the options, run both races, print the medians."""
    options = turns.parser(__doc__).parse_args()
    use_threads(options.threads)
    import numpy as np
    import torch

    from attnlib.dates.task import date_batches

    batches = list(islice(date_batches(0, BATCH), 20))
    tokens = sum(batch.lengths.sum() + (batch.wanted >= 0).sum() for batch in batches) / len(batches)
    print(f"numpy {np.__version__}, torch {torch.__version__}, {options.threads} threads, float32")
    print(f"batches of {BATCH} texts, {tokens:.0f} characters read and written, padding not counted")
    turns.race_in_training(partial(contenders, batches), tokens, options)
    for number in (BATCH, 1):
        some = batches[0]._replace(source=batches[0].source[:number], lengths=batches[0].lengths[:number])
        times = turns.take_turns(decoders(some), *turns.terms(options))
        for name, found in times.items():
            print(
                f"translating {number:2} at a time, {name:18} {number / statistics.median(found):7,.0f} texts/s   "
                f"{turns.ratio(times, name):5.2f} times the time of PyTorch"
            )


if __name__ == "__main__":
    main()
