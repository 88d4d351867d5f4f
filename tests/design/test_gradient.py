"""The gradient search, from a network to designs that keep to constraints."""

from __future__ import annotations

import pytest

from seqexpr.design.constraints import Constraints
from seqexpr.design.run import design

pytest.importorskip("torch")
pytest.importorskip("ledidi")


def test_gradients_lead_to_designs(library, tmp_path, tools):
    from seqexpr.models.training.settings import Training

    table = library[["id", "sequence", "expression"]].head(300)
    bundle = tools.bundle_of(tmp_path, table, name="cnn", fast=Training(n_epochs=4))
    start = table["sequence"][0]
    rules = Constraints(forbidden=("EcoRI",), fixed=((0, 10),), max_changes=12)
    choices = {"search": "gradient", "iterations": 20, "outside_domain": True, "n": 3}
    run = design(bundle, start=start, constraints=rules, **choices)
    assert run.n_designs >= 1
    assert all(one[:10] == start[:10] for one in run.table["sequence"])
    assert run.table["n_changes"].between(1, 12).all()
    assert run.table["predicted"].max() > bundle.predict([start])[0, 0]
