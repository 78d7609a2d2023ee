"""``python -m tests.golden.make_figures``: remember what every figure draws at its first, default and last stops."""

import json
from pathlib import Path

from tests.digest import digest
from tests.explorers import all_explorers, artists, corners

PATH = Path(__file__).parent / "figures.json"


def main() -> None:
    """Draw every explorer in both layouts and write the digests of the artists' data."""
    drawn = {
        name: {
            layout: [digest(list(artists(explorer.frame(state, narrow=narrow)))) for state in corners(explorer)]
            for layout, narrow in (("wide", False), ("narrow", True))
        }
        for name, explorer in sorted(all_explorers().items())
    }
    PATH.write_text(json.dumps(drawn, indent=1) + "\n", encoding="utf-8")
    print(f"{len(drawn)} figures in {PATH}")


if __name__ == "__main__":
    main()
