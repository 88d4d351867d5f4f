"""How noisy each measured value is, and weights made of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from seqexpr.data.dataset import Dataset
from seqexpr.errors import InputError
from seqexpr.models.targets import TargetTransform

__all__ = ["MeasurementNoise", "measurement_noise", "replicate_noise", "weights_from_noise"]

Floats = npt.NDArray[np.float64]
Source = Literal["replicates", "standard errors", "read counts"]

SAME_SCALE = 0.98
"""Squared correlation of the target with the mean of its replicates from which on the
target is taken for that mean, up to scale and offset; below, no ceiling is given."""
WEIGHT_CAP = 10.0
"""No row weighs more than this many times the median row."""
FLOOR = 0.05
"""Least share of the variance of the target that is not put down to noise."""


@dataclass(frozen=True, eq=False)
class MeasurementNoise:
    """Noise variance of the first target, row by row, on the scale that is modelled.

    Attributes
    ----------
    source : {"replicates", "standard errors", "read counts"}
        What it was computed from.
    method : str
        How, in words.
    variances : ndarray of float64, shape (n,)
        Noise variance of each row's target, squared units of the target; NaN =
        not known. From replicates: the common variance of one replicate,
        divided by the replicates of the row.
    own : ndarray of float64, shape (n,)
        From replicates: the row's own unbiased estimate, NaN where one
        replicate was measured. Otherwise equal to `variances`.
    n_replicates : float or None
        Mean number of replicates of a row.
    """

    source: Source
    method: str
    variances: Floats
    own: Floats
    n_replicates: float | None = None

    def take(self, rows: npt.ArrayLike) -> MeasurementNoise:
        """Return the noise of the given row indices, in that order."""
        index = np.asarray(rows)
        return MeasurementNoise(
            self.source, self.method, self.variances[index], self.own[index], self.n_replicates
        )


def measurement_noise(
    dataset: Dataset, transform: TargetTransform
) -> tuple[MeasurementNoise | None, str]:
    """Return the noise of the first target, or say why it is not known.

    Replicates are preferred to standard errors, and these to read counts.

    Parameters
    ----------
    dataset : Dataset, n rows
        Targets as measured, not transformed.
    transform : TargetTransform
        The scale that is modelled. Replicates are put on it one by one.
        Standard errors go to it by the delta method: divided by the train
        standard deviation for "zscore", by y ln 2 for "log2"; not for "rank".
        Read counts count only with "log2": 1 / (ln 2)² / reads, the Poisson
        variance of a logarithm. Other noise comes on top, so this gives an
        upper bound of the ceiling.

    Returns
    -------
    noise : MeasurementNoise or None
        None where nothing tells the noise.
    reason : str
        Why not; empty if it is known.

    References
    ----------
    Oehlert, A note on the delta method, The American Statistician 46 (1992),
    27-29.

    Examples
    --------
    >>> data = Dataset(np.array(["AC", "GT"], dtype=object), np.array([2.0, 4.0]),
    ...                target_names=("y",), standard_errors=np.array([0.2, 0.4]))
    >>> noise, _ = measurement_noise(data, TargetTransform.fit(data.targets, "none"))
    >>> noise.variances.round(2).tolist()
    [0.04, 0.16]
    """
    measured = dataset.targets[:, 0]
    reason = "the table has no replicates and no errors of the target"
    if dataset.replicates is not None:
        values = _on_scale(dataset.replicates, transform)
        noise, reason = replicate_noise(values, _on_scale(measured, transform))
        if noise is not None:
            return noise, ""
    if dataset.standard_errors is not None:
        if transform.kind == "rank":
            return None, "standard errors do not hold on ranks"
        variances = _delta(dataset.standard_errors, measured, transform=transform) ** 2
        if np.isfinite(variances).any():
            method = "standard error of each row"
            return MeasurementNoise("standard errors", method, variances, variances), ""
        reason = "no row has a standard error"
    if dataset.reads is not None and transform.kind == "log2":
        with np.errstate(divide="ignore"):
            variances = 1 / (np.log(2) ** 2 * dataset.reads)
        variances[~np.isfinite(variances)] = np.nan
        if np.isfinite(variances).any():
            method = "Poisson noise of the read counts alone: an upper bound"
            return MeasurementNoise("read counts", method, variances, variances), ""
    elif dataset.reads is not None:
        reason += "; read counts alone tell the noise only of a logarithm (--transform log2)"
    return None, reason


def replicate_noise(
    replicates: npt.ArrayLike, target: npt.ArrayLike
) -> tuple[MeasurementNoise | None, str]:
    """Return the noise of a target that is the mean of its replicates.

    Model: replicate j of row i is x_ij = b_j + t_i + e_ij, with an offset b_j
    of the replicate and independent noise e_ij. Offsets are taken out. The
    sample variance s_i² of the r_i replicates of a row then estimates the
    variance of its e, without bias and whatever the row, and s_i² / r_i that of
    their mean. Where the target is a multiple of that mean, up to an offset,
    the variance is multiplied by the squared slope of the target on the mean.

    Parameters
    ----------
    replicates : array-like of float, shape (n, r)
        On the scale of the target; NaN = not measured.
    target : array-like of float, shape (n,)
        What is modelled; NaN = not measured.

    Returns
    -------
    noise : MeasurementNoise or None
        None where fewer than 3 rows have two replicates, or where the target
        follows the mean of the replicates with a squared correlation below
        :data:`SAME_SCALE`.
    reason : str
        Why not; empty if it is known.

    References
    ----------
    Searle, Casella & McCulloch, Variance Components (1992), chapter 3.

    Examples
    --------
    >>> noise, _ = replicate_noise([[1, 3], [4, 2], [8, 10], [7, 5]], [2, 3, 9, 6])
    >>> noise.variances.round(3).tolist()  # s² = 8/3 without offsets, for means of two
    [1.333, 1.333, 1.333, 1.333]
    """
    x, y = np.asarray(replicates, np.float64), np.asarray(target, np.float64)
    r = np.isfinite(x).sum(axis=1).astype(np.float64)
    several = (r >= 2) & np.isfinite(y)
    if several.sum() < 3:
        return None, "fewer than 3 rows have two replicates"
    residuals, means = _without_offsets(x)
    used = (r >= 1) & np.isfinite(y)
    slope, agreement = _line(means[used], y[used])
    if not agreement >= SAME_SCALE:
        return None, (
            f"the target is not the mean of its replicates (squared correlation {agreement:.2f}); "
            "give replicates on the scale of the target"
        )
    # Offsets cost r - 1 of the degrees of freedom.
    free = (r[several] - 1).sum()
    offsets = (np.isfinite(x).sum(axis=0) > 0).sum() - 1
    squares = np.nansum(residuals**2, axis=1) * slope**2 * free / max(free - offsets, 1)
    common = squares[several].sum() / free
    with np.errstate(divide="ignore", invalid="ignore"):
        variances = np.where(used, common / r, np.nan)
        own = np.where(several, squares / (r - 1) / r, np.nan)
    mean_r = float(r[used].mean())
    method = (
        f"variance between the replicates of a row, for a mean of {mean_r:.3g} of them "
        "(offsets of replicates taken out)"
    )
    return MeasurementNoise("replicates", method, variances, own, mean_r), ""


def weights_from_noise(target: npt.ArrayLike, variances: npt.ArrayLike) -> Floats:
    """Return weights 1 / (τ² + noise variance), with mean 1.

    τ² is the variance of the target less the mean noise variance, at least
    :data:`FLOOR` of the former: what sequences differ by, so at most what a
    model leaves unexplained. Rows whose noise is not known get the median
    variance. Weights above :data:`WEIGHT_CAP` times the median are cut there.

    Parameters
    ----------
    target : array-like of float, shape (n,)
        Target of the train rows; NaN = not measured.
    variances : array-like of float, shape (n,)
        Their noise variance, see :class:`MeasurementNoise`.

    Returns
    -------
    ndarray of float64, shape (n,)
        Positive weights.

    Raises
    ------
    InputError
        If no variance is known, or the target does not vary.

    References
    ----------
    DerSimonian & Laird, Meta-analysis in clinical trials, Controlled Clinical
    Trials 7 (1986), 177-188, equation 9 (weights with two variances).

    Examples
    --------
    >>> weights_from_noise([0.0, 2.0, 4.0, 2.0], [0.0, 1.0, 1.0, 0.0]).round(2).tolist()
    [1.19, 0.81, 0.81, 1.19]
    """
    y, v = np.asarray(target, np.float64), np.asarray(variances, np.float64)
    known = np.isfinite(y) & np.isfinite(v)
    total = float(np.var(y[known], ddof=1)) if known.sum() > 1 else 0.0
    if not total > 0:
        raise InputError(
            "inverse-variance weights need rows of known noise whose target varies; "
            "name the column of standard errors with --error, or leave --weighting none"
        )
    between = max(total - float(v[known].mean()), FLOOR * total)
    weights = 1 / (between + np.where(np.isfinite(v), v, np.median(v[known])))
    weights = np.minimum(weights, WEIGHT_CAP * np.median(weights))
    return np.asarray(weights / weights.mean(), dtype=np.float64)


def _without_offsets(x: Floats) -> tuple[Floats, Floats]:
    """Return the residuals x_ij - b_j - mean_i, and the row means, without offsets."""
    measured = np.isfinite(x)
    offsets = np.zeros(x.shape[1])
    in_row, in_column = (np.maximum(measured.sum(axis=a), 1) for a in (1, 0))
    for _ in range(20):  # least squares, row means and offsets in turn; one turn if none is missing
        means = np.nansum(x - offsets * measured, axis=1) / in_row
        offsets = np.nansum(x - means[:, None], axis=0) / in_column
        offsets -= offsets.mean()
    means = np.nansum(np.where(measured, x - offsets, 0.0), axis=1) / in_row
    return x - offsets - means[:, None], means


def _line(x: Floats, y: Floats) -> tuple[float, float]:
    """Return the slope of y on x and their squared correlation; 0, 0 if one is constant."""
    dx, dy = x - x.mean(), y - y.mean()
    xx, yy, xy = dx @ dx, dy @ dy, dx @ dy
    return (float(xy / xx), float(xy * xy / (xx * yy))) if xx > 0 and yy > 0 else (0.0, 0.0)


def _on_scale(values: Floats, transform: TargetTransform) -> Floats:
    """Return values of the first target on the scale that is modelled; NaN where it has none."""
    if transform.kind == "log2":
        return np.log2(np.where(values > 0, values, np.nan))
    if transform.kind == "zscore":
        return (values - transform.means[0]) / transform.scales[0]
    if transform.kind == "rank":
        ranks = np.interp(values, transform.levels[0], transform.ranks[0])
        return np.where(np.isfinite(values), ranks, np.nan)
    return values


def _delta(errors: Floats, measured: Floats, *, transform: TargetTransform) -> Floats:
    """Return standard errors on the scale that is modelled, to first order."""
    if transform.kind == "zscore":
        return errors / transform.scales[0]
    if transform.kind == "log2":
        return np.asarray(errors / (np.where(measured > 0, measured, np.nan) * np.log(2)))
    return np.where(np.isfinite(measured), errors, np.nan)
