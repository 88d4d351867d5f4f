"""Standard errors of the first target, from whatever the table gives of them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from seqexpr.data.cells import to_numbers
from seqexpr.data.columns import ColumnRoles
from seqexpr.data.vocabulary import ERROR_VARIANCE, STANDARD_DEVIATION, plain_name
from seqexpr.errors import ColumnError

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["at_least_zero", "standard_errors_of"]

Floats = npt.NDArray[np.float64]


def at_least_zero(values: Floats) -> Floats:
    """Return the values with NaN (not known) where they are negative.

    Examples
    --------
    >>> at_least_zero(np.array([2.0, -1.0, np.nan])).tolist()
    [2.0, nan, nan]
    """
    return np.where(values >= 0, values, np.nan)


def standard_errors_of(frame: pd.DataFrame, roles: ColumnRoles) -> Floats | None:
    """Return the standard error of each row's target, in the target's unit.

    The name of the error column says what it holds:

    - ``sd``, ``std``, ``…_sd``: standard deviation s over r replicates; the
      standard error of their mean is s / √r.
    - ``var``, ``…_variance``: variance s² over r replicates, so s / √r; but
      where variance times r is one and the same number in all rows, it is a
      common s² already divided by r, so its root is the standard error.
    - any other name: the standard error itself.

    r is read from the column of the number of replicates, or counted from the
    replicate columns.

    Parameters
    ----------
    frame : DataFrame, n rows
        The table as read.
    roles : ColumnRoles
        What each column is.

    Returns
    -------
    ndarray of float64, shape (n,), or None
        NaN where not known; None if no column holds errors.

    Raises
    ------
    ColumnError
        If r is needed and not known.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"s": ["AC", "GT"], "y": ["1", "2"], "sd": ["2", "3"],
    ...                       "n_replicates": ["4", "9"]})
    >>> roles = ColumnRoles("s", ("y",), error="sd", n_replicates="n_replicates")
    >>> standard_errors_of(frame, roles).tolist()
    [1.0, 1.0]
    """
    if roles.error is None:
        return None
    values = at_least_zero(to_numbers(frame[roles.error]))
    name = plain_name(roles.error)
    is_variance = re.fullmatch(ERROR_VARIANCE, name) is not None
    if not is_variance and not re.fullmatch(STANDARD_DEVIATION, name):
        return values
    r = _n_replicates(frame, roles)
    if is_variance:
        shared = (values * r)[np.isfinite(values * r)]
        unequal = len(np.unique(r[np.isfinite(r)])) > 1
        if unequal and len(shared) and np.ptp(shared) <= 1e-3 * shared.mean():
            return np.sqrt(values)  # a common variance, divided by r before
        values = np.sqrt(values)
    return values / np.sqrt(r)


def _n_replicates(frame: pd.DataFrame, roles: ColumnRoles) -> Floats:
    if roles.n_replicates is not None:
        r = to_numbers(frame[roles.n_replicates])
    elif roles.replicates:
        columns = [to_numbers(frame[name]) for name in roles.replicates]
        r = np.isfinite(np.column_stack(columns)).sum(axis=1).astype(np.float64)
    else:
        raise ColumnError(
            f"column {roles.error!r} holds a deviation between replicates, whose number is not "
            "known; add a column n_replicates, or name a column of standard errors"
        )
    return np.where(r >= 1, r, np.nan)
