"""How good a perfect model could score on these rows, given the noise of what was measured.

A measured value is y = t + e: what the sequence gives, and noise of known
variance v that is independent of it. A perfect model predicts t. Over rows
drawn like these, it scores

- R² = ρ = 1 - mean(v) / var(y), since its squared error is e²;
- Pearson's r = √ρ, since cov(y, t) = var(t) = ρ var(y);
- Spearman's correlation by simulation: the measured values, drawn together to
  the variance of t, stand for t; noise with the variances v is added to them.

References
----------
Spearman, Correlation calculated from faulty data, British Journal of
Psychology 3 (1910), 271-295, and Brown, ibid., 296-322 (reliability of a mean).
McGraw & Wong, Forming inferences about some intraclass correlation
coefficients, Psychological Methods 1 (1996), 30-46 (ICC(C,k), which ρ equals
where every row has k replicates).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from seqexpr.errors import InputError
from seqexpr.evaluation.metrics import METRICS
from seqexpr.evaluation.noise import MeasurementNoise
from seqexpr.evaluation.resampling import Bootstrap

__all__ = ["Bound", "Ceiling", "Share", "noise_ceiling"]

Floats = npt.NDArray[np.float64]
CEILED = ("r2", "pearson", "spearman")
MIN_ROWS = 20
"""Rows of known noise that a ceiling needs at least."""
_GRID = np.linspace(0.0, 1.0, 21)
_SIMULATED = 40_000
"""Values simulated for each point of the grid of Spearman ceilings."""


@dataclass(frozen=True)
class Bound:
    """A ceiling with its 95% interval; None where undefined."""

    value: float
    low: float | None
    high: float | None


@dataclass(frozen=True)
class Share:
    """A score divided by its ceiling, with its 95% interval; None where undefined."""

    model: str
    metric: str
    value: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True)
class Ceiling:
    """The best scores that the noise leaves open, and how near models come.

    Attributes
    ----------
    target : str
        The first target, on the scale that is modelled.
    source, method : str
        What the noise was computed from, and how.
    n : int
        Rows whose noise is known; everything here is computed on them.
    n_replicates : float or None
        Mean number of replicates.
    noise_variance, total_variance : float
        Mean noise variance and variance of the target, in its unit squared.
    r2, pearson, spearman : Bound
        Ceilings, in [0, 1].
    shares : tuple of Share
        Each model's score as a share of the ceiling.
    """

    target: str
    source: str
    method: str
    n: int
    n_replicates: float | None
    noise_variance: float
    total_variance: float
    r2: Bound
    pearson: Bound
    spearman: Bound
    shares: tuple[Share, ...] = field(default=())

    def to_dict(self) -> dict[str, Any]:
        """Return what ``ceiling`` of evaluation.json holds."""
        return {**asdict(self), "shares": [asdict(share) for share in self.shares]}


def noise_ceiling(
    observed: npt.ArrayLike,
    noise: MeasurementNoise,
    *,
    target: str,
    rng: np.random.Generator,
    predictions: Mapping[str, npt.ArrayLike] | None = None,
    groups: npt.ArrayLike | None = None,
    n_resamples: int = 1000,
) -> Ceiling | None:
    """Return the best scores that the noise of the rows leaves open.

    The interval of a ceiling is that of log(1 - ρ), normal with the standard
    deviation over resamples of rows, or of groups (t quantiles). Shares have
    percentile intervals: scores and ceilings are computed on the same
    resamples, so that a share's interval holds the luck of both.

    Parameters
    ----------
    observed : array-like of float, shape (n,)
        Test values of one target on the scale that is modelled; NaN = not
        measured.
    noise : MeasurementNoise, n rows
        Their noise.
    target : str
        Name of the target.
    rng : numpy.random.Generator
        Source of randomness.
    predictions : mapping of str to array-like of float, shape (n,), optional
        Predictions of each model, for the shares; finite.
    groups : array-like of str, shape (n,), optional
        Rows of one group are drawn together.
    n_resamples : int
        Resamples of the intervals. Default 1000.

    Returns
    -------
    Ceiling or None
        None where fewer than :data:`MIN_ROWS` rows are of known noise, or the
        target does not vary.

    Raises
    ------
    InputError
        If a length differs from n.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> y = rng.normal(size=1000)
    >>> v = np.full(1000, 0.25)
    >>> noise = MeasurementNoise("standard errors", "known", v, v)
    >>> ceiling = noise_ceiling(y, noise, target="y", rng=rng)
    >>> abs(ceiling.r2.value - 0.75) < 0.05, ceiling.pearson.value == ceiling.r2.value**0.5
    (True, True)
    """
    y, known = _known(observed, noise)
    if known.sum() < MIN_ROWS or not np.ptp(y[known]) > 0:
        return None
    y, noise = y[known], noise.take(np.flatnonzero(known))
    drawn_by = None if groups is None else np.asarray(groups, dtype=object)[known]
    boot = Bootstrap(len(y), drawn_by, n_resamples=n_resamples, rng=rng)
    parts = _parts(y, noise)
    rho = float(_reliability(parts.sum(axis=0)[None])[0])
    rank = _spearman_curve(y, noise.variances, rng)
    if boot.n_units > 1:
        resampled = _reliability(np.array([weights @ parts for weights in boot.row_counts()]))
    else:
        resampled = np.zeros(0)
    curves = _curves(rank)
    ends = _interval(rho, resampled, boot.n_units)
    bounds = {name: _bound(curve, rho, ends) for name, curve in curves.items()}
    ceiled = {name: curve(resampled) for name, curve in curves.items()}
    shares = [
        share
        for model, predicted in (predictions or {}).items()
        for share in _shares(
            model, boot, pair=(y, _checked(predicted, known)), bounds=bounds, ceiled=ceiled
        )
    ]
    total = float(np.var(y, ddof=1))
    return Ceiling(
        target, noise.source, noise.method, len(y), noise.n_replicates,
        noise_variance=float(_noise_variance(parts.sum(axis=0)[None])[0]), total_variance=total,
        shares=tuple(shares), **bounds,
    )  # fmt: skip


def _known(
    observed: npt.ArrayLike, noise: MeasurementNoise
) -> tuple[Floats, npt.NDArray[np.bool_]]:
    y = np.asarray(observed, dtype=np.float64)
    if y.shape != noise.variances.shape:
        raise InputError(f"noise has shape {noise.variances.shape}, observed has {y.shape}")
    return y, np.isfinite(y) & np.isfinite(noise.variances)


def _checked(predicted: npt.ArrayLike, known: npt.NDArray[np.bool_]) -> Floats:
    p = np.asarray(predicted, dtype=np.float64)
    if p.shape != known.shape:
        raise InputError(f"predictions have shape {p.shape}, observed has {known.shape}")
    return p[known]


def _parts(y: Floats, noise: MeasurementNoise) -> Floats:
    """Return what the reliability sums over rows, shape (n, 6), target centred.

    Columns: 1, y, y², own noise variance, 1 where there is no own one, and the
    row's variance from the common one there.
    """
    centred = y - y.mean()
    own = np.isfinite(noise.own)
    # Rows with one replicate take the common variance, which moves with the sample.
    ratio = np.where(own, noise.own / np.where(noise.variances > 0, noise.variances, 1), 0.0)
    return np.column_stack(
        [
            np.ones(len(y)), centred, centred**2, np.where(own, noise.own, 0.0),
            np.where(own, 0.0, noise.variances), np.where(own, ratio, 0.0), own,
        ]
    )  # fmt: skip


def _noise_variance(sums: Floats) -> Floats:
    n, _, _, own, lent, ratio, n_own = sums.T
    with np.errstate(divide="ignore", invalid="ignore"):
        scale = np.where((lent > 0) & (ratio > 0), ratio / n_own, 1.0)
    return np.asarray((own + lent * scale) / n, dtype=np.float64)


def _reliability(sums: Floats) -> Floats:
    """Return 1 - mean(v) / var(y), at most 1, for each row of sums."""
    n, y, yy = sums[:, 0], sums[:, 1], sums[:, 2]
    total = (yy - y * y / n) / np.maximum(n - 1, 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        rho = 1 - _noise_variance(sums) / total
    return np.asarray(np.minimum(np.where(total > 0, rho, np.nan), 1.0), dtype=np.float64)


def _curves(rank: Floats) -> dict[str, Any]:
    """Return the ceiling of each score as a function of reliability; none is below 0."""
    return {
        "r2": lambda rho: np.maximum(rho, 0.0),
        "pearson": lambda rho: np.sqrt(np.maximum(rho, 0.0)),
        "spearman": lambda rho: np.interp(rho, _GRID, rank),
    }


def _spearman_curve(y: Floats, variances: Floats, rng: np.random.Generator) -> Floats:
    """Return the Spearman ceiling for each reliability of the grid, by simulation.

    For reliability ρ, what stands for the truth has ρ var(y) and the shape of
    the measured values; the noise has the pattern of `variances` and (1 - ρ) var(y).
    """
    from scipy.stats import rankdata

    if len(y) > _SIMULATED // 4:
        rows = rng.choice(len(y), _SIMULATED // 4, replace=False)
        y, variances = y[rows], variances[rows]
    repeats = max(1, _SIMULATED // len(y))
    centred = y - y.mean()
    mean = variances.mean()
    pattern = np.sqrt(variances / mean) if mean > 0 else np.ones(len(y))
    noise = rng.standard_normal((repeats, len(y))) * pattern * y.std()
    truth = rankdata(centred)
    truth = (truth - truth.mean()) / np.sqrt(len(y) * max(truth.var(), 1e-300))
    curve = np.zeros(len(_GRID))
    for k, rho in enumerate(_GRID[1:-1], start=1):
        noisy = rankdata(np.sqrt(rho) * centred + np.sqrt(1 - rho) * noise, axis=1)
        noisy -= noisy.mean(axis=1, keepdims=True)
        curve[k] = np.mean(noisy @ truth / np.sqrt((noisy**2).sum(axis=1)))
    curve[-1] = 1.0
    return np.maximum.accumulate(np.clip(curve, 0.0, 1.0))


def _interval(rho: float, resampled: Floats, units: int) -> tuple[float, float] | None:
    """Return the 95% interval of the reliability, None where it cannot be told.

    Noise share 1 - ρ is a ratio of two variances: its logarithm is nearly normal.
    """
    from scipy.stats import t

    shares = 1 - resampled[np.isfinite(resampled)]
    if len(shares) <= len(resampled) / 2 or not len(shares):
        return None
    if rho == 1 or not (shares > 0).all():
        return (rho, rho) if rho == 1 else None
    # Small samples: quantiles of t, and the variance over units - 1, not units.
    width = t.ppf(0.975, units - 1) * np.sqrt(units / (units - 1)) * np.log(shares).std()
    ends = 1 - (1 - rho) * np.exp([width, -width])
    return float(max(ends[0], 0.0)), float(ends[1])


def _bound(curve: Any, rho: float, ends: tuple[float, float] | None) -> Bound:
    value = float(curve(np.array([rho]))[0])
    if ends is None:
        return Bound(value, None, None)
    low, high = map(float, curve(np.array(ends)))
    return Bound(value, low, high)


def _percentiles(values: Floats) -> tuple[float | None, float | None]:
    finite = values[np.isfinite(values)]
    if len(finite) <= len(values) / 2 or not len(finite):
        return None, None
    low, high = np.quantile(finite, [0.025, 0.975])
    return float(low), float(high)


def _shares(
    model: str,
    boot: Bootstrap,
    *,
    pair: tuple[Floats, Floats],
    bounds: Mapping[str, Bound],
    ceiled: Mapping[str, Floats],
) -> list[Share]:
    """Return a model's scores over the ceilings; none where the ceiling may be 0."""
    scores = boot.scores(*pair) if boot.n_units > 1 else {}
    shares = []
    for metric in CEILED:
        value, bound = METRICS[metric].compute(*pair), bounds[metric]
        if not np.isfinite(value) or not bound.value > 0 or bound.low == 0:
            shares.append(Share(model, metric, None, None, None))
            continue
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = scores[metric] / ceiled[metric] if scores else np.zeros(0)
        low, high = _percentiles(ratio)
        shares.append(Share(model, metric, float(value / bound.value), low, high))
    return shares
