"""Search: which features with which model predict best, within a budget of time."""
