"""Scores with intervals, and the test set that can be opened once."""
