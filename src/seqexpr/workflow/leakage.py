"""How near the test set is to train, and what a random split would have pretended."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from seqexpr.errors import InputError, MissingExtraError, SplitError
from seqexpr.evaluation.inflation import measure_inflation
from seqexpr.evaluation.similarity import score_by_similarity
from seqexpr.splits.audit import NearestTrain, audit_leakage, nearest_train
from seqexpr.splits.folds import make_folds
from seqexpr.splits.homology import find_families
from seqexpr.splits.units import find_units

if TYPE_CHECKING:
    from seqexpr.workflow.appraisal import Scene

__all__ = ["measure_leakage"]

WORTH_A_WARNING = 0.05
"""Share of test rows with a near relative in train from which the reader is warned."""
_FOLDS = 3


def measure_leakage(
    scene: Scene, groups: npt.NDArray[np.object_] | None, *, rng: np.random.Generator
) -> tuple[dict[str, Any] | None, tuple[str, ...]]:
    """Audit the split, whoever made it, and measure what relatives in train are worth.

    Parameters
    ----------
    scene : Scene
        A run whose test set is open.
    groups : ndarray of str, shape (n_test,), or None
        Units of the test rows.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    leakage : dict or None
        ``{"audit": LeakageAudit, "similarity": [SimilarityBin], "inflation":
        [Inflation] or None, "reason"}``, JSON-ready; ``reason`` says why there
        is no inflation. None where MMseqs2 is needed and not installed.
    warnings : tuple of str
        What the reader of the scores should know.
    """
    try:
        near = _nearest(scene, rng)
    except MissingExtraError as error:
        return None, (f"how near the test is to train was not measured: {error}",)
    audit = audit_leakage(near).to_dict()
    curve = score_by_similarity(
        scene.observed[near.rows, 0], scene.chosen.test[near.rows, 0], near.identity,
        rng=rng, groups=None if groups is None else groups[near.rows],
    )  # fmt: skip
    inflation, reason = _inflation(scene, rng)
    leakage = {
        "audit": audit,
        "similarity": [row.to_dict() for row in curve],
        "inflation": inflation,
        "reason": reason,
    }
    return leakage, _warnings(audit)


def _nearest(scene: Scene, rng: np.random.Generator) -> NearestTrain:
    """Find the nearest train sequence of each test row; in the other folds where there are."""
    split, threads = scene.split, scene.jobs
    sequences = scene.dataset.sequences
    if not scene.cross_validated:
        train, test = sequences[split.train], sequences[split.test]
        return nearest_train(train, test, rng=rng, threads=threads)
    own = sequences[split.train]
    parts = []
    for fit, held in split.split():
        near = nearest_train(own[fit], own[held], rng=rng, threads=threads)
        place = np.where(near.nearest >= 0, fit[near.nearest], -1)
        parts.append(replace(near, rows=held[near.rows], nearest=place))
    order = np.argsort(np.concatenate([part.rows for part in parts]))
    return NearestTrain(
        rows=np.concatenate([part.rows for part in parts])[order],
        identity=np.concatenate([part.identity for part in parts])[order],
        coverage=np.concatenate([part.coverage for part in parts])[order],
        nearest=np.concatenate([part.nearest for part in parts])[order],
        strand=np.concatenate([part.strand for part in parts])[order],
        method=parts[0].method,
        n_test=len(own),
    )


def _inflation(scene: Scene, rng: np.random.Generator) -> tuple[list[dict[str, Any]] | None, str]:
    """Score the chosen model on train with random folds and with folds of families."""
    train = scene.train
    if not scene.has_time:
        return None, "the budget was spent"
    families = None if scene.split.units is None else scene.split.units[scene.split.train]
    if families is None:
        families, _, why = find_families(train, rng=rng, threads=scene.jobs)
        if families is None:
            return None, why
    copies = find_units(train.sequences)
    if len(np.unique(families)) == len(np.unique(copies)):
        return None, "no two different train sequences are related"

    try:
        found = measure_inflation(
            scene.fit, train.inputs, train.targets[:, 0],
            family_folds=make_folds(families, train.targets, n_folds=_FOLDS, rng=rng),
            random_folds=make_folds(copies, train.targets, n_folds=_FOLDS, rng=rng),
            families=families, copies=copies, rng=rng,
        )  # fmt: skip
    except (InputError, SplitError) as error:
        return None, str(error)
    return [score.to_dict() for score in found], ""


def _warnings(audit: dict[str, Any]) -> tuple[str, ...]:
    share = audit["share_near"]
    if share is None or share < WORTH_A_WARNING:
        return ()
    text = (
        f"{audit['n_near']:,} of {audit['n_looked_at']:,} test sequences ({share:.0%}) have a "
        f"train sequence of at least {audit['min_identity']:.0%} identity: scores on them say how "
        "well the model does on close relatives"
    )
    return (text,)
