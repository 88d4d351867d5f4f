"""The main jobs: train and evaluate, each readable as a story."""
