"""What every featurizer here tells scikit-learn: it reads a column of strings."""

from __future__ import annotations

from numbers import Integral
from typing import Any

from sklearn.base import BaseEstimator, TransformerMixin

__all__ = ["SequenceFeatures", "StatelessSequenceFeatures", "is_int"]


class SequenceFeatures(TransformerMixin, BaseEstimator):
    """A transformer from n DNA sequences (str) to a matrix."""

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.string = True
        tags.input_tags.one_d_array = True
        tags.input_tags.two_d_array = False
        return tags


class StatelessSequenceFeatures(SequenceFeatures):
    """One that learns nothing from data, so that it can be used without ``fit``."""

    def __sklearn_is_fitted__(self) -> bool:
        return True

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.requires_fit = False
        return tags


def is_int(value: object) -> bool:
    """Return whether a parameter is a whole number, and not True or False.

    Examples
    --------
    >>> is_int(3), is_int(3.0), is_int(True)
    (True, False, False)
    """
    return isinstance(value, Integral) and not isinstance(value, bool)
