"""Train two heads, and one head before them, as a reader of chapter 3 does in the page.

python -m experiments.one_or_two_heads_training --fresh    # from the repository's root; takes seconds
"""

from attncourse.figures.heads.one_or_two_heads_training import one_or_two_heads_training
from attncourse.results import result_path
from experiments.recorded_training import record, settings_of

RESULT = result_path(one_or_two_heads_training.key)
COMMAND = "python -m experiments.one_or_two_heads_training"
SETTINGS = settings_of(one_or_two_heads_training)

if __name__ == "__main__":
    record(one_or_two_heads_training, COMMAND)
