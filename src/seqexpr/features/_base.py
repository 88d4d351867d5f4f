"""What every featurizer here tells scikit-learn: it reads a column of strings."""

from __future__ import annotations

from abc import abstractmethod
from numbers import Integral
from typing import TYPE_CHECKING, Any, Self

from sklearn.base import BaseEstimator, TransformerMixin

from seqexpr.sequences import StringsLike

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

__all__ = ["SequenceFeatures", "SequenceKernel", "StatelessSequenceFeatures", "is_int"]


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


class SequenceKernel(BaseEstimator):
    """How alike two sequences are: a positive semi-definite function of two strings.

    Its parameters, and plain arrays where it learns a scale from sequences, are
    all there is to it, so that it is saved with the model that uses it.
    """

    def fit(self, X: StringsLike) -> Self:
        """Learn from n sequences what the kernel needs to know; most need nothing."""
        del X
        return self

    @abstractmethod
    def __call__(self, X: StringsLike, Y: StringsLike | None = None) -> npt.NDArray[np.float64]:
        """Return the kernel of n sequences with m others, or with each other, shape (n, m)."""


def is_int(value: object) -> bool:
    """Return whether a parameter is a whole number, and not True or False.

    Examples
    --------
    >>> is_int(3), is_int(3.0), is_int(True)
    (True, False, False)
    """
    return isinstance(value, Integral) and not isinstance(value, bool)
