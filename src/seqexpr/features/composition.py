"""What a sequence is made of: GC content, length, CpG and unknown bases."""

from __future__ import annotations

from typing import Self

import numpy as np
import numpy.typing as npt

from seqexpr.features._base import StatelessSequenceFeatures
from seqexpr.features._plan import KmerPlan
from seqexpr.sequences import StringsLike, as_strings

__all__ = ["Composition"]

NAMES = ("gc", "length", "cpg_oe", "unknown")
# Columns of C, G and CG among the counts of single bases and pairs of bases.
_C, _G, _CG = 1, 2, 4 + 4 * 1 + 2


class Composition(StatelessSequenceFeatures):
    """Describe each DNA sequence by four numbers.

    A scikit-learn transformer from n sequences to an (n, 4) array of float64.
    It learns nothing, and a sequence and its reverse complement have the same
    numbers. The columns are

    - ``gc``: share of G and C among the known bases, in ``[0, 1]``;
    - ``length``: number of bases, unknown ones included;
    - ``cpg_oe``: CpG observed over expected, ``n(CG) * n(known) / (n(C) * n(G))``,
      non-negative;
    - ``unknown``: share of bases that are not A, C, G, T or U, in ``[0, 1]``.

    A share of nothing is 0.

    References
    ----------
    Gardiner-Garden & Frommer (1987), CpG islands in vertebrate genomes, Journal
    of Molecular Biology 196:261-282 (observed over expected CpG).

    Examples
    --------
    >>> Composition().fit_transform(["ACGTN", "ggcc", ""]).tolist()
    [[0.5, 5.0, 4.0, 0.2], [1.0, 4.0, 0.0, 0.0], [0.0, 0.0, 0.0, 0.0]]
    >>> Composition().get_feature_names_out().tolist()
    ['gc', 'length', 'cpg_oe', 'unknown']
    """

    is_strand_symmetric = True
    """Whether a sequence and its reverse complement have the same features."""

    def fit(self, X: StringsLike, y: object = None) -> Self:
        """Check the sequences; nothing is learnt.

        Parameters
        ----------
        X : list, array or Series of str, length n
            DNA sequences.
        y : ignored
            For scikit-learn.

        Returns
        -------
        Composition
            This object.

        Raises
        ------
        SequenceError
            If an element is not a str.
        """
        as_strings(X)
        return self

    def transform(self, X: StringsLike) -> npt.NDArray[np.float64]:
        """Describe each sequence.

        Parameters
        ----------
        X : list, array or Series of str, length n
            DNA sequences.

        Returns
        -------
        ndarray of float64, shape (n, 4)
            The features, in the order of :meth:`get_feature_names_out`.

        Raises
        ------
        SequenceError
            If an element is not a str.
        """
        from seqexpr.features._counting import count_kmers

        strings = as_strings(X)
        plan = KmerPlan(1, 2, canonical=False, n_features=0)
        counts = count_kmers(strings, plan, mode="count", dtype=np.float64, n_jobs=1).toarray()
        length = np.fromiter(map(len, strings), dtype=np.float64, count=len(strings))
        known = counts[:, :4].sum(axis=1)
        n_c, n_g, n_cg = counts[:, _C], counts[:, _G], counts[:, _CG]
        columns = (
            _ratio(n_c + n_g, known),
            length,
            _ratio(n_cg * known, n_c * n_g),
            _ratio(length - known, length),
        )
        return np.column_stack(columns)

    def get_feature_names_out(self, input_features: object = None) -> npt.NDArray[np.object_]:
        """Return the names of the columns.

        Parameters
        ----------
        input_features : ignored
            For scikit-learn.

        Returns
        -------
        ndarray of str, shape (4,)
            Names of the columns.
        """
        return np.array(NAMES, dtype=object)


def _ratio(
    part: npt.NDArray[np.float64], whole: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """Return part / whole, and 0 where whole is 0."""
    return np.divide(part, whole, out=np.zeros(len(part)), where=whole > 0)
