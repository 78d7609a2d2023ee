"""How many threads the contenders may use, the same for all."""

import os


def use_threads(threads):
    """Hold NumPy's matrix library, which reads this once, when it is first imported, and PyTorch to so many threads."""
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"):
        os.environ[name] = str(threads)
    import torch

    torch.set_num_threads(threads)
