"""Norms before each sublayer or behind each sum: how the two are told apart in every figure."""

PLACEMENTS = ("pre-LN", "post-LN")
DASHES = {"pre-LN": "solid", "post-LN": (0, (4, 1.6))}
BANDS = {"pre-LN": "#BDBDBD", "post-LN": "#E4E4E4"}
