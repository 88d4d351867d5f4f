"""The Run, and the folder it is written to: whole, or not at all."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from seqexpr.errors import OutputError
from seqexpr.files import atomic_path, check_writable, replace_folder
from seqexpr.search.triallog import STUDY_FILE

if TYPE_CHECKING:
    import pandas as pd

    from seqexpr.data.checks import CheckReport
    from seqexpr.data.dataset import Dataset
    from seqexpr.evaluation.calibration import Calibration
    from seqexpr.evaluation.evaluation import Evaluation
    from seqexpr.models.targets import TargetTransform
    from seqexpr.recipe import Recipe
    from seqexpr.splits.split import Split

__all__ = ["Run", "RunFolder", "leaderboard"]


@dataclass(frozen=True, eq=False)
class Run:
    """What training gives back.

    Attributes
    ----------
    evaluation : Evaluation
        Scores with intervals, predictions, circumstances.
    check : CheckReport
        What the input doctor found.
    split : Split
        Which rows trained and which tested.
    model : Pipeline
        The selected model, fitted on all train rows; predicts from sequences,
        or from a DataFrame with ``sequence`` and the covariates.
    recipe : Recipe
        Every choice.
    transform : TargetTransform
        The scale that is modelled, scored and predicted.
    path : Path or None
        The run folder, if one was written.
    """

    evaluation: Evaluation
    check: CheckReport
    split: Split
    model: Any
    recipe: Recipe
    transform: TargetTransform
    path: Path | None = None

    def predict(self, sequences: object) -> npt.NDArray[np.float64]:
        """Return predictions of the selected model, shape (n,) or (n, t)."""
        return np.asarray(self.model.predict(sequences), dtype=np.float64)

    @property
    def leaderboard(self) -> pd.DataFrame:
        """One row a model and target, best first; see :func:`leaderboard`."""
        return leaderboard(self.evaluation)


def leaderboard(evaluation: Evaluation) -> pd.DataFrame:
    """Return the scores as a wide table, one row for each model and target.

    Columns are target, model, title, selected, is_baseline, n_features,
    fit_seconds, and for each set and metric ``test_r2``, ``test_r2_low``,
    ``test_r2_high``. Rows are ordered by target, then by out-of-fold R² (by
    R² on test where there are no folds), best first.
    """
    import pandas as pd

    known = {model.name: model for model in evaluation.models}
    rows: dict[tuple[str, str], dict[str, Any]] = {}
    for score in evaluation.rows:
        model = known[score.model]
        row = rows.setdefault(
            (score.target, score.model),
            {
                "target": score.target,
                "model": model.name,
                "title": model.title,
                "selected": model.name == evaluation.selected,
                "is_baseline": model.is_baseline,
                "n_features": model.n_features,
                "fit_seconds": round(model.fit_seconds, 3),
            },
        )
        if score.set != "train":
            name = f"{score.set}_{score.metric}"
            row |= {name: score.value, f"{name}_low": score.low, f"{name}_high": score.high}
    frame = pd.DataFrame(list(rows.values()))
    by = "validation_r2" if "validation_r2" in frame else "test_r2"
    order = frame.groupby("target", sort=False).ngroup()
    frame = frame.assign(_target=order).sort_values(
        ["_target", by], ascending=[True, False], kind="stable", na_position="last"
    )
    return frame.drop(columns="_target").reset_index(drop=True)


class RunFolder:
    """Writes RUN beside its place and moves it there when it is whole.

    Finished rungs are kept in ``.RUN.partial`` until then, so that a run that
    was killed can be resumed.

    Parameters
    ----------
    path : Path
        Where the run folder shall be.
    overwrite : bool
        Whether a run folder that is there may be replaced.

    Raises
    ------
    OutputError
        If something is there and `overwrite` is false, if what is there is
        not a run folder, or if the place is not writable.
    """

    def __init__(self, path: Path, *, overwrite: bool) -> None:
        self.path = path
        if path.is_dir():
            is_run = (path / "recipe.toml").exists() or not any(path.iterdir())
            if not is_run:
                raise OutputError(f"{path} is a folder but not a run; choose another place with -o")
            if not overwrite and any(path.iterdir()):
                message = f"{path} holds a run already; pass --overwrite to replace it"
                raise OutputError(message)
        elif path.exists():
            raise OutputError(f"{path} is a file; choose another place with -o")
        check_writable(path)
        self.partial = path.absolute().with_name(f".{path.name}.partial")

    def rungs(self, key: str, *, resume: bool) -> Path:
        """Return the folder of finished rungs for `key`, emptied unless `resume`.

        Parameters
        ----------
        key : str
            Digest of the recipe and the data; rungs of another key are not
            taken up.
        resume : bool
            Whether to keep what an interrupted run has finished.
        """
        folder = self.partial / key
        if self.partial.exists() and not (resume and folder.exists()):
            shutil.rmtree(self.partial)
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OutputError(f"cannot write {folder}: {error.strerror}") from error
        return folder

    def has_finished_rungs(self) -> bool:
        """Whether an interrupted run left something to resume."""
        kept = (*self.partial.glob("*/*.npz"), *self.partial.glob("*/search/trial-*.npy"))
        return bool(kept)

    def clear_if_nothing_finished(self) -> None:
        """Remove the partial folder when there is nothing in it worth keeping."""
        if not self.has_finished_rungs():
            shutil.rmtree(self.partial, ignore_errors=True)

    def write(
        self,
        run: Run,
        train: Dataset,
        *,
        calibration: Calibration | None = None,
        further_digests: npt.NDArray[np.uint64] | None = None,
    ) -> None:
        """Write every file of the run, then move the folder to its place.

        `further_digests` are of sequences that the model was fitted on beside `train`.
        """
        from seqexpr.bundle.store import save_bundle
        from seqexpr.report.page import write_report

        draft = self.partial / "run"
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(parents=True)
        run.recipe.write(draft / "recipe.toml")
        run.evaluation.write(draft / "evaluation.json")
        with atomic_path(draft / "predictions.parquet") as temporary:
            run.evaluation.predictions.to_parquet(temporary, index=False)
        with atomic_path(draft / "leaderboard.csv") as temporary:
            run.leaderboard.to_csv(temporary, index=False, lineterminator="\n")
        _write_search(draft / "search", run.evaluation, self.partial)
        write_report(
            draft / "report.html", evaluation=run.evaluation, check=run.check, recipe=run.recipe
        )
        save_bundle(
            draft / "model", run.model, recipe=run.recipe, evaluation=run.evaluation, dataset=train,
            transform=run.transform, calibration=calibration, further_digests=further_digests,
        )  # fmt: skip
        replace_folder(draft, self.path.absolute())
        shutil.rmtree(self.partial, ignore_errors=True)


def _write_search(folder: Path, evaluation: Evaluation, partial: Path) -> None:
    """Write what a search tried: a table, and the Optuna study itself."""
    import pandas as pd

    if evaluation.search is None:
        return
    folder.mkdir()
    table = pd.DataFrame(evaluation.search["trials"]).drop(columns="choices")
    with atomic_path(folder / "trials.csv") as temporary:
        table.to_csv(temporary, index=False, lineterminator="\n")
    for study in set(partial.glob(f"*/search/{STUDY_FILE}")) - {folder / STUDY_FILE}:
        shutil.copyfile(study, folder / STUDY_FILE)
