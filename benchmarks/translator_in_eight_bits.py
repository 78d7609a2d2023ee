"""What becomes of a translation if activations have eight bits, too, as in a browser?

    make translator
    python -m benchmarks.translator_in_eight_bits

The matrices of the model have eight bits in its file already. A browser multiplies in eight bits, too, so what goes
into a matrix is rounded to one of 255 steps, whose size the file says for each (``…_QuantMultA``). attnlib computes in
float32. Here what goes into its matrices is rounded in the same way, and translations are compared; all tokens may be
said.
"""

import sys

import numpy as np

from attnlib.translator.installed import model_folder
from attnlib.translator.marian_file import read_marian
from attnlib.translator.model import as_params
from attnlib.translator.translate import as_text, load_translator, translate
from tests.golden.make_translator import SENTENCES

MODULES = [sys.modules[f"attnlib.{name}"] for name in ("multi_head", "feed_forward", "ssru", "translator.model")]


def rounding(linear, multipliers):
    """``linear``, which first rounds what goes into a map to whole multiples of its step."""

    def in_eight_bits(x, weight, bias=None):
        multiplier = multipliers.get(id(weight.base if weight.base is not None else weight))
        if multiplier is not None:
            x = np.clip(np.rint(x * multiplier), -127, 127) / multiplier
        return linear(x, weight, bias)

    return in_eight_bits


def main():
    """Compare and print."""
    translator = load_translator()
    said = [as_text(translator, translate(translator, text, shortlisted=False).said) for text in SENTENCES]
    arrays, _ = read_marian((model_folder() / "model.enpt.intgemm.alphas.bin").read_bytes())
    steps = {name: arrays[f"{name}_QuantMultA"].item() for name in arrays if f"{name}_QuantMultA" in arrays}
    translator = translator._replace(params=as_params(arrays, translator.params.decoder[0].cross_attention.num_heads))
    for module in MODULES:
        module.linear = rounding(module.linear, {id(arrays[name]): np.float32(step) for name, step in steps.items()})
    rounded = [as_text(translator, translate(translator, text, shortlisted=False).said) for text in SENTENCES]
    changed = [(before, after) for before, after in zip(said, rounded, strict=True) if before != after]
    print(f"{len(changed)} of {len(said)} translations change, {len(steps)} maps rounded")
    for before, after in changed[:10]:
        print(f"- {before} → {after}")


if __name__ == "__main__":
    main()
