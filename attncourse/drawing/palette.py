"""The course's colours: one for each of query, key, value, scores and weights, the same in every chapter.

The five fills are Okabe and Ito's, chosen so that colour-blind readers can tell them apart.
Each has a darker ink of the same hue for text, with a contrast of at least 4.5 : 1 on white.
"""

import numpy as np
from matplotlib.colors import LinearSegmentedColormap

QUERY, QUERY_INK = "#0072B2", "#005F95"
KEY, KEY_INK = "#D55E00", "#A84A00"
VALUE, VALUE_INK = "#009E73", "#00714F"
SCORE, SCORE_INK = "#CC79A7", "#97436F"
WEIGHT, WEIGHT_INK = "#E69F00", "#855C00"
POSITION, POSITION_INK = "#A08050", "#6B5030"  # position encodings: brown, which the five above leave free
INKS = (QUERY_INK, KEY_INK, VALUE_INK, SCORE_INK, WEIGHT_INK, POSITION_INK)

# What shares one mean has a colour of its own: chapter 6 has no queries, keys or values.
SHARED, SHARED_INK = "#D3C2EC", "#5B3A99"

INK = "#222222"  # text and axes
FAINT = "#6B6B6B"  # secondary text: still 4.5 : 1 on white
RULE = "#C9C9C9"  # grid lines and frames, never text
PAPER = "#FFFFFF"  # the page turns it into its own background in the dark theme


def _sequence(name: str, colour: str, deep: str) -> LinearSegmentedColormap:
    return LinearSegmentedColormap.from_list(name, [PAPER, colour, deep])


# Amounts that start at zero: white is none, deep is most.
QUERY_MAP = _sequence("query", "#6FB1D9", QUERY_INK)
KEY_MAP = _sequence("key", "#EFA06A", KEY_INK)
VALUE_MAP = _sequence("value", "#66C5A9", VALUE_INK)
SCORE_MAP = _sequence("score", SCORE, SCORE_INK)
WEIGHT_MAP = _sequence("weight", WEIGHT, WEIGHT_INK)

# Signed amounts: white is zero, negative is grey-blue, positive the role's colour.
_NEGATIVE = "#45566B"


def _signed(name: str, colour: str) -> LinearSegmentedColormap:
    return LinearSegmentedColormap.from_list(name, [_NEGATIVE, "#B9C2CC", PAPER, colour, colour])


QUERY_SIGNED = _signed("query-signed", QUERY)
KEY_SIGNED = _signed("key-signed", KEY)
VALUE_SIGNED = _signed("value-signed", VALUE)
SCORE_SIGNED = _signed("score-signed", SCORE_INK)
POSITION_SIGNED = _signed("position-signed", POSITION_INK)


def ink_on(background: tuple[float, ...]) -> str:
    """Black or white, whichever has more contrast on this colour (WCAG 2.2, relative luminance)."""
    rgb = np.asarray(background[:3])
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    return PAPER if linear @ (0.2126, 0.7152, 0.0722) < 0.2 else INK
