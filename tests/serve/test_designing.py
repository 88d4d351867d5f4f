"""A small design over the API: better than its start, within its constraints, and never a file."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest
from fastapi.testclient import TestClient

from seqexpr.bundle.store import load_bundle
from seqexpr.serve.app import create_app
from seqexpr.serve.limits import Limits
from seqexpr.workflow.train import train

HERE = "http://127.0.0.1"


@pytest.mark.parametrize(("goal", "sign"), [("max", 1), ("min", -1)])
def test_designs_are_better_than_their_start_and_keep_to_the_constraints(client, runs, goal, sign):
    start = runs.sequences[0]
    asked = {
        "goal": goal,
        "start": start,
        "n": 3,
        "max_changes": 4,
        "max_homopolymer": 6,
        "forbidden": ["EcoRI"],
    }
    answer = client.post("/v1/design", json=asked).json()
    designs, bundle = answer["designs"], load_bundle(runs.lac)
    assert 1 <= len(designs) <= 3
    before = bundle.predict([start])[0, 0]
    for made in designs:
        differ = [k for k in range(len(start)) if start[k] != made["sequence"][k]]
        assert 1 <= len(differ) == made["n_changes"] <= 4
        assert made["predicted"] == pytest.approx(bundle.predict([made["sequence"]])[0, 0])
        assert sign * made["predicted"] > sign * before
        assert made["in_domain"]
        assert "GAATTC" not in made["sequence"]
        assert not any(base * 7 in made["sequence"] for base in "ACGT")
    assert answer["target"]["name"] == "expression"
    assert client.post("/v1/design", json=asked).json()["designs"] == designs


def test_a_value_is_approached_without_a_start(client):
    answer = client.post("/v1/design", json={"goal": 0.5, "n": 2}).json()
    assert np.abs(answer["designs"][0]["predicted"] - 0.5) < 0.2


def test_without_a_start_the_search_begins_where_the_model_was_trained(tmp_path):
    rng = np.random.default_rng(0)
    codes = np.tile(rng.integers(0, 4, 90), (300, 1))
    changed = rng.random(codes.shape) < 0.04
    codes[changed] = rng.integers(0, 4, int(changed.sum()))
    rows = ["".join("ACGT"[code] for code in row) for row in codes]
    values = (codes[:, 20:30] == codes[0, 20:30]).sum(axis=1) + rng.normal(scale=0.1, size=300)
    library = pd.DataFrame({"sequence": rows, "expression": values})
    train(library, output=tmp_path / "run", target="expression", models=("ridge",), split="random")
    with TestClient(create_app(tmp_path / "run"), base_url=HERE) as client:
        answer = client.post("/v1/design", json={"goal": "max", "n": 2}).json()
    for made in answer["designs"]:
        assert made["in_domain"]
        assert made["n_changes"] < 20  # of 90; from a random sequence more than 50


def test_what_a_request_says_is_no_file(client, runs, tmp_path, problem):
    (tmp_path / "secret.fasta").write_text(f">a\n{runs.sequences[0]}\n")
    for name in (str(tmp_path / "secret.fasta"), "dataset:lac", "-", "measured", "random"):
        said = problem(client.post("/v1/design", json={"start": name}), 422, "no-start")
        assert said["where"] == "body.start"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"forbidden": ["EcoR1"]}, "did you mean 'EcoRI'"),
        ({"gc": [0.9, 0.1]}, "gc"),
        ({"gc": [0.99, 1.0], "max_changes": 1}, "GC|gc"),
    ],
)
def test_what_cannot_be_designed_is_said(client, runs, problem, changes, message):
    said = problem(
        client.post("/v1/design", json={"start": runs.sequences[0]} | changes), 422, "no-design"
    )
    assert re.search(message, said["detail"])
    assert "/" not in said["detail"]


def test_too_many_designs_and_too_long_starts(runs, problem):
    with TestClient(
        create_app(runs.lac, limits=Limits(designs=2, explained_bases=50)), base_url=HERE
    ) as client:
        problem(client.post("/v1/design", json={"n": 3}), 413, "too-many-designs")
        problem(
            client.post("/v1/design", json={"n": 1, "start": "A" * 51}), 413, "sequence-too-long"
        )


def test_one_quantity_of_several_under_covariates(two, runs, problem):
    asked = {"model": "yeast", "start": runs.sequences[1], "n": 1, "target": "on", "max_changes": 2}
    answer = two.post(
        "/v1/design", json=asked | {"covariates": {"condition": "SC", "dose": 1}}
    ).json()
    assert answer["target"]["name"] == "on"
    assert answer["designs"][0]["predicted"] is not None
    problem(two.post("/v1/design", json=asked), 422, "no-covariate")
