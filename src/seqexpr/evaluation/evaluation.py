"""The Evaluation: what a run found, as data. It draws nothing."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self

from seqexpr.errors import InputError
from seqexpr.evaluation.comparison import Comparison
from seqexpr.files import atomic_path

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["FORMAT_VERSION", "Evaluation", "ModelSummary", "Score"]

FORMAT_VERSION = 1
SetName = Literal["train", "validation", "test"]


@dataclass(frozen=True)
class Score:
    """One row of the score table.

    Attributes
    ----------
    model : str
        Registered name of the model.
    target : str
        Name of the target.
    set : {"train", "validation", "test"}
        Rows it was computed on; "validation" is out-of-fold within train.
    metric : {"mse", "rmse", "mae", "r2", "pearson", "spearman"}
        Name of the metric.
    value, low, high : float or None
        The score and its 95% bootstrap interval; None where it is undefined
        (a correlation with a constant prediction).
    n : int
        Number of rows it was computed on.
    """

    model: str
    target: str
    set: SetName
    metric: str
    value: float | None
    low: float | None
    high: float | None
    n: int


@dataclass(frozen=True)
class ModelSummary:
    """One rung of the ladder, in words and costs.

    Attributes
    ----------
    name, title, description : str
        Registered name, short title, one plain sentence.
    is_baseline : bool
        Whether it is there for comparison only and is never selected.
    complexity : int
        Position on the ladder; simpler models come first.
    n_features : int or None
        Number of features that the fitted model saw.
    fit_seconds : float
        Wall-clock time of all its fits in this run.
    """

    name: str
    title: str
    description: str
    is_baseline: bool
    complexity: int
    n_features: int | None
    fit_seconds: float


@dataclass(frozen=True, eq=False)
class Evaluation:
    """Scores, predictions and circumstances of one run.

    Attributes
    ----------
    dataset : mapping
        source, n_rows, n_sequences, sha256, targets [{name, unit}], lengths
        {min, median, max}.
    split : mapping
        strategy, parameters, seed, reason, n_train, n_test, n_folds,
        n_excluded, sha256 (of the index arrays).
    selected : str
        Name of the model that was chosen, by out-of-fold score.
    rows : tuple of Score
        The tidy table of scores.
    simplest : str
        The simplest model that is not significantly worse than the selected
        one, out of fold; "" where it was not looked for.
    comparisons : tuple of Comparison
        Differences between every two models.
    models : tuple of ModelSummary
        The rungs that were fitted, simplest first.
    predictions : pandas.DataFrame
        id, set, fold, target, observed, predicted, lower, upper, in_domain of
        the selected model.
    leakage, ceiling, controls, intervals, floor, learning_curve, diagnosis : mapping or None
        Filled by the evaluation rooms that measure them; None = not measured.
    search : mapping or None
        What the preset "best" tried, what mattered and what the blend is made
        of; None where there was no search.
    cost : mapping or None
        Time and peak memory of the run.
    warnings : tuple of str
        What the reader of the scores should know.
    """

    dataset: Mapping[str, Any]
    split: Mapping[str, Any]
    selected: str
    rows: tuple[Score, ...]
    models: tuple[ModelSummary, ...]
    predictions: pd.DataFrame
    simplest: str = ""
    comparisons: tuple[Comparison, ...] = ()
    leakage: Mapping[str, Any] | None = None
    ceiling: Mapping[str, Any] | None = None
    controls: Mapping[str, Any] | None = None
    intervals: Mapping[str, Any] | None = None
    floor: Mapping[str, Any] | None = None
    learning_curve: Mapping[str, Any] | None = None
    diagnosis: Mapping[str, Any] | None = None
    search: Mapping[str, Any] | None = None
    cost: Mapping[str, Any] | None = None
    warnings: tuple[str, ...] = field(default=())

    def score(
        self,
        metric: str,
        *,
        model: str | None = None,
        target: str | None = None,
        set: SetName = "test",
    ) -> Score:
        """Return one score; by default of the selected model, first target, on test.

        Raises
        ------
        InputError
            If there is no such score.
        """
        model = model or self.selected
        for row in self.rows:
            if (row.model, row.set, row.metric) == (model, set, metric) and target in (
                None,
                row.target,
            ):
                return row
        raise InputError(f"no {metric} of model {model!r} on {set}")

    def to_dict(self) -> dict[str, Any]:
        """Return what evaluation.json holds: everything but the predictions."""
        return {
            "format_version": FORMAT_VERSION,
            "dataset": dict(self.dataset),
            "split": dict(self.split),
            "selected": self.selected,
            "rows": [asdict(row) for row in self.rows],
            "simplest": self.simplest,
            "comparisons": [asdict(row) for row in self.comparisons],
            "models": [asdict(model) for model in self.models],
            "leakage": self.leakage,
            "ceiling": self.ceiling,
            "controls": self.controls,
            "intervals": self.intervals,
            "floor": self.floor,
            "learning_curve": self.learning_curve,
            "diagnosis": self.diagnosis,
            "search": self.search,
            "cost": self.cost,
            "warnings": list(self.warnings),
        }

    def write(self, path: Path) -> None:
        """Write evaluation.json, atomically."""
        with atomic_path(path) as temporary:
            text = json.dumps(self.to_dict(), indent=1, allow_nan=False)
            temporary.write_text(text + "\n", encoding="utf-8")

    @classmethod
    def from_dict(
        cls, document: Mapping[str, Any], *, predictions: pd.DataFrame | None = None
    ) -> Self:
        """Return the Evaluation that :meth:`to_dict` described.

        Parameters
        ----------
        document : mapping
            What evaluation.json holds.
        predictions : pandas.DataFrame, optional
            What predictions.parquet holds; empty if not given.

        Raises
        ------
        InputError
            If the document is of another format, or a part of it is missing.

        Examples
        --------
        >>> import pandas as pd
        >>> score = Score("ridge", "y", "test", "r2", 0.5, 0.4, 0.6, 100)
        >>> first = Evaluation({}, {}, "ridge", (score,), (), pd.DataFrame())
        >>> Evaluation.from_dict(first.to_dict()).rows == first.rows
        True
        """
        import pandas as pd

        version = document.get("format_version")
        if version != FORMAT_VERSION:
            raise InputError(
                f"the evaluation has format_version {version!r}, this seqexpr reads "
                f"{FORMAT_VERSION}; use the seqexpr that wrote it"
            )
        try:
            return cls(
                dataset=document["dataset"],
                split=document["split"],
                selected=document["selected"],
                rows=tuple(Score(**row) for row in document["rows"]),
                models=tuple(ModelSummary(**model) for model in document["models"]),
                predictions=pd.DataFrame() if predictions is None else predictions,
                simplest=document.get("simplest", ""),
                comparisons=tuple(Comparison(**row) for row in document.get("comparisons", ())),
                leakage=document.get("leakage"),
                ceiling=document.get("ceiling"),
                controls=document.get("controls"),
                intervals=document.get("intervals"),
                floor=document.get("floor"),
                learning_curve=document.get("learning_curve"),
                diagnosis=document.get("diagnosis"),
                search=document.get("search"),
                cost=document.get("cost"),
                warnings=tuple(document.get("warnings", ())),
            )
        except (KeyError, TypeError) as error:
            raise InputError(f"not an evaluation of seqexpr: {error}") from error

    @classmethod
    def read(cls, path: str | Path) -> Self:
        """Read evaluation.json, and predictions.parquet beside it if it is there.

        Parameters
        ----------
        path : str or Path
            The file, or the run folder that holds it.

        Raises
        ------
        InputError
            If the file cannot be read or is not an evaluation.
        """
        import pandas as pd

        file = Path(path)
        file = file / "evaluation.json" if file.is_dir() else file
        try:
            document = json.loads(file.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise InputError(f"cannot read the evaluation {file}: {error}") from error
        if not isinstance(document, dict):
            raise InputError(f"cannot read the evaluation {file}: it is no JSON object")
        table = file.with_name("predictions.parquet")
        return cls.from_dict(
            document, predictions=pd.read_parquet(table) if table.exists() else None
        )
