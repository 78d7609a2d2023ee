"""The sentence of the first chapters: five tokens with vectors of small whole numbers, to be checked by hand."""

import numpy as np

TOKENS = ["my", "cat", "hid", "its", "toy"]

# (5, d_k): what each token looks for
QUERY = np.array([[1, 2, 0, 0], [1, 0, 2, 1], [1, 2, 0, -1], [2, 0, -1, 0], [0, 1, 1, -1]], dtype=float)
# (5, d_k): what each token can be found by
KEY = np.array([[1, 0, -1, 1], [2, 1, 0, -1], [0, -1, 2, 1], [0, 1, 1, -2], [-1, 2, 1, 0]], dtype=float)
# (5, d_v): what each token hands over
VALUE = np.array([[1, 0, 2], [3, 1, 0], [0, 2, 1], [1, 3, 0], [0, 1, 3]], dtype=float)
