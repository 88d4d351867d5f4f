"""Covariates as numbers, for models that read the sequence themselves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Self

from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from seqexpr.data.inputs import SEQUENCE, sequences_of
from seqexpr.features.covariates import NoSequence, WithCovariates

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pandas as pd

__all__ = ["ScaledCovariates"]


class ScaledCovariates(TransformerMixin, BaseEstimator):
    """From a DataFrame to one that holds the sequence as it is, and all else as scaled numbers.

    The numbers are those of :class:`~seqexpr.features.covariates.WithCovariates`:
    0 and 1 for each category, and each number less its mean over its standard
    deviation.

    Parameters
    ----------
    numeric, categorical : sequence of str
        Names of the columns. Default none.

    Attributes
    ----------
    columns_ : WithCovariates
        Fitted.

    Examples
    --------
    >>> import pandas as pd
    >>> rows = pd.DataFrame({"sequence": ["AAC", "GAA"], "dose": [1, 3]})
    >>> ScaledCovariates(numeric=["dose"]).fit_transform(rows).to_dict("records")
    [{'sequence': 'AAC', 'dose': -1.0}, {'sequence': 'GAA', 'dose': 1.0}]
    """

    def __init__(self, *, numeric: Sequence[str] = (), categorical: Sequence[str] = ()) -> None:
        self.numeric = numeric
        self.categorical = categorical

    def fit(self, X: Any, y: object = None) -> Self:
        """Fit scales and categories; parameters and errors are those of `WithCovariates.fit`."""
        columns = WithCovariates(NoSequence(), numeric=self.numeric, categorical=self.categorical)
        self.columns_ = columns.fit(X)
        return self

    def transform(self, X: Any) -> Any:
        """Return a DataFrame of the sequence and the numbers, or the sequences if that is all."""
        import pandas as pd

        check_is_fitted(self, "columns_")
        sequences = sequences_of(X)
        names = self.get_feature_names_out().tolist()
        if not names:
            return sequences
        numbers = self.columns_.transform(X)[:, 1:].toarray()
        frame: pd.DataFrame = pd.DataFrame(numbers, columns=names)
        frame.insert(0, SEQUENCE, sequences)
        return frame

    def get_feature_names_out(self, input_features: object = None) -> npt.NDArray[np.object_]:
        """Return the names of the columns beside the sequence."""
        check_is_fitted(self, "columns_")
        return self.columns_.get_feature_names_out()[1:]
