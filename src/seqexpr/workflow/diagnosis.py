"""Learning curve of the chosen model, and what limits it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from seqexpr.evaluation.diagnosis import diagnose
from seqexpr.evaluation.learning_curve import measure_learning_curve
from seqexpr.evaluation.target_shift import measure_target_shift
from seqexpr.workflow.ladder import fit_rung, predict_targets

if TYPE_CHECKING:
    from seqexpr.workflow.appraisal import Scene

__all__ = ["draw_learning_curve", "find_limits"]

Ints = npt.NDArray[np.int64]


def draw_learning_curve(scene: Scene, *, rng: np.random.Generator) -> dict[str, Any] | None:
    """Return ``learning_curve`` of evaluation.json: the chosen model on parts of train."""
    train, own = scene.train, scene.units[scene.split.train]
    spec, seed = scene.appraised.spec, scene.recipe.seed

    def predict(fit: Ints, held: Ints) -> npt.NDArray[np.float64]:
        model = fit_rung(spec, train.take(fit), units=own[fit], seed=seed, jobs=scene.jobs)
        predicted = predict_targets(model, train.take(held).inputs, train.targets.shape[1])
        return np.asarray(predicted)[:, 0]

    # Nested predictions are those of the procedure, not of this model.
    full = None if scene.cross_validated else scene.appraised.out_of_fold[:, 0]
    curve = measure_learning_curve(
        predict, train.targets[:, 0], cv=list(scene.split.split()), units=own, rng=rng, full=full
    )
    return None if curve is None else curve.to_dict()


def find_limits(
    scene: Scene, parts: Mapping[str, Mapping[str, Any] | None], *, rng: np.random.Generator
) -> dict[str, Any]:
    """Return ``diagnosis`` of evaluation.json: what limits the chosen model.

    Parameters
    ----------
    scene : Scene
        A run whose test set is open.
    parts : mapping
        ``ceiling``, ``learning_curve``, ``controls`` and ``floor``.
    rng : numpy.random.Generator
        Source of randomness.
    """
    shift = None
    if not scene.cross_validated:
        rows = scene.split.train, scene.split.test
        found = measure_target_shift(
            scene.train.targets[:, 0], scene.observed[:, 0],
            units=(scene.units[rows[0]], scene.units[rows[1]]), rng=rng,
        )  # fmt: skip
        shift = None if found is None else found.to_dict()
    r2 = {name: getattr(scene.r2, name) for name in ("value", "low", "high")}
    findings = diagnose(r2, shift=shift, **parts)
    return {"shift": shift, "findings": [asdict(finding) for finding in findings]}
