"""A few words with vectors of small whole numbers, so that every score can be checked by hand."""

import numpy as np

from attnlib import MultiHeadParams

ENGLISH, GERMAN = ("dog", "bites", "man"), ("Hund", "beißt")
# (seq, 4), features: animal, action, human, German
ENGLISH_VECTORS = np.array([[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0]], dtype=float)
GERMAN_VECTORS = np.array([[1, 0, 0, 1], [0, 1, 0, 1]], dtype=float)
_VALUES = np.array([[2, 0, 0, -1], [0, 2, 0, 1], [-1, 0, 2, 0], [0, 0, 0, 0]], dtype=float)
_SAME = np.eye(4)

# Nouns look for the verb, the verb for both nouns.
SELF = MultiHeadParams(
    w_q=np.array([[0, 5, 0, 0], [2, 0, 2, 0], [0, 5, 0, 0], [0, 0, 0, 0]], dtype=float),
    w_k=_SAME,
    w_v=_VALUES,
    w_o=_SAME,
    num_heads=1,
)
# A word looks for the one that means the same.
CROSS = MultiHeadParams(w_q=5 * _SAME, w_k=_SAME, w_v=_VALUES, w_o=_SAME, num_heads=1)
