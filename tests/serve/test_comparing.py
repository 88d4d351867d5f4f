"""Variants over the API are those of seqexpr variants."""

from __future__ import annotations

import numpy as np
import pytest
from fastapi.testclient import TestClient
from hypothesis import given, settings
from hypothesis import strategies as st

from seqexpr.bundle.store import load_bundle
from seqexpr.serve.app import create_app
from seqexpr.serve.limits import Limits

HERE = "http://127.0.0.1"


@settings(max_examples=15)
@given(
    st.lists(
        st.tuples(st.integers(0, 39), st.sampled_from("ACGT")),
        min_size=1,
        max_size=5,
        unique_by=lambda c: c[0],
    )
)
def test_effects_are_differences_of_predictions(client, runs, changes):
    bundle, reference = load_bundle(runs.lac), runs.sequences[3]
    letters = list(reference)
    for place, base in changes:
        letters[place] = base
    changed = "".join(letters)
    text = ";".join(f"{reference[place]}{place + 1}{base}" for place, base in changes)
    asked = {"reference": reference.lower(), "variants": [text, changed, changed + "ACG"]}
    answer = client.post("/v1/variants", json=asked).json()
    before, *after = bundle.predict([reference, changed, changed, changed + "ACG"])[:, 0]
    target = answer["targets"][0]
    np.testing.assert_allclose(target["effect"], np.array(after) - before, atol=1e-9)
    np.testing.assert_allclose(target["reference"], [before] * 3)
    assert answer["sequences"] == [changed, changed, changed + "ACG"]
    assert answer["ids"][0] == text
    for k in range(3):
        assert target["lower"][k] <= target["effect"][k] + 1e-9
        assert target["upper"][k] >= target["effect"][k] - 1e-9


def test_a_variant_that_does_not_fit_says_why(client):
    asked = {
        "reference": "ACGTACGTAC",
        "variants": ["C1T", "A99T", "del1-10", "AC!T", "", "x1", "A1T"],
    }
    answer = client.post("/v1/variants", json=asked).json()
    assert answer["n_scored"] == 1
    said = dict(zip(answer["ids"], answer["problems"], strict=True))
    assert said["C1T"] == "C1T: found A at base 1, not C"
    assert said["del1-10"] == "no base would be left"
    assert said["AC!T"] == "not DNA: '!' at position 3"
    assert said[""] == "no sequence"
    assert "is not understood" in said["x1"]
    assert said["A1T"] is None


def test_without_a_list_every_change_of_a_base_is_scored(client):
    answer = client.post("/v1/variants", json={"reference": "ACGNT"}).json()
    assert answer["n_variants"] == 12
    assert answer["ids"][:4] == ["A1C", "A1G", "A1T", "C2A"]


def test_covariates_are_the_same_for_all(two, runs, problem):
    asked = {"model": "yeast", "reference": runs.sequences[0], "variants": [runs.sequences[1]]}
    answer = two.post(
        "/v1/variants", json=asked | {"covariates": {"condition": "SC", "dose": 1}}
    ).json()
    assert [target["name"] for target in answer["targets"]] == ["on", "off"]
    assert answer["problems"] == [None]
    problem(two.post("/v1/variants", json=asked), 422, "no-covariate")
    said = problem(
        two.post("/v1/variants", json=asked | {"covariates": {"condition": "S", "dose": 1}}),
        422,
        "covariate",
    )
    assert "'SC'" in said["detail"]


@pytest.mark.parametrize("reference", ["", "AC!T", "not dna"])
def test_a_reference_must_be_dna(client, problem, reference):
    problem(client.post("/v1/variants", json={"reference": reference}), 422, "no-reference")


def test_too_many_variants(runs, problem):
    with TestClient(
        create_app(runs.lac, limits=Limits(sequences=11, bases=50)), base_url=HERE
    ) as client:
        problem(client.post("/v1/variants", json={"reference": "ACGT"}), 413, "too-many-variants")
        problem(
            client.post("/v1/variants", json={"reference": "A", "variants": ["A" * 51]}),
            413,
            "too-many-variants",
        )
        assert client.post("/v1/variants", json={"reference": "ACG"}).status_code == 200
