"""What a run writes down of its data, its models and its predictions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from seqexpr.evaluation.evaluation import ModelSummary

if TYPE_CHECKING:
    import pandas as pd

    from seqexpr.data.checks import CheckReport
    from seqexpr.data.dataset import Dataset
    from seqexpr.evaluation.calibration import Trust
    from seqexpr.workflow.ladder import Rung

__all__ = ["describe", "prediction_rows", "summarize"]

Floats = npt.NDArray[np.float64]


def describe(dataset: Dataset, check: CheckReport, target_names: tuple[str, ...]) -> dict[str, Any]:
    """Return the ``dataset`` part of an evaluation."""
    lengths = np.array([len(sequence) for sequence in dataset.sequences])
    return {
        "source": check.source,
        "n_rows": check.n_rows,
        "n_sequences": len(dataset),
        "sha256": dataset.sha256,
        "targets": [
            {"name": name, "unit": unit}
            for name, unit in zip(target_names, dataset.target_units, strict=True)
        ],
        "lengths": {
            "min": int(lengths.min()),
            "median": float(np.median(lengths)),
            "max": int(lengths.max()),
        },
    }


def summarize(rung: Rung) -> ModelSummary:
    """Return what an evaluation says of a rung."""
    spec = rung.spec
    return ModelSummary(
        name=spec.name,
        title=spec.title,
        description=spec.description,
        is_baseline=spec.is_baseline,
        complexity=spec.complexity,
        n_features=rung.n_features,
        fit_seconds=rung.seconds,
    )


def prediction_rows(
    dataset: Dataset,
    *,
    set: Literal["validation", "test"],
    target_names: Sequence[str],
    observed: Floats,
    predicted: Floats,
    trust: Trust | None = None,
    folds: npt.NDArray[np.int64] | None = None,
    units: npt.NDArray[np.int64] | None = None,
) -> pd.DataFrame:
    """Return rows of predictions.parquet: one for each row and target that was predicted.

    Parameters
    ----------
    dataset : Dataset, n rows
        The rows of the set.
    set : {"validation", "test"}
        Name of the set.
    target_names : sequence of str, length t
        On the modelled scale.
    observed, predicted : ndarray of float64, shape (n, t)
        On the modelled scale; NaN = none.
    trust : Trust, optional
        Intervals and distances to the training set of the n rows.
    folds : ndarray of int64, shape (n,), optional
        Fold of each row, -1 = none.
    units : ndarray of int64, shape (n,), optional
        Unit of each row.
    """
    import pandas as pd

    parts = []
    for column, target in enumerate(target_names):
        part = pd.DataFrame(
            {
                "id": dataset.ids,
                "set": set,
                "fold": pd.array(np.full(len(dataset), -1) if folds is None else folds, "Int64"),
                "unit": np.arange(len(dataset)) if units is None else units,
                "target": target,
                "observed": observed[:, column],
                "predicted": predicted[:, column],
                "lower": np.nan if trust is None else trust.lower[:, column],
                "upper": np.nan if trust is None else trust.upper[:, column],
                "in_domain": pd.array(
                    [None] * len(dataset) if trust is None else trust.in_domain.tolist(), "boolean"
                ),
            }
        )
        part.loc[part["fold"] < 0, "fold"] = pd.NA
        parts.append(part[part["predicted"].notna()])
    return pd.concat(parts, ignore_index=True)
