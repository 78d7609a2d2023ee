"""What can be said about a missing token from the others alone, whatever their order."""

from math import factorial

import numpy as np

SEQ, VOCAB = 12, 16  # tokens of a sequence, and different ones, in the experiments on order


def best_guess(visible: int, vocab: int) -> float:
    """How often one of some random tokens is the most frequent of them: the best guess of one that knows no order.

    The largest count is at most m with probability n! / vocab^n times the coefficient of x^n in
    (1 + x + x²/2! + … + x^m/m!)^vocab.

    Args:
        visible: number n of tokens, drawn at random; one of them is asked for.
        vocab: number of different tokens.

    Returns:
        The expected largest count, divided by n.
    """
    at_most = []
    for m in range(visible):
        one_token = np.polynomial.Polynomial([1 / factorial(count) for count in range(m + 1)])
        coefficient = np.append((one_token**vocab).coef, np.zeros(visible + 1))[visible]
        at_most.append(factorial(visible) / vocab**visible * coefficient)
    return float(sum(1 - probability for probability in at_most) / visible)
