"""A Transformer that reads dates: the task, the model, its training, and the command that translates."""
