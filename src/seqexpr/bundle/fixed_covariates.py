"""One value of each covariate for all sequences: where only the sequence changes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from seqexpr.data.covariates import CovariateReading, read_covariates
from seqexpr.errors import InputError, did_you_mean

if TYPE_CHECKING:
    from seqexpr.bundle.bundle import Bundle

__all__ = ["fixed_covariates", "parse_covariates"]


def parse_covariates(texts: list[str] | None) -> dict[str, str]:
    """Read ``NAME=VALUE``, as the command line takes them.

    Raises
    ------
    InputError
        If there is no equals sign, or a name comes twice.

    Examples
    --------
    >>> parse_covariates(["condition=heat", "dose=2"])
    {'condition': 'heat', 'dose': '2'}
    """
    values: dict[str, str] = {}
    for text in texts or []:
        name, sign, value = text.partition("=")
        if not sign or not name or name in values:
            raise InputError(
                f"--covariate {text!r}: write NAME=VALUE, each name once, as in condition=heat"
            )
        values[name] = value
    return values


def fixed_covariates(
    bundle: Bundle, given: Mapping[str, object] | None, *, n: int
) -> CovariateReading | None:
    """Return the covariates of n rows that all have the same values.

    Parameters
    ----------
    bundle : Bundle
        A loaded model.
    given : mapping of str to str or float, or None
        The value of each covariate by its name.
    n : int
        Number of rows.

    Returns
    -------
    CovariateReading or None
        None for a model of sequences alone.

    Raises
    ------
    InputError
        If one is missing, is not known to the model, or has a value that the model
        cannot take.
    """
    import pandas as pd

    values = dict(given or {})
    names = [item.name for item in bundle.covariates]
    for name in values:
        if name not in names:
            known = f"it reads {', '.join(map(repr, names))}" if names else "it reads none"
            hint = did_you_mean(name, names)
            raise InputError(f"the model has no covariate {name!r}; {known}{hint}")
    for item in bundle.covariates:
        if item.name not in values:
            raise InputError(
                f"the model reads {item.name!r} beside the sequence ({item.in_words()}); "
                f"say which: --covariate {item.name}=VALUE"
            )
    if not names:
        return None
    row = pd.DataFrame({name: [values[name]] for name in names})
    read_covariates(row, bundle.covariates).check(bundle.covariates)
    return read_covariates(row.loc[[0] * n].reset_index(drop=True), bundle.covariates)
