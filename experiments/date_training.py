"""Train the small date model at two learning rates, as a reader of chapter 5 does in the page.

python -m experiments.date_training --fresh    # from the repository's root; takes a minute
"""

from attncourse.figures.transformer.date_training import date_training
from attncourse.results import result_path
from experiments.recorded_training import record, settings_of

RESULT = result_path(date_training.key)
COMMAND = "OMP_NUM_THREADS=1 python -m experiments.date_training"
SETTINGS = settings_of(date_training)

if __name__ == "__main__":
    record(date_training, COMMAND)
