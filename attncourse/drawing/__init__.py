"""The drawing kit: a sheet, axes or a board on it, matrices, labels and dots, and the course's colours."""
