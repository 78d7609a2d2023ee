"""Train a decoder alone on first names, as a reader of chapter 5 does in the page.

python -m experiments.name_training --fresh    # from the repository's root; takes half a minute
"""

from attncourse.figures.transformer.name_training import name_training
from attncourse.results import result_path
from experiments.recorded_training import record, settings_of

RESULT = result_path(name_training.key)
COMMAND = "OMP_NUM_THREADS=1 python -m experiments.name_training"
SETTINGS = settings_of(name_training)

if __name__ == "__main__":
    record(name_training, COMMAND)
