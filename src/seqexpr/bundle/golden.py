"""Golden predictions: made when a bundle is saved, recomputed when it is loaded."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from seqexpr.bundle.manifest import Golden, changed_packages
from seqexpr.data.inputs import SEQUENCE, model_inputs
from seqexpr.errors import BundleError
from seqexpr.sequences import BASES

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["check_golden", "choose_golden", "make_golden"]

# (relative, absolute) difference that counts as the same prediction. Other
# versions and processors add the same numbers in another order.
_TOLERANCES = {"float32": (1e-4, 1e-5), "float16": (1e-2, 1e-3)}
_DEFAULT = (1e-6, 1e-8)


def choose_golden(sequences: Sequence[str], *, n: int = 10) -> tuple[str, ...]:
    """Return about `n` different sequences that stand for `sequences`.

    The shortest and the longest are among them, the others are spread evenly
    over the lengths, and one holds an N: a training sequence if there is one,
    else the first with its middle base replaced.

    Parameters
    ----------
    sequences : sequence of str, length at least 1
        Training sequences.
    n : int
        How many, at least 3. Default 10.

    Examples
    --------
    >>> choose_golden(["ACGT", "AC", "ACGTACGT", "AAAA"], n=3)
    ('AC', 'ACGTACGT', 'ACNT')
    """
    unique = list(dict.fromkeys(sequence for sequence in sequences if sequence))
    by_length = sorted(unique, key=len)
    unknown = next((s for s in by_length if set(s) - set(BASES)), None)
    if unknown is None:
        middle = len(unique[0]) // 2
        unknown = f"{unique[0][:middle]}N{unique[0][middle + 1 :]}"
    positions = np.linspace(0, len(by_length) - 1, num=min(n - 1, len(by_length)))
    chosen = [by_length[round(position)] for position in positions]
    return tuple(dict.fromkeys([*chosen, unknown]))


def make_golden(
    predict: Callable[[Any], Any],
    sequences: Sequence[str],
    *,
    covariates: pd.DataFrame | None = None,
    dtype: str | None = None,
) -> Golden:
    """Return the predictions of the model for `sequences`, as they are recorded.

    Parameters
    ----------
    predict : callable
        From a list of m str, or a DataFrame, to an array of shape (m,) or (m, t).
    sequences : sequence of str, length m
        Golden sequences.
    covariates : DataFrame, optional
        Covariates of the training rows; m of them, spread evenly, are put
        beside the sequences.
    dtype : str, optional
        Precision that predictions are computed in, which says how closely they
        must agree later; by default that of what the model returns.
    """
    beside = () if covariates is None else _spread(covariates, len(sequences))
    raw = np.asarray(predict(_inputs(sequences, beside)))
    table = _as_table(raw, len(sequences))
    rows = [tuple(float(v) if np.isfinite(v) else None for v in row) for row in table]
    return Golden(
        sequences=tuple(sequences),
        predictions=tuple(rows),
        dtype=str(raw.dtype) if dtype is None else dtype,
        covariates=beside,
    )


def _spread(covariates: pd.DataFrame, m: int) -> tuple[dict[str, str | float | None], ...]:
    # Sorted, so that each category is among them where there are not too many.
    ordered = covariates.sort_values([str(name) for name in covariates], kind="stable")
    rows = ordered.iloc[np.linspace(0, len(ordered) - 1, num=m).round().astype(int)]
    return tuple(
        {
            str(name): (None if cell != cell else cell if isinstance(cell, str) else float(cell))
            for name, cell in row.items()
        }
        for row in rows.astype(object).to_dict("records")
    )


def _inputs(sequences: Sequence[str], covariates: Sequence[dict[str, Any]]) -> Any:
    if not covariates:
        return model_inputs(sequences)
    import pandas as pd

    frame = pd.DataFrame(list(covariates))
    frame.insert(0, SEQUENCE, list(sequences))
    return frame


def _as_table(predictions: npt.NDArray[Any], n: int) -> npt.NDArray[np.float64]:
    return predictions.astype(np.float64).reshape(n, -1)


def check_golden(
    golden: Golden,
    predict: Callable[[Any], Any],
    *,
    packages: dict[str, str],
    where: str,
) -> None:
    """Recompute the golden predictions and compare.

    Parameters
    ----------
    golden : Golden
        As recorded.
    predict : callable
        The loaded model's ``predict``.
    packages : dict of str to str
        Versions when the bundle was written.
    where : str
        Name of the bundle, for messages.

    Raises
    ------
    BundleError
        If the model fails, or a prediction differs by more than rounding;
        names the difference and the packages that differ.
    """
    changed = changed_packages(packages)
    versions = f"since then: {', '.join(changed)}" if changed else "with the same packages"
    recorded = np.array(golden.predictions, dtype=np.float64)  # (m, t); None becomes NaN
    try:
        found = _as_table(
            np.asarray(predict(_inputs(golden.sequences, golden.covariates))), len(golden.sequences)
        )
    except Exception as error:  # whatever a damaged or foreign model raises
        raise BundleError(
            f"{where}: the model does not predict any more "
            f"({type(error).__name__}: {_first_line(error)}); {versions}"
        ) from error
    found = np.where(np.isfinite(found), found, np.nan)
    relative, absolute = _TOLERANCES.get(golden.dtype, _DEFAULT)
    if found.shape == recorded.shape:
        # Sums of numbers of the targets' size are rounded to it, also where they come out near 0.
        absolute = np.maximum(absolute, relative * np.nan_to_num(np.ptp(recorded, axis=0)))
        same = np.isclose(found, recorded, rtol=relative, atol=absolute, equal_nan=True)
        if same.all():
            return
        row, column = (int(i) for i in np.argwhere(~same)[0])
        detail = (
            f"golden prediction {row + 1} of {len(recorded)} is {found[row, column]:.9g}, "
            f"was {recorded[row, column]:.9g} when it was saved"
        )
    else:
        detail = f"golden predictions have the shape {found.shape}, had {recorded.shape}"
    raise BundleError(
        f"{where}: {detail} ({versions}); install the recorded versions or train again"
    )


def _first_line(error: BaseException) -> str:
    text = str(error).strip()
    return text.splitlines()[0][:200] if text else "no message"
