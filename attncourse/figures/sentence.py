"""The running example of chapters 1 to 4: "my cat hid its toy", in whole numbers that can be checked on paper.

A token is described by what it is: ``X`` has a 1 where a feature applies. The three maps are chosen by hand, as a
trained model would learn them; a 1 in a token's row picks a row of a map, so each row can be read as a sentence:

- ``W_Q``: what does an animal, a thing, … look for? ("a possessive looks for an animal")
- ``W_K``: as what can it be found? ("an animal is found as an animal, a little as an action, and not as a thing")
- ``W_V``: what does it hand over? ("what it is; of a possessive and of the speaker, nothing")

Scores come out whole: "its" scores 8 with "cat", and ÷ √d_k is ÷ 2. "my" asks for nothing: its owner is the speaker.
"""

import numpy as np

TOKENS = ["my", "cat", "hid", "its", "toy"]
FEATURES = ["animal", "thing", "action", "possessive", "speaker"]  # keys have the first four, values the first three

X = np.array(  # (5, d_model)
    [
        [0, 0, 0, 1, 1],  # my
        [1, 0, 0, 0, 0],  # cat
        [0, 0, 1, 0, 0],  # hid
        [0, 0, 0, 1, 0],  # its
        [0, 1, 0, 0, 0],  # toy
    ],
    dtype=float,
)
W_Q = np.array(
    [[-1, 0, 3, 1], [1, 0, 2, 0], [3, 2, 0, 0], [3, -1, 1, 0], [-3, 1, -1, 0]], dtype=float
)  # (d_model, d_k)
W_K = np.array([[2, -1, 1, 0], [0, 2, 0, 0], [0, 0, 2, 0], [0, 0, 0, 2], [0, 0, 0, 0]], dtype=float)  # (d_model, d_k)
W_V = np.array([[1, 0, 0], [0, 1, 0], [0, 0, 1], [0, 0, 0], [0, 0, 0]], dtype=float)  # (d_model, d_v)

QUERY, KEY, VALUE = X @ W_Q, X @ W_K, X @ W_V  # (5, d_k), (5, d_k), (5, d_v)
