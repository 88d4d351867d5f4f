"""Conformance checks for featurizers, models and split strategies, plugins included."""
