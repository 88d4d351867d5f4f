"""Target shift: whether the measured values of the test rows are those of train."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from seqexpr.evaluation.resampling import Bootstrap

__all__ = ["TargetShift", "measure_target_shift"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class TargetShift:
    """How the test targets differ from those of train.

    Attributes
    ----------
    difference : float
        Mean on test less mean on train, in standard deviations of train.
    low, high : float
        Its 95% interval.
    spread : float
        Standard deviation on test over that on train.
    n_train, n_test : int
        Measured rows.
    """

    difference: float
    low: float
    high: float
    spread: float
    n_train: int
    n_test: int

    def to_dict(self) -> dict[str, Any]:
        """Return it JSON-ready."""
        return asdict(self)


def measure_target_shift(
    train: Floats, test: Floats, *, units: tuple[Ints, Ints], rng: np.random.Generator
) -> TargetShift | None:
    """Compare the values of test with those of train.

    The interval is difference ± 1.96 s; s² is the sum of the variances of both
    means over resamples of whole units.

    Parameters
    ----------
    train, test : ndarray of float64, shape (n_train,) and (n_test,)
        One target; NaN = not measured.
    units : tuple of two ndarray of int64, shape (n_train,) and (n_test,)
        Unit of each row.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    TargetShift or None
        None where either has fewer than two units or train does not vary.

    References
    ----------
    Cohen, Statistical Power Analysis for the Behavioral Sciences (1988),
    section 2.2 (Glass's variant: one standard deviation).

    Examples
    --------
    >>> shift = measure_target_shift(
    ...     np.array([0.0, 1.0, 2.0]), np.array([3.0, 4.0]),
    ...     units=(np.arange(3), np.arange(2)), rng=np.random.default_rng(0))
    >>> shift.difference
    2.5
    """
    kept = [np.isfinite(train), np.isfinite(test)]
    values = [train[kept[0]], test[kept[1]]]
    own = [unit[keep] for unit, keep in zip(units, kept, strict=True)]
    if min(len(np.unique(unit)) for unit in own) < 2 or np.ptp(values[0]) == 0:
        return None
    scale = float(np.std(values[0], ddof=1))
    difference = float(values[1].mean() - values[0].mean()) / scale
    variance = sum(_variance(y, unit, rng) for y, unit in zip(values, own, strict=True))
    reach = 1.96 * float(np.sqrt(variance)) / scale
    return TargetShift(
        difference=difference,
        low=difference - reach,
        high=difference + reach,
        spread=float(np.std(values[1], ddof=1)) / scale,
        n_train=len(values[0]),
        n_test=len(values[1]),
    )


def _variance(y: Floats, units: Ints, rng: np.random.Generator) -> float:
    """Return the variance of the mean over resamples of whole units."""
    bootstrap = Bootstrap(len(y), units, n_resamples=300, rng=rng)
    return float(np.var([counts @ y / counts.sum() for counts in bootstrap.row_counts()], ddof=1))
