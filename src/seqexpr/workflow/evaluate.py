"""Evaluate: score a trained model on another table."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from seqexpr.data.checks import build_dataset
from seqexpr.data.table import Table
from seqexpr.errors import InputError
from seqexpr.evaluation.evaluation import Evaluation, ModelSummary
from seqexpr.evaluation.scoring import score_models
from seqexpr.workflow.records import describe
from seqexpr.workflow.train import complete_recipe, read_for

if TYPE_CHECKING:
    import pandas as pd

    from seqexpr.bundle.store import Bundle

__all__ = ["evaluate"]


def evaluate(
    bundle: Bundle, table: str | Path | pd.DataFrame | Table, **choices: Any
) -> Evaluation:
    """Score a trained model on a table.

    Parameters
    ----------
    bundle : Bundle
        A loaded model.
    table : str, Path, DataFrame or Table
        Sequences with measured targets, in the units that the model was
        trained in, and the model's covariates. Targets are matched in order.
    **choices
        Columns and row policies, as in :func:`seqexpr.train`.

    Returns
    -------
    Evaluation
        Scores with 95% intervals under the set name "test". A warning says
        how many of the sequences the model was trained on.

    Raises
    ------
    InputError
        If the table has another number of targets than the model.
    """
    if bundle.covariates and not isinstance(table, Table):
        choices["covariate"] = tuple(f"{item.name}:{item.kind}" for item in bundle.covariates)
    recipe = complete_recipe(None, table, choices)
    source = read_for(recipe, table)
    dataset, check = build_dataset(
        source, on_missing=recipe.on_missing, on_invalid=recipe.on_invalid
    )
    n_targets = len(bundle.target_names)
    if len(dataset.target_names) != n_targets:
        raise InputError(
            f"the model predicts {n_targets} targets ({', '.join(bundle.target_names)}), the table "
            f"has {len(dataset.target_names)} ({', '.join(dataset.target_names)}); pass --target"
        )
    targets = bundle.transform.apply(dataset.targets)
    predicted = bundle.predict(dataset.inputs).reshape(-1, n_targets)
    info = bundle.manifest.model
    scores = score_models(
        targets,
        {info.name: predicted},
        set="test",
        target_names=bundle.target_names,
        groups=dataset.groups,
        rng=np.random.default_rng(recipe.seed),
    )
    seen = bundle.count_seen(dataset.sequences)
    warnings: tuple[str, ...] = ()
    if seen:
        text = (
            f"{seen:,} of {len(dataset):,} sequences are in the model's training data: "
            "its scores on them say nothing about new sequences"
        )
        warnings = (text,)
    return Evaluation(
        dataset=describe(dataset, check, bundle.target_names),
        split={"strategy": "external", "n_test": len(dataset)},
        selected=info.name,
        rows=scores.rows,
        models=(ModelSummary(info.name, info.title, info.description, False, 0, None, 0.0),),
        predictions=_predictions(dataset, targets, predicted, bundle.target_names),
        warnings=warnings,
    )


def _predictions(dataset: Any, targets: Any, predicted: Any, names: tuple[str, ...]) -> Any:
    import pandas as pd

    parts = [
        pd.DataFrame(
            {
                "id": dataset.ids,
                "set": "test",
                "target": name,
                "observed": targets[:, column],
                "predicted": predicted[:, column],
            }
        )
        for column, name in enumerate(names)
    ]
    return pd.concat(parts, ignore_index=True)
