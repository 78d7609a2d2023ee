"""attnlib on the test cases of others: a command each, which writes what it found into ``results``."""
