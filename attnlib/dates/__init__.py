"""A Transformer that reads dates, from its data to its commands.

It has learnt the years 1950 to 2049, and is often sure and wrong about others.

characters   what the model reads, and the one form of each sign
writing      the ways that people write a date, in seven languages
no_dates     texts that are no dates
task         drawing texts with their answers, and numbering both
model        building, loading and asking it
train        python -m attnlib.dates.train
translate    python -m attnlib.dates.translate
command      how both commands end
"""
