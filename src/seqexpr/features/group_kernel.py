"""A kernel over groups of features, each of which may matter more or less."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix, hstack
from sklearn.base import clone
from sklearn.utils.validation import check_is_fitted

from seqexpr.errors import InputError
from seqexpr.features._base import SequenceKernel
from seqexpr.features.onehot import OneHot
from seqexpr.sequences import StringsLike, as_strings

__all__ = ["GroupKernel"]

Floats = npt.NDArray[np.float64]
BATCH = 512
"""Rows at a time, which bounds the temporary arrays."""


class GroupKernel(SequenceKernel):
    """A product of one Gaussian kernel for each group of features.

    ``K(x, y) = exp(-1/2 sum_g c_g |f_g(x) - f_g(y)|² / s_g)``, where f_g are
    the features of group g, s_g is their mean squared distance between the
    sequences given to ``fit``, and c_g says how much the group matters: 0 is
    not at all. With one group for each position of aligned sequences this is
    the connectedness kernel of Zhou et al., ``prod_i (1 if x_i = y_i else
    rho_i)`` with ``rho_i = exp(-c_i / s_i)`` (see :meth:`decay`): all
    interactions of all orders, each position with its own decay. Groups of
    counts, or of words near a place, make sequences alike in which the same
    words stand a little aside.

    Parameters
    ----------
    features : sequence of (str, featurizer), optional
        Names and unfitted featurizers. By default one-hot bases by position.
    strengths : sequence of float, length G, optional
        How much each group matters, c_g, at least 0; by default 1 / G each.
    per_site : bool, default True
        Whether each position of a :class:`~seqexpr.features.onehot.OneHot` is
        a group of its own.

    Attributes
    ----------
    features_ : list of featurizer
        The fitted ones.
    names_ : list of str, length G
        Names of the groups.
    group_ : ndarray of int64, shape (p,)
        Group of each column.
    spreads_ : ndarray of float64, shape (G,)
        Mean squared distance of each group, s_g; infinity where it does not
        vary, so that it does not matter.

    Raises
    ------
    InputError
        From ``fit``: there are no features, or there is not one strength of at
        least 0 for each group.

    References
    ----------
    Zhou, Wong, Chen, Krug & McCandlish, PNAS 119 (2022) e2204233119 (priors
    over interactions of all orders; the product over sites with its own decay
    is the connectedness kernel of their later work). Rasmussen & Williams,
    Gaussian Processes for Machine Learning (2006), section 5.1 (relevance
    determination by the marginal likelihood).

    Examples
    --------
    >>> kernel = GroupKernel(strengths=[1.5, 0.0]).fit(["AA", "CC", "AC", "CA"])
    >>> kernel.decay("sites").round(3).tolist()
    [0.223, 1.0]
    >>> kernel(["AA"], ["AA", "AC", "CA"]).round(3).tolist()
    [[1.0, 1.0, 0.223]]
    """

    def __init__(
        self,
        features: Sequence[tuple[str, Any]] | None = None,
        *,
        strengths: Any = None,
        per_site: bool = True,
    ) -> None:
        self.features = features
        self.strengths = strengths
        self.per_site = per_site

    def fit(self, X: StringsLike) -> Self:
        """Fit the featurizers, and learn how far each group spreads.

        Parameters
        ----------
        X : list, array or Series of str, length n
            DNA sequences.
        """
        strings = as_strings(X)
        features = [("sites", OneHot())] if self.features is None else list(self.features)
        if not features:
            raise InputError("GroupKernel: features is empty; name at least one featurizer")
        self.features_ = [clone(featurizer).fit(strings) for _, featurizer in features]
        parts = [csr_matrix(f.transform(strings), dtype=np.float64) for f in self.features_]
        names: list[str] = []
        groups = []
        for (name, featurizer), part in zip(features, parts, strict=True):
            if self.per_site and isinstance(featurizer, OneHot):
                groups.append(len(names) + np.arange(part.shape[1]) // 4)
                names += [f"{name}{position}" for position in range(part.shape[1] // 4)]
            else:
                groups.append(np.full(part.shape[1], len(names)))
                names.append(name)
        self.names_ = names
        self.group_ = np.concatenate(groups).astype(np.int64)
        self.spreads_ = _spreads(csr_matrix(hstack(parts)), self.group_, len(names))
        self._check_strengths()
        return self

    def __call__(self, X: StringsLike, Y: StringsLike | None = None) -> Floats:
        """Return the kernel of each sequence of X with each of Y.

        Parameters
        ----------
        X : list, array or Series of str, length n
            DNA sequences.
        Y : list, array or Series of str, length m, optional
            Others; by default those of X.

        Returns
        -------
        ndarray of float64, shape (n, m)
            In ``(0, 1]``.
        """
        check_is_fitted(self, "spreads_")
        rows = as_strings(X)
        scale = np.sqrt(self._check_strengths() / self.spreads_)[self.group_]
        others = self.columns(rows if Y is None else as_strings(Y), scale)
        out = np.empty((len(rows), others.shape[0]))
        by_column = others.tocsc()
        for start in range(0, len(rows), BATCH):
            block = self.columns(rows[start : start + BATCH], scale)
            squared_distances(block, by_column, out[start : start + BATCH])
        out *= -0.5
        return np.asarray(np.exp(out, out=out))

    def columns(self, strings: list[str], scale: Floats | None = None) -> csr_matrix:
        """Return the features of all groups side by side, each column times its scale.

        Parameters
        ----------
        strings : list of str, length n
            DNA sequences.
        scale : ndarray of float64, shape (p,), optional
            By default that which makes the mean squared distance of each group 1.

        Returns
        -------
        csr_matrix of float64, shape (n, p)
        """
        parts = [csr_matrix(f.transform(strings), dtype=np.float64) for f in self.features_]
        whole = csr_matrix(hstack(parts, format="csr"))
        used = (1 / np.sqrt(self.spreads_))[self.group_] if scale is None else scale
        whole.data *= used[whole.indices]
        return whole

    def decay(self, name: str) -> Floats:
        """Return by how much the kernel falls if the base at a position differs, rho_i.

        Parameters
        ----------
        name : str
            Name of a one-hot featurizer; each of its positions is a group.

        Returns
        -------
        ndarray of float64, shape (length,)
            In ``[0, 1]``: 1 where the position does not matter.
        """
        check_is_fitted(self, "spreads_")
        mine = [g for g, known in enumerate(self.names_)
                if known.removeprefix(name).isdigit() and known.startswith(name)]  # fmt: skip
        return np.asarray(np.exp(-(self._check_strengths() / self.spreads_)[mine]))

    def _check_strengths(self) -> Floats:
        n = len(self.names_)
        if self.strengths is None:
            return np.full(n, 1 / n)
        given = np.asarray(self.strengths, dtype=np.float64)
        if given.shape != (n,) or not (np.isfinite(given) & (given >= 0)).all():
            raise InputError(
                f"GroupKernel: strengths must be {n} numbers of at least 0, one for each of "
                f"{', '.join(self.names_[:5])}{', …' if n > 5 else ''}, got {self.strengths!r}"
            )
        return given


def squared_distances(block: csr_matrix, by_column: Any, out: Floats) -> None:
    """Fill `out`, shape (n, m), with the squared distances of n rows and m others.

    Parameters
    ----------
    block : csr_matrix of float64, shape (n, p)
        Rows.
    by_column : csc_matrix of float64, shape (m, p)
        The others.
    out : ndarray of float64, shape (n, m)
        Filled; never negative.
    """
    from seqexpr.features._gkm_kernel import add_common_words

    out[:] = 0.0
    add_common_words(
        block.indptr, block.indices, block.data, by_column.indptr, by_column.indices,
        by_column.data, out,
    )  # fmt: skip
    out *= -2
    out += _squares(block)[:, None]
    out += _squares(by_column)
    # Of equal rows a rounding error is left.
    np.maximum(out, 0.0, out=out)


def _squares(matrix: Any) -> Floats:
    return np.asarray(matrix.multiply(matrix).sum(axis=1), dtype=np.float64).ravel()


def _spreads(columns: csr_matrix, group: npt.NDArray[np.int64], n_groups: int) -> Floats:
    """Return the mean squared distance of two rows in each group: twice the summed variance."""
    n = columns.shape[0]
    mean = np.asarray(columns.mean(axis=0)).ravel()
    square = np.asarray(columns.multiply(columns).sum(axis=0)).ravel() / n
    spread = np.bincount(group, 2 * np.maximum(square - mean**2, 0.0), minlength=n_groups)
    varies = spread > 1e-9 * np.bincount(group, square, minlength=n_groups)
    return np.where(varies, spread, np.inf)
