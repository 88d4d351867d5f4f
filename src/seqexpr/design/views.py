"""From what a user names to what of a model is looked at: goals, targets, covariates."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from seqexpr.data.covariates import CovariateReading, read_covariates
from seqexpr.design.objective import By, Goal, Objective, View
from seqexpr.errors import InputError, UnknownNameError, did_you_mean
from seqexpr.recipe import read_duration

if TYPE_CHECKING:
    from seqexpr.bundle.bundle import Bundle

__all__ = ["make_views", "read_goal", "read_pairs", "read_seconds"]


def read_goal(
    goal: str | float, *, against: str | None, by: str, in_domain: bool
) -> Objective:  # fmt: skip
    """Return the objective that a goal stands for.

    Parameters
    ----------
    goal : str or float
        "max", "min", or a value in units of the prediction.
    against : str or None
        What is to stay low beside it; with it, the goal is to separate the two.
    by : {"bound", "prediction"}
        What sequences are ranked by.
    in_domain : bool
        Whether designs must lie in the training domain.

    Raises
    ------
    InputError
        If the goal is something else.

    Examples
    --------
    >>> read_goal("2.5", against=None, by="bound", in_domain=True).value
    2.5
    """
    ways: dict[str, By] = {"bound": "bound", "prediction": "prediction"}
    if by not in ways:
        hint = did_you_mean(by, ways) or ";"
        raise UnknownNameError(f"unknown objective {by!r}{hint} known: bound, prediction")
    value = None
    name: Goal = "max"
    if str(goal) in ("max", "min"):
        name = "max" if str(goal) == "max" else "min"
    else:
        try:
            name, value = "value", float(goal)
        except ValueError:
            value = float("nan")
        if not np.isfinite(value):
            hint = did_you_mean(str(goal), ["max", "min"]) or ";"
            raise InputError(f"goal {goal!r}{hint} write max, min or a number")
    if against is not None:
        if name != "max":
            raise InputError(f"goal {goal!r}: to separate two (--against), leave it at max")
        name = "separate"
    return Objective(name, value=value, by=ways[by], in_domain=in_domain)


def read_pairs(texts: Any) -> dict[str, str]:
    """Read NAME=VALUE pairs.

    Raises
    ------
    InputError
        If one is something else.

    Examples
    --------
    >>> read_pairs(["condition=heat"])
    {'condition': 'heat'}
    """
    pairs = {}
    for text in texts:
        name, equals, value = str(text).partition("=")
        if not equals or not name.strip():
            raise InputError(f"covariate {text!r}: write NAME=VALUE, such as condition=heat")
        pairs[name.strip()] = value.strip()
    return pairs


def read_seconds(text: str) -> int:
    """Return the seconds that a text such as "10m" stands for.

    Raises
    ------
    InputError
        If it is something else.

    Examples
    --------
    >>> read_seconds("90s"), read_seconds("1h30m")
    (90, 5400)
    """
    try:
        return read_duration(text)
    except ValueError as error:
        raise InputError(f"time: {error}") from error


def make_views(
    bundle: Bundle,
    *,
    target: str | None,
    against: str | None,
    covariates: Mapping[str, object],
) -> tuple[View, ...]:
    """Return what of a model is looked at: one view, or to separate two.

    Parameters
    ----------
    bundle : Bundle
        The model.
    target : str or None
        Which target; may be left out where there is one.
    against : str or None
        To separate: another target, or NAME=VALUE of a covariate that is to be
        different there.
    covariates : mapping of str to value
        What the model reads beside the sequence, all of it.

    Raises
    ------
    InputError
        If a covariate is missing, or there is none of this name or value.
    UnknownNameError
        If there is no such target.
    """
    names = bundle.target_names
    if target is None and len(names) > 1:
        raise InputError(
            f"the model predicts {len(names)} targets ({', '.join(names)}); say which one: --target"
        )
    first = View(0 if target is None else _find(target, names), _beside(bundle, covariates))
    if against is None:
        return (first,)
    if "=" in against and against not in names:
        other = dict(covariates) | read_pairs([against])
        second = View(first.target, _beside(bundle, other))
        if other == dict(covariates):
            raise InputError(f"against {against!r}: that is what the covariates say already")
    else:
        second = View(_find(against, names), first.beside)
        if second.target == first.target:
            raise InputError(f"against {against!r}: that is the target itself")
    return first, second


def _find(name: str, names: tuple[str, ...]) -> int:
    if name not in names:
        hint = did_you_mean(name, names) or ";"
        raise UnknownNameError(
            f"the model has no target {name!r}{hint} it predicts {', '.join(names)}"
        )
    return names.index(name)


def _beside(bundle: Bundle, covariates: Mapping[str, object]) -> CovariateReading | None:
    """Return one row of what the model reads beside the sequence, checked."""
    import pandas as pd

    known = [item.name for item in bundle.covariates]
    for name in covariates:
        if name not in known:
            hint = did_you_mean(name, known) or ";"
            what = f"it reads {', '.join(known)}" if known else "it reads nothing but the sequence"
            raise InputError(f"the model has no covariate {name!r}{hint} {what}")
    if not known:
        return None
    missing = [item for item in bundle.covariates if item.name not in covariates]
    if missing:
        raise InputError(
            f"the model reads {missing[0].name!r} beside the sequence "
            f"({missing[0].in_words()}); say which to design for: "
            f"--covariate {missing[0].name}=VALUE"
        )
    reading = read_covariates(
        pd.DataFrame({k: [v] for k, v in covariates.items()}), bundle.covariates
    )
    reading.check(bundle.covariates)
    return reading
