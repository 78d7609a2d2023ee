"""The figures of chapter 1."""
