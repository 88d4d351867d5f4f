"""The API answers what the library predicts, and says no with what, where, found and remedy."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from fastapi.testclient import TestClient
from hypothesis import given, settings
from hypothesis import strategies as st

from seqexpr.bundle.prediction import predict_file
from seqexpr.bundle.store import load_bundle
from seqexpr.serve.app import create_app
from seqexpr.serve.limits import Limits

HERE = "http://127.0.0.1"
CELLS = st.one_of(
    st.text("ACGTacgtuN -", min_size=1, max_size=50),
    st.sampled_from(["", "AC!T", "MKLV", "\0", "é", "2024-01-02"]),
)


@settings(max_examples=25)
@given(cells=st.lists(CELLS, min_size=1, max_size=6))
def test_the_answer_is_what_predict_writes(client, runs, tmp_path_factory, cells):
    folder = tmp_path_factory.mktemp("oracle")
    ids = [f"s{k}" for k in range(len(cells))]
    pd.DataFrame({"id": ids, "sequence": cells}).to_parquet(folder / "in.parquet")
    predict_file(load_bundle(runs.lac), folder / "in.parquet", folder / "out.parquet")
    rows = pd.read_parquet(folder / "out.parquet").astype(object)
    rows = rows.where(rows.notna(), None).to_dict("records")
    answer = client.post("/v1/predict", json={"sequences": cells, "ids": ids}).json()
    target = answer["targets"][0]
    for k, row in enumerate(rows):
        assert answer["ids"][k] == row["id"]
        assert answer["problems"][k] == row["problem"]
        assert answer["in_domain"][k] == row["in_domain"]
        for name in ("predicted", "lower", "upper"):
            assert target[name][k] == (None if row[name] is None else pytest.approx(row[name]))
    assert answer["n_predicted"] == sum(row["predicted"] is not None for row in rows)
    assert answer["interval"] == 0.9


def test_a_long_request_is_answered_in_order_though_it_goes_in_pieces(runs):
    app = create_app(runs.lac, limits=Limits(batch_sequences=7))
    with TestClient(app, base_url=HERE) as client:
        answer = client.post("/v1/predict", json={"sequences": runs.sequences[:100]}).json()
    expected = load_bundle(runs.lac).predict(runs.sequences[:100])[:, 0]
    np.testing.assert_allclose(answer["targets"][0]["predicted"], expected, atol=1e-9)
    assert answer["ids"][:2] == ["row 1", "row 2"]


def test_covariates_stand_beside_the_sequences(two, runs, problem):
    sequences = runs.sequences[:3]
    beside = {"condition": ["YPD", "SC", "YPDD"], "dose": [1.0, "0.5", 0.0]}
    asked = {"model": "yeast", "sequences": sequences, "covariates": beside}
    answer = two.post("/v1/predict", json=asked).json()
    assert [target["name"] for target in answer["targets"]] == ["on", "off"]
    assert answer["problems"][:2] == [None, None]
    assert "did you mean 'YPD'" in answer["problems"][2]
    frame = pd.DataFrame(
        {"sequence": sequences, "condition": ["YPD", "SC", "SC"], "dose": [1, 0.5, 0]}
    )
    expected = load_bundle(runs.yeast).predict(frame[:2])
    for place, target in enumerate(answer["targets"]):
        np.testing.assert_allclose(target["predicted"][:2], expected[:, place])

    missing = problem(
        two.post("/v1/predict", json=asked | {"covariates": {"Dose": [1, 2, 3]}}),
        422,
        "no-covariate",
    )
    assert "'condition'" in missing["detail"]
    extra = asked | {"covariates": beside | {"doses": [1, 2, 3]}}
    assert (
        "did you mean 'dose'"
        in problem(two.post("/v1/predict", json=extra), 422, "unknown-covariate")["detail"]
    )
    short = asked | {"covariates": beside | {"dose": [1]}}
    assert (
        problem(two.post("/v1/predict", json=short), 422, "lengths")["where"]
        == "body.covariates.dose"
    )


def test_the_model_is_named_where_there_are_several(two, problem):
    which = problem(two.post("/v1/predict", json={"sequences": ["ACGT"]}), 422, "which-model")
    assert "'lac', 'yeast'" in which["remedy"]
    unknown = problem(
        two.post("/v1/predict", json={"sequences": ["ACGT"], "model": "yaest"}),
        404,
        "unknown-model",
    )
    assert (unknown["found"], unknown["where"]) == ("yaest", "body.model")
    assert "did you mean 'yeast'" in unknown["detail"]


BAD = {
    b"{bad": (400, "not-json"),
    b"": (422, "invalid-request"),
    b"[1, 2]": (422, "invalid-request"),
    b"{}": (422, "invalid-request"),
    b'{"sequences": "ACGT"}': (422, "invalid-request"),
    b'{"sequences": []}': (422, "invalid-request"),
    b'{"sequences": [1]}': (422, "invalid-request"),
    b'{"sequences": [null]}': (422, "invalid-request"),
    b'{"sequences": ["A"], "sequnces": 1}': (422, "invalid-request"),
    b'{"sequences": ["A"], "ids": ["\\ud800"]}': (422, "invalid-request"),
    b'{"sequences": ["A"], "ids": []}': (422, "lengths"),
    b'{"sequences": ["A"], "covariates": {"x": [NaN]}}': (422, "invalid-request"),
    b"[" * 100_000: (400, "http"),
    b"\x00\xff\xfe": (400, "http"),
    json.dumps({"sequences": ["A"] * 51}).encode(): (413, "too-many-sequences"),
    json.dumps({"sequences": ["A", "A" * 101]}).encode(): (413, "sequence-too-long"),
    b'{"sequences": ["' + b"A" * 9000 + b'"]}': (413, "body-too-large"),
}  # fmt: skip


@pytest.fixture(scope="module")
def strict(runs):
    limits = Limits(
        sequences=50, bases=100, body_bytes=8192, explained=2, explained_bases=90, in_flight=2
    )
    with TestClient(create_app(runs.lac, limits=limits), base_url=HERE) as client:
        yield client


@pytest.mark.parametrize("body", BAD, ids=lambda body: body[:30].decode("latin-1"))
def test_what_is_wrong_is_said_with_a_remedy(strict, problem, body):
    if body.startswith(b"[["):
        strict.app.state.service.limits.__dict__["body_bytes"] = 1 << 20
    response = strict.post(
        "/v1/predict", content=body, headers={"Content-Type": "application/json"}
    )
    strict.app.state.service.limits.__dict__["body_bytes"] = 8192
    said = problem(response, *BAD[body])
    assert said["remedy"]
    assert said["detail"]


def test_the_place_of_a_mistake_is_named(strict, problem):
    said = problem(
        strict.post("/v1/predict", json={"sequences": ["A", "A" * 101]}), 413, "sequence-too-long"
    )
    assert (said["where"], said["found"]) == ("body.sequences[1]", "101")


def test_other_types_and_encodings_of_a_body_are_refused(strict, problem):
    body = b'{"sequences": ["ACGT"]}'
    problem(
        strict.post("/v1/predict", content=body, headers={"Content-Type": "text/csv"}),
        415,
        "media-type",
    )
    said = strict.post("/v1/predict", content=body, headers={"Content-Encoding": "gzip"})
    problem(said, 415, "encoded-body")
    assert said.headers["accept-encoding"] == "identity"
    problem(strict.post("/v1/read", json=["ACGT"]), 415, "media-type")


def test_paths_and_methods_that_are_not_there(client, problem):
    problem(client.get("/v1/nothing"), 404, "not-found")
    said = client.get("/v1/predict")
    problem(said, 405, "method")
    assert said.headers["allow"] == "POST"
    problem(client.get("/static/../app.py"), 404, "not-found")
    problem(client.get("/static/%2e%2e/%2e%2e/app.py"), 404, "not-found")


def test_explanations_are_the_changes_that_predicting_shows(client, runs):
    bundle = load_bundle(runs.lac)
    sequence = runs.sequences[0]
    asked = {"sequences": [sequence.lower(), "AC!T", "ACGNT"], "ids": ["a", "b", "c"]}
    answer = client.post("/v1/explain", json=asked).json()
    first, bad, unknown = answer["explanations"]
    own = bundle.predict([sequence])[0, 0]
    assert first["sequence"] == sequence
    assert first["predicted"] == pytest.approx(own)
    for place in (0, 17, 39):
        with_each = []
        for base in "ACGT":
            changed = sequence[:place] + base + sequence[place + 1 :]
            with_each.append(bundle.predict([changed])[0, 0])
            assert first["effects"][base][place] == pytest.approx(with_each[-1] - own, abs=1e-9)
        assert first["contributions"][place] == pytest.approx(own - np.mean(with_each), abs=1e-9)
    assert bad["problem"] == "not DNA: '!' at position 3"
    assert (bad["contributions"], bad["predicted"]) == ([], None)
    assert len(unknown["contributions"]) == 5
    assert answer["target"] == {"name": "expression", "unit": "a.u."}


def test_one_quantity_of_several_is_explained(two, runs, problem):
    asked = {
        "model": "yeast", "sequences": runs.sequences[:1], "target": "off",
        "covariates": {"condition": ["SC"], "dose": [1]},
    }  # fmt: skip
    answer = two.post("/v1/explain", json=asked).json()
    bundle = load_bundle(runs.yeast)
    beside = {"condition": ["SC"], "dose": [1.0]}
    at = {
        base: bundle.predict(pd.DataFrame({"sequence": [base + runs.sequences[0][1:]]} | beside))[
            0, 1
        ]
        for base in "ACGT"
    }
    own = at[runs.sequences[0][0]]
    for base in "ACGT":
        assert answer["explanations"][0]["effects"][base][0] == pytest.approx(
            at[base] - own, abs=1e-9
        )
    said = problem(two.post("/v1/explain", json=asked | {"target": "of"}), 422, "unknown-target")
    assert "did you mean 'off'" in said["detail"]


def test_too_much_to_explain(strict, problem):
    problem(strict.post("/v1/explain", json={"sequences": ["A"] * 3}), 413, "too-much-to-explain")
    said = problem(
        strict.post("/v1/explain", json={"sequences": ["A" * 91]}), 413, "too-much-to-explain"
    )
    assert "91 bases" in said["found"]


def test_models_are_described(two, runs):
    content = two.get("/v1/models").json()
    lac, yeast = content["models"]
    assert (lac["name"], lac["targets"]) == ("lac", [{"name": "expression", "unit": "a.u."}])
    assert lac["source"] == "library.csv"  # without the folder it came from
    assert (lac["min_length"], lac["trained_on"], lac["interval"]) == (40, 240, 0.9)
    assert yeast["covariates"][0] == {
        "name": "condition", "kind": "categorical", "categories": ["SC", "YPD"], "low": None, "high": None, "has_gaps": False,
    }  # fmt: skip
    assert content["limits"]["sequences"] == 10_000
    assert content["limits"]["upload_bytes"] is None
    assert str(runs.lac.parent) not in json.dumps(content)


def test_health_and_counters(client, problem):
    assert client.get("/healthz").json() == {"status": "ok"}
    assert client.get("/readyz").json() == {"status": "ok"}
    client.post("/v1/predict", json={"sequences": ["ACGT", "!"]})
    text = client.get("/metrics").text
    assert 'seqexpr_requests_total{method="POST",route="/v1/predict",status="200"}' in text
    assert 'seqexpr_sequences_total{model="lac",outcome="problem"}' in text
    assert "seqexpr_in_flight_requests 0.0" in text
    assert 'seqexpr_waiting_sequences{model="lac"} 0.0' in text


def test_openapi_has_every_route_with_its_answers(client):
    document = client.get("/v1/openapi.json").json()
    assert {
        "/v1/models",
        "/v1/predict",
        "/v1/explain",
        "/v1/read",
        "/healthz",
        "/metrics",
        "/v1/jobs",
    } <= set(document["paths"])
    asked = document["components"]["schemas"]["PredictRequest"]
    assert client.post("/v1/predict", json=asked["examples"][0]).status_code == 200
    answers = document["paths"]["/v1/predict"]["post"]["responses"]
    assert {"200", "400", "401", "413", "422", "429"} <= set(answers)
    assert list(answers["422"]["content"]) == ["application/problem+json"]


def test_the_service_refuses_more_than_it_can_do(runs, problem):
    app = create_app(runs.lac)
    with TestClient(app, base_url=HERE) as client:
        model = app.state.service.models["lac"]
        model.waiting, model.batcher.rate = 10_000, 1_000.0  # ten seconds' worth
        refused = client.post("/v1/predict", json={"sequences": ["ACGT"]})
        said = problem(refused, 429, "busy")
        assert refused.headers["retry-after"] == "10"
        assert "ask again in 10 s" in said["remedy"]
        model.waiting = 0
        assert client.post("/v1/predict", json={"sequences": ["ACGT"]}).status_code == 200


def test_an_answer_that_takes_too_long_is_given_up(runs, problem):
    limits = Limits(seconds=0.2, batch_sequences=1000, batch_seconds=5.0)
    with TestClient(create_app(runs.lac, limits=limits), base_url=HERE) as client:
        said = client.post("/v1/predict", json={"sequences": ["ACGT"]})
        problem(said, 503, "too-slow")
        assert client.app.state.service.models["lac"].waiting == 0


def test_a_failure_is_a_number_and_nothing_else(runs, monkeypatch, caplog):
    app = create_app(runs.lac)
    bundle = app.state.service.models["lac"].bundle
    object.__setattr__(bundle, "model", None)
    with TestClient(app, base_url=HERE) as client, caplog.at_level("INFO", logger="seqexpr.serve"):
        response = client.post("/v1/predict", json={"sequences": ["ACGTACGTACGT"]})
    assert response.status_code == 500
    content = response.json()
    assert content["type"] == "urn:seqexpr:problem:failure"
    assert "NoneType" not in response.text
    assert "/src/" not in response.text
    number = content["instance"].removeprefix("urn:uuid:")
    failures = [record.fields for record in caplog.records if record.message == "failure"]
    assert failures[0]["request"] == number
    assert failures[0]["error"] == "AttributeError"
    assert any("bundle.py" in place for place in failures[0]["places"])
    assert "ACGTACGT" not in str([vars(record) for record in caplog.records])


def test_no_folder_of_the_service_is_told(client, runs, problem):
    said = client.post("/v1/read", content=b"a,b\n1,2\n", headers={"Content-Type": "text/plain"})
    assert problem(said, 400, "unreadable")["detail"].startswith("the text")
    assert str(Path("/tmp")) not in said.text
