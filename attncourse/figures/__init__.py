"""The course's figures: one package a chapter, one explorer a file."""
