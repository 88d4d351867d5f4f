"""Featurizers: scikit-learn transformers from strings to numbers."""
