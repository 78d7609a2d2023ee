"""Norms before each sublayer or behind each sum: how the two are told apart in every figure."""

from typing import Any

from attncourse.drawing.palette import INK

PLACEMENTS = ("pre-LN", "post-LN")
LOOKS: dict[str, dict[str, Any]] = {
    "pre-LN": {"color": INK, "linewidth": 2.2},
    "post-LN": {"color": INK, "linewidth": 2.2, "linestyle": (0, (4, 1.6))},
}
BANDS = {"pre-LN": (INK, 0.3), "post-LN": (INK, 0.12)}
