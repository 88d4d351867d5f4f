"""Files of a bundle that say how far to trust a prediction, as plain numbers."""

from __future__ import annotations

import json
from typing import Any

from seqexpr.errors import BundleError, InputError
from seqexpr.evaluation.calibration import Calibration
from seqexpr.evaluation.conformal import PredictionIntervals
from seqexpr.evaluation.differences import DifferenceIntervals
from seqexpr.evaluation.domain import TrainingDomain

__all__ = [
    "DIFFERENCES_NAME",
    "DOMAIN_NAME",
    "INTERVALS_NAME",
    "calibration_files",
    "read_calibration",
]

INTERVALS_NAME = "conformal.json"
DOMAIN_NAME = "domain.json"
DIFFERENCES_NAME = "differences.json"


def calibration_files(calibration: Calibration | None) -> dict[str, bytes]:
    """Return the files that hold a calibration: up to three.

    Parameters
    ----------
    calibration : Calibration or None
        What could be measured.

    Examples
    --------
    >>> calibration_files(Calibration(None, None))
    {}
    """
    parts = calibration or Calibration(None, None)
    documents: dict[str, PredictionIntervals | TrainingDomain | DifferenceIntervals | None] = {
        INTERVALS_NAME: parts.intervals,
        DOMAIN_NAME: parts.domain,
        DIFFERENCES_NAME: parts.differences,
    }
    return {
        name: (json.dumps(part.to_dict(), allow_nan=False) + "\n").encode()
        for name, part in documents.items()
        if part is not None
    }


def read_calibration(contents: dict[str, bytes], *, n_targets: int, where: str) -> Calibration:
    """Return the calibration that files of a bundle hold; each may be absent.

    Parameters
    ----------
    contents : dict of str to bytes
        Files of the bundle.
    n_targets : int
        Targets of the model.
    where : str
        Name of the bundle, for messages.

    Raises
    ------
    BundleError
        If one is not what it should be, or does not fit the model.
    """
    intervals = domain = differences = None
    try:
        if INTERVALS_NAME in contents:
            name = INTERVALS_NAME
            intervals = PredictionIntervals.from_dict(_parse(contents[name]))
        if DOMAIN_NAME in contents:
            name = DOMAIN_NAME
            domain = TrainingDomain.from_dict(_parse(contents[name]))
        if DIFFERENCES_NAME in contents:
            name = DIFFERENCES_NAME
            differences = DifferenceIntervals.from_dict(_parse(contents[name]))
    except InputError as error:
        raise BundleError(f"{where}: {name}: {error}; {_REMEDY}") from error
    if intervals is not None:
        if len(intervals.targets) != n_targets:
            raise BundleError(
                f"{where}: {INTERVALS_NAME} is for {len(intervals.targets)} targets, the model "
                f"has {n_targets}; {_REMEDY}"
            )
        if domain is None and intervals.uses_domain:
            raise BundleError(f"{where}: {INTERVALS_NAME} needs {DOMAIN_NAME}; {_REMEDY}")
    if differences is not None and (
        intervals is None or len(differences.scores) != len(intervals.targets)
    ):
        raise BundleError(f"{where}: {DIFFERENCES_NAME} does not fit {INTERVALS_NAME}; {_REMEDY}")
    return Calibration(intervals, domain, differences=differences)


_REMEDY = "copy the bundle again from its source, or train again"


def _parse(data: bytes) -> dict[str, Any]:
    try:
        document = json.loads(data.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise InputError(f"not JSON ({error})") from error
    if not isinstance(document, dict):
        raise InputError(f"a {type(document).__name__}, not an object")
    return document
