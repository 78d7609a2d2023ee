"""One check an exercise: ``check.softmax(answer)`` says which property fails, or that every one holds."""
