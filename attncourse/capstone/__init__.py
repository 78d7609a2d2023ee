"""The date model in plain NumPy, as a reader builds it: a part a chapter, and in the end a model that reads."""
