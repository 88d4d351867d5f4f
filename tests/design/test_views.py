"""Models that read covariates: one condition, or one against another."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from seqexpr.bundle.store import load_bundle
from seqexpr.design.run import design
from seqexpr.errors import InputError


@pytest.fixture(scope="module")
def two_conditions(tmp_path_factory):
    """TGACTC counts in heat only, CACGTG in cold only."""
    from seqexpr.workflow.train import train

    rng = np.random.default_rng(0)
    sequences = ["".join(row) for row in rng.choice(list("ACGT"), size=(150, 24))]
    planted = [
        s[:6] + ("TGACTC" if i % 3 == 0 else "CACGTG" if i % 3 == 1 else s[6:12]) + s[12:]
        for i, s in enumerate(sequences)
    ]
    rows = [
        (s, c, float(("TGACTC" if c == "heat" else "CACGTG") in s) + rng.normal(0, 0.1))
        for s in planted
        for c in ("heat", "cold")
    ]
    table = pd.DataFrame(rows, columns=["sequence", "condition", "expression"])
    folder = tmp_path_factory.mktemp("two")
    table.to_csv(folder / "library.csv", index=False)
    train(
        folder / "library.csv", covariate=("condition",), models=("ridge",), split="random",
        nested=False, output=folder / "run",
    )  # fmt: skip
    return load_bundle(folder / "run")


def test_one_condition_against_another(two_conditions):
    run = design(
        two_conditions, covariates={"condition": "heat"}, against="condition=cold",
        start="ACGTTGCA" * 3, n=2, iterations=2,
        objective="prediction", outside_domain=True,
    )  # fmt: skip
    table = run.table
    for condition, prefix in (("heat", ""), ("cold", "against_")):
        frame = pd.DataFrame({"sequence": table["sequence"], "condition": condition})
        np.testing.assert_allclose(
            table[f"{prefix}predicted"], two_conditions.predict(frame)[:, 0], rtol=1e-9
        )
    np.testing.assert_allclose(table["bound"], table["lower"] - table["against_upper"])
    assert run.goal.startswith("raise expression against itself under condition=cold")


@pytest.mark.parametrize(
    ("choices", "message"),
    [
        ({}, "reads 'condition' beside the sequence.*--covariate condition=VALUE"),
        ({"covariates": {"condition": "heta"}}, "did you mean 'heat'"),
        ({"covariates": {"conditon": "heat"}}, "no covariate 'conditon'; did you mean 'condition'"),
        ({"covariates": {"condition": "heat"}, "against": "condition=heat"}, "what the covariates say already"),
        ({"covariates": {"condition": "heat"}, "against": "dose=1"}, "no covariate 'dose'"),
    ],
)  # fmt: skip
def test_covariates_that_are_missing_or_unknown_are_told(two_conditions, choices, message):
    with pytest.raises(InputError, match=message):
        design(two_conditions, **choices)
