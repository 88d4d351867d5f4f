"""Train, test and folds without leakage."""
