"""What is found out about the chosen model beyond its scores."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from seqexpr.data.covariates import describe_covariates, read_covariates
from seqexpr.data.inputs import Inputs, model_inputs
from seqexpr.errors import SplitError
from seqexpr.evaluation.calibration import Calibration, Trust, calibrate
from seqexpr.evaluation.ceiling import noise_ceiling
from seqexpr.evaluation.controls import run_controls
from seqexpr.evaluation.coverage import coverage_table
from seqexpr.evaluation.floor import find_floor, floor_scores
from seqexpr.evaluation.noise import measurement_noise
from seqexpr.models.fitting import fit_model
from seqexpr.models.with_covariates import build_model
from seqexpr.workflow.diagnosis import draw_learning_curve, find_limits
from seqexpr.workflow.leakage import measure_leakage
from seqexpr.workflow.progress import Progress, Step

if TYPE_CHECKING:
    from seqexpr.data.dataset import Dataset
    from seqexpr.evaluation.evaluation import Score
    from seqexpr.models.targets import TargetTransform
    from seqexpr.recipe import Recipe
    from seqexpr.splits.split import Split
    from seqexpr.workflow.budget import Budget
    from seqexpr.workflow.ladder import Rung

__all__ = ["Findings", "Scene", "appraise", "calibrate_chosen"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
# Each part draws from a generator of its own, so that none changes the others' numbers.
_CALIBRATION, _CEILING, _LEAKAGE, _CONTROLS, _FLOOR, _CURVE, _LIMITS = range(1, 8)


@dataclass(frozen=True, eq=False)
class Scene:
    """A run whose model is chosen and whose test set is open.

    Attributes
    ----------
    recipe : Recipe
        Every choice.
    dataset : Dataset, n rows
        All rows, targets as measured.
    split : Split
        Which rows train and which test.
    units : ndarray of int64, shape (n,)
        Unit of each row.
    transform : TargetTransform
        The scale that is modelled.
    train : Dataset
        The train rows, targets on the modelled scale.
    rungs : tuple of Rung
        Every model, simplest first.
    chosen : Rung
        The selected one, with its fitted model.
    calibration : Calibration
        Its intervals and its training domain.
    observed : ndarray of float64, shape (n_test, t)
        Test targets on the modelled scale.
    target_names : tuple of str, length t
        On the modelled scale.
    r2 : Score
        Of the selected model on test, first target.
    jobs : int
        Threads.
    cross_validated : bool
        Whether every row was tested out of its fold; then train and test are
        the same rows.
    stand_in : Rung, optional
        What controls, learning curve and inflation are measured with, where
        the chosen model takes too long to be fitted again and again.
    budget : Budget, optional
        What is left of the time of a search; None = no limit.
    """

    recipe: Recipe
    dataset: Dataset
    split: Split
    units: Ints
    transform: TargetTransform
    train: Dataset
    rungs: tuple[Rung, ...]
    chosen: Rung
    calibration: Calibration
    observed: Floats
    target_names: tuple[str, ...]
    r2: Score
    jobs: int
    cross_validated: bool = False
    stand_in: Rung | None = None
    budget: Budget | None = None

    @property
    def has_time(self) -> bool:
        """Whether a search has left time for what is not needed to use the model."""
        return self.budget is None or self.budget.left() > 0

    @property
    def appraised(self) -> Rung:
        """The rung whose kind of model is fitted anew: the chosen one, or its stand-in."""
        return self.stand_in or self.chosen

    @cached_property
    def test_trust(self) -> Trust:
        """Intervals and distances to the training set of the test rows."""
        if self.cross_validated and self.calibration.train is not None:
            return self.calibration.train
        test, strangeness = self.dataset.take(self.split.test), None
        if test.covariates is not None:
            known = describe_covariates(self.train.covariates)
            strangeness = read_covariates(test.covariates, known).strangeness
        return self.calibration.judge(test.sequences, self.chosen.test, strangeness=strangeness)

    def fit(self, inputs: Inputs, targets: Floats, units: Ints) -> Any:
        """Fit the appraised kind of model anew on some train rows, keeping units whole."""
        model = build_model(
            self.appraised.spec,
            self.train.covariates,
            random_state=self.recipe.seed,
            n_jobs=self.jobs,
        )
        return fit_model(model, model_inputs(inputs), targets, groups=units)

    def rng(self, part: int) -> np.random.Generator:
        """Return the generator of one part of the appraisal."""
        return np.random.default_rng([self.recipe.seed, part])


@dataclass(frozen=True)
class Findings:
    """The parts of an Evaluation that go beyond scores; None = not measured."""

    leakage: Mapping[str, Any] | None = None
    controls: Mapping[str, Any] | None = None
    ceiling: Mapping[str, Any] | None = None
    floor: Mapping[str, Any] | None = None
    intervals: Mapping[str, Any] | None = None
    learning_curve: Mapping[str, Any] | None = None
    diagnosis: Mapping[str, Any] | None = None
    warnings: tuple[str, ...] = ()

    @property
    def parts(self) -> dict[str, Mapping[str, Any] | None]:
        """All but the warnings, by the names that an Evaluation has for them."""
        return {key: value for key, value in vars(self).items() if key != "warnings"}


def calibrate_chosen(
    chosen: Rung, train: Dataset, *, split: Split, units: Ints, recipe: Recipe
) -> Calibration:
    """Calibrate the chosen model on its out-of-fold predictions; the test has no part in it."""
    return calibrate(
        train.targets,
        chosen.out_of_fold,
        sequences=train.sequences,
        folds=split.folds,
        groups=as_labels(units),
        level=recipe.interval_level,
        rng=np.random.default_rng([recipe.seed, _CALIBRATION]),
    )


def as_labels(units: Ints) -> npt.NDArray[np.object_] | None:
    """Return units as labels; None where each row is a unit of its own."""
    if len(np.unique(units)) == len(units):
        return None
    return units.astype(str).astype(object)


def appraise(scene: Scene, *, on_step: Progress) -> Findings:
    """Measure what the scores alone do not say.

    The preset "tutorial" is the tutorial's method and nothing else: its split is
    not audited, and no controls are run.
    """
    groups = as_labels(scene.units[scene.split.test])
    on_step(Step("noise ceiling and coverage", kind="step"))
    ceiling, reason = _ceiling(scene, groups)
    if reason:
        on_step(Step(f"no noise ceiling: {reason}", kind="note"))
    if scene.recipe.preset == "tutorial":
        return Findings(
            ceiling=ceiling,
            floor=_floor(scene, groups),
            intervals=_coverage(scene, groups),
            warnings=scene.calibration.warnings,
        )
    on_step(Step("negative controls", kind="step"))
    controls, more = _controls(scene)
    on_step(Step("distance of the test to train", kind="step"))
    leakage, warnings = measure_leakage(scene, groups, rng=scene.rng(_LEAKAGE))
    on_step(Step("learning curve", kind="step"))
    curve = None
    if scene.has_time:
        curve = draw_learning_curve(scene, rng=scene.rng(_CURVE))
    else:
        more = (*more, "no learning curve: the budget was spent")
    parts = {
        "ceiling": ceiling,
        "learning_curve": curve,
        "controls": controls,
        "floor": _floor(scene, groups),
    }
    return Findings(
        **parts,
        leakage=leakage,
        intervals=_coverage(scene, groups),
        diagnosis=find_limits(scene, parts, rng=scene.rng(_LIMITS)),
        warnings=(*scene.calibration.warnings, *warnings, *more),
    )


def _controls(scene: Scene) -> tuple[Mapping[str, Any] | None, tuple[str, ...]]:
    """Run the negative controls on train rows, with the chosen model."""
    if not scene.has_time:
        return None, ("no negative controls: the budget was spent",)
    train = scene.train
    try:
        controls = run_controls(
            scene.fit,
            train.inputs,
            train.targets[:, 0],
            units=scene.units[scene.split.train],
            rng=scene.rng(_CONTROLS),
        )
    except SplitError as error:
        return None, (f"no negative controls: {error}",)
    leak = (controls.sentence,) if controls.status == "leak" else ()
    return controls.to_dict(), leak


def _floor(scene: Scene, groups: npt.NDArray[np.object_] | None) -> Mapping[str, Any] | None:
    """Score the first target in two parts, if the train rows have a floor."""
    floor = find_floor(scene.train.targets[:, 0])
    if floor is None:
        return None
    found = floor_scores(
        scene.observed[:, 0], scene.chosen.test[:, 0], floor=floor, groups=groups,
        rng=scene.rng(_FLOOR),
    )  # fmt: skip
    return None if found is None else {"target": scene.target_names[0], **found.to_dict()}


def _coverage(scene: Scene, groups: npt.NDArray[np.object_] | None) -> Mapping[str, Any] | None:
    """Measure on test how often the intervals hold."""
    if scene.calibration.intervals is None:
        return None
    trust = scene.test_trust
    return coverage_table(
        scene.observed, trust.lower, trust.upper, predicted=scene.chosen.test,
        target_names=scene.target_names, level=scene.recipe.interval_level,
        domain_scores=trust.domain_scores, groups=groups,
    )  # fmt: skip


def _ceiling(
    scene: Scene, groups: npt.NDArray[np.object_] | None
) -> tuple[Mapping[str, Any] | None, str]:
    """Return the noise ceiling of the first target on test, or say why there is none."""
    noise, reason = measurement_noise(scene.dataset, scene.transform)
    if noise is None:
        return None, reason
    ceiling = noise_ceiling(
        scene.observed[:, 0],
        noise.take(scene.split.test),
        target=scene.target_names[0],
        predictions={rung.spec.name: rung.test[:, 0] for rung in scene.rungs},
        groups=groups,
        rng=scene.rng(_CEILING),
    )
    if ceiling is None:
        return None, "too few test rows of known noise"
    return ceiling.to_dict(), ""
