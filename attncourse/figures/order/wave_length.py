"""How the length of a wave is written: 6.28, 62.8, 628 and 6283 positions."""


def wave_length(positions: float) -> str:
    """Three digits, and never a power of ten."""
    return f"{positions:.3g}" if positions < 1000 else f"{positions:.0f}"
