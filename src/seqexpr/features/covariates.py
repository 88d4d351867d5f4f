"""Covariates beside the sequence: numbers and categories as further columns of features."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import numpy.typing as npt
from scipy import sparse
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.utils.validation import check_is_fitted

from seqexpr.data.cells import as_labels, to_numbers
from seqexpr.data.inputs import has_covariates, sequences_of
from seqexpr.errors import InputError, did_you_mean
from seqexpr.features._base import StatelessSequenceFeatures
from seqexpr.sequences import StringsLike, as_strings

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["NoSequence", "WithCovariates"]

MAX_WIDTH = 2_000_000
EMPTY = "(empty)"


class NoSequence(StatelessSequenceFeatures):
    """One feature that is 0 for every sequence: what is left is what stands beside it.

    Examples
    --------
    >>> NoSequence().fit_transform(["ACGT", "TT"]).tolist()
    [[0.0], [0.0]]
    """

    is_strand_symmetric = True
    """Whether a sequence and its reverse complement have the same features."""

    def fit(self, X: StringsLike, y: object = None) -> Self:
        """Check the sequences, shape (n,); nothing is learnt."""
        as_strings(X)
        return self

    def transform(self, X: StringsLike) -> npt.NDArray[np.float32]:
        """Return zeros, shape (n, 1)."""
        return np.zeros((len(as_strings(X)), 1), dtype=np.float32)

    def get_feature_names_out(self, input_features: object = None) -> npt.NDArray[np.object_]:
        """Return the name of the column."""
        return np.array(["no sequence"], dtype=object)


class WithCovariates(TransformerMixin, BaseEstimator):
    """Features of sequences, and beside them numbers and categories.

    A scikit-learn transformer from a DataFrame of n rows, with a column
    ``sequence`` and the covariates, to a CSR matrix of float32. Its columns are

    - those of `features`, for the sequence;
    - with `interact`, the same once more for each category, as ``ACGT ×
      condition=YPD``: the feature in the rows of that category, 0 in the
      others. A linear model can so give a motif another effect in each
      condition; trees need no such columns;
    - one of 0 and 1 for each category, ``condition=YPD``;
    - each number, ``dose``, less its mean, over its standard deviation; where
      numbers were missing in training, a column ``dose missing`` of 0 and 1
      beside it. A missing number is taken for the mean.

    An empty cell of a categorical column is a category of its own. A category
    that was not there in training is refused, for which effect would it have?
    Columns of pandas' type ``category`` know more categories than occur: those
    are taken, and their columns are 0 in training. That is so in a fold which
    lacks a category.

    Without covariates, `features` are handed through as they are, also for a
    list of sequences.

    Parameters
    ----------
    features : transformer
        From sequences to features, as :class:`seqexpr.features.kmers.KmerCounter`.
    numeric, categorical : sequence of str
        Names of the columns. Default none.
    interact : bool
        Whether features of the sequence are multiplied with categories.
        Default False.

    Attributes
    ----------
    features_ : transformer
        Fitted.
    means_, scales_ : ndarray of float64, shape (number of numeric columns,)
        Mean and standard deviation in training, 1 where there is none.
    has_gaps_ : ndarray of bool, shape (number of numeric columns,)
        Whether numbers were missing in training.
    categories_ : list of list of str
        Categories of each categorical column, sorted.

    Examples
    --------
    >>> import pandas as pd
    >>> from seqexpr.features.kmers import KmerCounter
    >>> rows = pd.DataFrame({"sequence": ["AAC", "GAA"], "cell": ["K562", "HepG2"], "dose": [1, 3]})
    >>> both = WithCovariates(KmerCounter(k=1), numeric=["dose"], categorical=["cell"])
    >>> both.fit_transform(rows).toarray().tolist()
    [[2.0, 1.0, 0.0, 0.0, 0.0, 1.0, -1.0], [2.0, 0.0, 1.0, 0.0, 1.0, 0.0, 1.0]]
    >>> both.get_feature_names_out().tolist()
    ['A', 'C', 'G', 'T', 'cell=HepG2', 'cell=K562', 'dose']
    """

    def __init__(
        self,
        features: Any,
        *,
        numeric: Sequence[str] = (),
        categorical: Sequence[str] = (),
        interact: bool = False,
    ) -> None:
        self.features = features
        self.numeric = numeric
        self.categorical = categorical
        self.interact = interact

    def fit(self, X: Any, y: object = None) -> Self:
        """Fit the features of the sequence, the scales and the categories.

        Parameters
        ----------
        X : DataFrame, n rows
            With the column ``sequence`` and the covariates.
        y : array-like, optional
            Targets, for features of the sequence that learn from them.

        Raises
        ------
        InputError
            If a column is missing, holds text instead of numbers, or the
            products would have over two million columns.
        """
        self.features_ = clone(self.features).fit(list(sequences_of(X)), y)
        numbers = np.column_stack([np.zeros((len(X), 0)), *self._numbers(X)])
        missing = np.isnan(numbers)
        filled = np.where(missing, 0.0, numbers)
        known = np.maximum((~missing).sum(axis=0), 1)
        self.means_ = filled.sum(axis=0) / known
        away = np.where(missing, 0.0, numbers - self.means_)
        spread = np.sqrt((away**2).sum(axis=0) / known)
        self.scales_ = np.where(spread > 0, spread, 1.0)
        self.has_gaps_: npt.NDArray[np.bool_] = np.asarray(missing.any(axis=0))
        self.categories_ = [_categories(self._column(X, name)) for name in self.categorical]
        if self.interact:
            self._check_width()
        return self

    def _check_width(self) -> None:
        one, times = len(self.features_.get_feature_names_out()), sum(map(len, self.categories_))
        if one * (1 + times) > MAX_WIDTH:
            raise InputError(
                f"interact: {one:,} features of the sequence times {times:,} categories are over "
                f"{MAX_WIDTH:,} columns; pass interact=False, shorter k-mers or fewer categories"
            )

    def transform(self, X: Any) -> Any:
        """Return the features, shape (n, p), a CSR matrix of float32.

        Parameters
        ----------
        X : DataFrame, n rows
            With the column ``sequence`` and the covariates.

        Raises
        ------
        InputError
            If a column is missing, holds text instead of numbers, or a category
            that training did not have.
        """
        check_is_fitted(self, "features_")
        own = self.features_.transform(list(sequences_of(X)))
        if not len(self.numeric) and not len(self.categorical):
            return own
        own = sparse.csr_matrix(own, dtype=np.float32)
        hot = [self._one_hot(X, place) for place in range(len(self.categorical))]
        parts = [own]
        if self.interact:
            parts += [_only(own, column) for table in hot for column in table.T]
        beside = np.column_stack([np.zeros((len(X), 0)), *hot, *self._scaled(X)])
        parts.append(sparse.csr_matrix(beside.astype(np.float32)))
        return sparse.hstack(parts, format="csr", dtype=np.float32)

    def get_feature_names_out(self, input_features: object = None) -> npt.NDArray[np.object_]:
        """Return the names of the columns, shape (p,)."""
        check_is_fitted(self, "features_")
        own = [str(name) for name in self.features_.get_feature_names_out()]
        hot = [
            f"{name}={category or EMPTY}"
            for name, categories in zip(self.categorical, self.categories_, strict=True)
            for category in categories
        ]
        products = [f"{name} × {category}" for category in hot for name in own]
        names = [*own, *(products if self.interact else []), *hot]
        for name, has_gaps in zip(self.numeric, self.has_gaps_, strict=True):
            names += [name, f"{name} missing"] if has_gaps else [name]
        return np.array(names, dtype=object)

    def _column(self, X: Any, name: str) -> pd.Series[Any]:
        if not has_covariates(X):
            raise InputError(
                f"the model reads {name!r} beside the sequence; pass a DataFrame with the columns "
                f"{', '.join(map(repr, ('sequence', *self.categorical, *self.numeric)))}"
            )
        if name not in X.columns:
            columns = [str(column) for column in X.columns]
            hint = did_you_mean(name, columns) or ";"
            raise InputError(f"no covariate {name!r}{hint} the columns are {', '.join(columns)}")
        return X[name]  # type: ignore[no-any-return]  # X is any DataFrame

    def _numbers(self, X: Any) -> list[npt.NDArray[np.float64]]:
        """Return the numeric columns; NaN = missing."""
        found = []
        for name in self.numeric:
            column = self._column(X, name)
            numbers, labels = to_numbers(column), as_labels(column)
            wrong = np.flatnonzero(np.isnan(numbers) & (labels != ""))
            if len(wrong):
                raise InputError(
                    f"covariate {name!r}: {len(wrong):,} of {len(labels):,} values are not numbers "
                    f"(first: row {wrong[0] + 1}, {labels[wrong[0]]!r}); fix them, or make it "
                    "categorical"
                )
            found.append(numbers)
        return found

    def _scaled(self, X: Any) -> list[npt.NDArray[np.float64]]:
        columns = []
        for place, numbers in enumerate(self._numbers(X)):
            scaled = (numbers - self.means_[place]) / self.scales_[place]
            columns.append(np.where(np.isnan(numbers), 0.0, scaled))
            if self.has_gaps_[place]:
                columns.append(np.isnan(numbers).astype(np.float64))
        return columns

    def _one_hot(self, X: Any, place: int) -> npt.NDArray[np.float64]:
        name, categories = self.categorical[place], self.categories_[place]
        labels = as_labels(self._column(X, name)).astype(str)
        strange = np.flatnonzero(~np.isin(labels, categories))
        if len(strange):
            first = str(labels[strange[0]])
            known = ", ".join(repr(category) for category in categories[:12])
            raise InputError(
                f"covariate {name!r}: {len(strange):,} of {len(labels):,} rows have a category "
                f"that training did not have (first: row {strange[0] + 1}, {first!r})"
                f"{did_you_mean(first, categories) or ';'} known are {known}"
            )
        return np.asarray(labels[:, None] == np.array(categories), dtype=np.float64)


def _categories(column: pd.Series[Any]) -> list[str]:
    known = getattr(column.dtype, "categories", None)
    return sorted(set(as_labels(column)) if known is None else {str(one) for one in known})


def _only(matrix: Any, where: npt.NDArray[np.float64]) -> Any:
    """Return a matrix whose rows are kept where `where` is 1, and empty elsewhere."""
    return sparse.diags_array(where.astype(np.float32), format="csr") @ matrix
