"""A translator that others made, English to Portuguese, read by the library's own code: a browser's on-device model.

Its weights are not part of this project: ``make translator`` installs the packages that carry them and its tokens.

marian_file  arrays from a file in the format of Marian, the program that trained it
shortlist    the few words of the target that a source makes likely
model        its names for the library's parameters, its encoder and its decoder
translate    loading and asking it
installed    what the reader has installed
"""
