"""The batch of chapter 6: three short sentences of four features, in small whole numbers, filled up with padding."""

import numpy as np

from attnlib import padding_mask

SENTENCES = (("dogs", "chase", "small", "cats"), ("birds", "sing"), ("fish", "swim", "slowly"))
FEATURES = ("a", "b", "c", "d")
SEQ = 4
MASK = padding_mask([len(words) for words in SENTENCES], SEQ)[:, 0]  # (3, 4) True = a token, False = padding
X = np.zeros((len(SENTENCES), SEQ, len(FEATURES)))  # (3, 4, 4) padding is zero
X[MASK] = [  # no zeros, so that padding is no token's number
    [1, 5, 4, 6],
    [3, 2, 2, 5],
    [1, 4, 2, 5],
    [2, 6, 1, 7],
    [4, 3, 5, 4],
    [1, 5, 3, 7],
    [3, 7, 2, 8],
    [1, 1, 5, 5],
    [2, 3, 3, 7],
]
PLACES = {word: (i, j) for i, words in enumerate(SENTENCES) for j, word in enumerate(words)}  # sentence, position


def rows_of(sentence: int) -> list[str]:
    """The names of a sentence's rows: its words, then the padding."""
    words = list(SENTENCES[sentence])
    return words + ["padding"] * (SEQ - len(words))
