"""Composition: what a sequence is made of, without the order of the bases."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, TransformerMixin

from seqexpr.sequences import encode

__all__ = ["Composition"]

_NAMES = ("GC", "length", "CpG")


class Composition(TransformerMixin, BaseEstimator):
    """GC content, length and CpG of each sequence.

    - ``GC``: (C + G) / (A + C + G + T), in [0, 1]; 0 where no base is known.
    - ``length``: bases, unknown ones included.
    - ``CpG``: observed over expected CpG dinucleotides, count(CG) · length /
      (count(C) · count(G)), at least 0; 0 where there is no C or no G.

    References
    ----------
    Gardiner-Garden & Frommer, CpG islands in vertebrate genomes, J. Mol. Biol.
    196 (1987), 261-282 (observed over expected CpG).

    Examples
    --------
    >>> Composition().fit_transform(["ACGT", "AAAN"]).tolist()
    [[0.5, 4.0, 4.0], [0.0, 4.0, 0.0]]
    """

    def fit(self, X: Any, y: Any = None) -> Self:
        """Do nothing; there is nothing to learn."""
        return self

    def __sklearn_is_fitted__(self) -> bool:
        return True

    def transform(self, X: Any) -> npt.NDArray[np.float64]:
        """Return GC, length and CpG.

        Parameters
        ----------
        X : list, array or Series of str, length n
            Sequences.

        Returns
        -------
        ndarray of float64, shape (n, 3)
        """
        encoded = encode(X)
        lengths = encoded.lengths.astype(np.float64)
        row = np.repeat(np.arange(len(encoded)), encoded.lengths)
        n = len(encoded)
        counts = np.bincount(row * 5 + encoded.codes, minlength=5 * n).reshape(n, 5)
        known = counts[:, :4].sum(axis=1)
        strong = counts[:, 1] + counts[:, 2]
        pair = (encoded.codes[:-1] == 1) & (encoded.codes[1:] == 2) & (row[:-1] == row[1:])
        cpg = np.bincount(row[:-1][pair], minlength=n)
        expected = counts[:, 1] * counts[:, 2]
        return np.column_stack(
            [
                strong / np.maximum(known, 1),
                lengths,
                np.where(expected > 0, cpg * lengths / np.maximum(expected, 1), 0.0),
            ]
        )

    def get_feature_names_out(self, input_features: object = None) -> npt.NDArray[np.object_]:
        """Return the names of the features."""
        return np.array(_NAMES, dtype=object)
