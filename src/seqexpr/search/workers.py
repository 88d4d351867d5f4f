"""What the worker processes of the search do: trials, and the fit of what was chosen."""

from __future__ import annotations

import time
import warnings
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from seqexpr.errors import InputError
from seqexpr.models.fitting import fit_model
from seqexpr.models.training.context import training_context
from seqexpr.search.blocks import Library
from seqexpr.search.candidates import Candidate
from seqexpr.search.kept import KeptFits, are_kept
from seqexpr.search.material import Material
from seqexpr.search.matrices import MatrixStore
from seqexpr.search.trials import Outcome, run_fold, run_trial

__all__ = ["FinalFit", "fit_finally", "try_candidate", "try_fold"]

MATERIAL_FILE = "material.npz"


@dataclass(frozen=True, eq=False)
class FinalFit:
    """A candidate, fitted on all train rows.

    Attributes
    ----------
    model : Pipeline
        Fitted.
    test : ndarray of float64, shape (n_test, t)
        Predictions of the test rows.
    seconds : float
        Wall-clock time of the fit.
    n_features : int or None
        Number of features.
    warnings : tuple of str
        Warnings that its fit gave.
    """

    model: Any
    test: npt.NDArray[np.float64]
    seconds: float
    n_features: int | None
    warnings: tuple[str, ...] = ()


_opened: dict[str, tuple[Material, MatrixStore]] = {}


def _open(folder: str, max_bytes: int) -> tuple[Material, MatrixStore]:
    if folder not in _opened:
        _opened.clear()
        if not Path(folder, MATERIAL_FILE).is_file():
            raise InputError(
                f"a worker does not find the rows of the search in {folder}; name an output that "
                "all machines share"
            )
        material = Material.read(Path(folder, MATERIAL_FILE))
        _opened[folder] = material, MatrixStore(Path(folder, "matrices"), max_bytes=max_bytes)
    return _opened[folder]


def try_candidate(
    folder: str,
    choices: Mapping[str, Any],
    library: Library,
    *,
    bars: Mapping[str, float],
    seconds_left: float,
    max_bytes: int,
    rounds: int = 0,
) -> Outcome:
    """Run one trial, in a worker; see :func:`seqexpr.search.trials.run_trial`."""
    material, store = _open(folder, max_bytes)
    candidate = Candidate(choices, library)
    with _networks(folder, material):
        return run_trial(
            candidate, material, store=store, bars=bars, seconds_left=seconds_left,
            fits=Path(folder), rounds=rounds,
        )  # fmt: skip


def try_fold(
    folder: str,
    choices: Mapping[str, Any],
    library: Library,
    *,
    fold: int,
    seconds_left: float,
    max_bytes: int,
) -> Outcome:
    """Fit a network without one fold, in a worker; see :func:`seqexpr.search.trials.run_fold`."""
    material, store = _open(folder, max_bytes)
    candidate = Candidate(choices, library)
    with _networks(folder, material):
        return run_fold(
            candidate, material, fold, store=store, fits=Path(folder), seconds_left=seconds_left
        )


def _networks(folder: str, material: Material) -> AbstractContextManager[Any]:
    """Say where networks are trained, and where they keep what a kill must not lose."""
    return training_context(
        device=material.device, init_from=material.init_from, checkpoints=Path(folder, "networks")
    )


def fit_finally(
    folder: str, choices: Mapping[str, Any], library: Library, *, test: Any, max_bytes: int
) -> FinalFit:
    """Fit a candidate on all train rows, in a worker, and predict the test rows.

    A network is not fitted anew: it is the mean of its fits without one fold each.
    """
    material, _ = _open(folder, max_bytes)
    started = time.perf_counter()
    targets = material.targets[:, 0] if material.targets.shape[1] == 1 else material.targets
    candidate = Candidate(choices, library)
    model = material.build(candidate)
    with warnings.catch_warnings(record=True) as caught, _networks(folder, material):
        warnings.simplefilter("always")
        kept = None
        if are_kept(candidate, material):
            kept = KeptFits(Path(folder), candidate).assemble(model[-1])
        if kept is not None:
            model.steps[-1] = (model.steps[-1][0], kept)
        else:
            fit_model(
                model, material.inputs, targets, sample_weight=material.weights,
                groups=material.units,
            )  # fmt: skip
        seconds = time.perf_counter() - started
        predicted = np.asarray(model.predict(test), dtype=np.float64).reshape(len(test), -1)
    try:
        names = model[:-1].get_feature_names_out()
    except AttributeError:
        names = None
    n_features = None if names is None else len(names)
    texts = tuple(dict.fromkeys(str(w.message) for w in caught))
    return FinalFit(model, predicted, seconds, n_features, texts)
