"""The drawing kit: a sheet, a board, matrices, and the course's colours."""
