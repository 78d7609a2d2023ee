"""A language model that writes first names, letter by letter; any list of words will do to train it.

characters   the letters, as the model reads them
task         batches of names, and texts as numbers
model        building, loading and asking it
counts       its rival: counts of what followed the last few letters
"""
