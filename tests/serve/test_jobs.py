"""Jobs: whole files in the background, on disk before they are promised."""

from __future__ import annotations

import gzip
import time
from pathlib import Path

import pandas as pd
import pytest
from fastapi.testclient import TestClient

from seqexpr.bundle.prediction import predict_file
from seqexpr.bundle.store import load_bundle
from seqexpr.errors import InputError, OutputError
from seqexpr.serve.app import create_app
from seqexpr.serve.job_process import main as run_job_process
from seqexpr.serve.jobs import Job, Jobs
from seqexpr.serve.limits import Limits

HERE = "http://127.0.0.1"


def finish(client, identifier, seconds=90.0):
    """Wait until a job has ended."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        job = client.get(f"/v1/jobs/{identifier}").json()
        if job["state"] in ("done", "failed"):
            return job
        time.sleep(0.05)
    raise AssertionError(job)


def table_of(sequences):
    return "id,sequence\n" + "".join(f"s{k},{s}\n" for k, s in enumerate(sequences))


def test_a_file_comes_back_as_predict_writes_it(client, runs, tmp_path, problem):
    text = table_of([*runs.sequences[:20], "AC!T"])
    sent = client.post(
        "/v1/jobs",
        params={"name": "../my library.csv.gz", "format": "parquet"},
        content=gzip.compress(text.encode()),
    )
    assert sent.status_code == 202
    job = sent.json()
    assert sent.headers["location"] == f"/v1/jobs/{job['id']}"
    assert (job["name"], job["model"], job["result"]) == ("my library.csv.gz", "lac", None)
    bad = client.post("/v1/jobs", params={"name": "bad.csv"}, content=b"a,b\n1,2\n").json()
    done = finish(client, job["id"])
    assert (done["state"], done["rows_done"], done["summary"]["n_predicted"]) == ("done", 21, 20)
    fetched = client.get(done["result"])
    assert "my%20library-predictions.parquet" in fetched.headers["content-disposition"]
    (tmp_path / "got.parquet").write_bytes(fetched.content)
    (tmp_path / "in.csv").write_text(text)
    predict_file(load_bundle(runs.lac), tmp_path / "in.csv", tmp_path / "expected.parquet")
    pd.testing.assert_frame_equal(
        pd.read_parquet(tmp_path / "got.parquet"), pd.read_parquet(tmp_path / "expected.parquet")
    )

    failed = finish(client, bad["id"])
    assert failed["state"] == "failed"
    assert failed["error"].startswith("bad.csv: ")
    said = problem(client.get(f"/v1/jobs/{bad['id']}/predictions"), 409, "not-done")
    assert "bad.csv" in said["detail"]
    assert [item["id"] for item in client.get("/v1/jobs").json()["jobs"]] == [bad["id"], job["id"]]
    for identifier in (bad["id"], job["id"]):
        assert client.delete(f"/v1/jobs/{identifier}").status_code == 204
        problem(client.get(f"/v1/jobs/{identifier}"), 404, "unknown-job")
    assert client.get("/v1/jobs").json() == {"jobs": []}
    folder = client.app.state.service.jobs.folder
    assert [place.name for place in folder.iterdir()] == [".lock"]


def test_jobs_are_not_taken_without_a_folder(two, problem):
    assert "--jobs-dir" in problem(two.get("/v1/jobs"), 404, "no-jobs")["remedy"]
    problem(two.post("/v1/jobs", params={"model": "lac"}, content=b"x"), 404, "no-jobs")


def test_what_cannot_be_a_job_is_refused_and_nothing_is_left(runs, tmp_path, problem):
    limits = Limits(jobs=1, upload_bytes=1000)
    with TestClient(
        create_app(runs.lac, limits=limits, jobs_dir=tmp_path / "jobs"), base_url=HERE
    ) as client:
        problem(client.post("/v1/jobs", content=b""), 400, "empty")
        problem(client.post("/v1/jobs", content=b"x" * 1001), 413, "body-too-large")
        problem(
            client.post("/v1/jobs", content=(b"x" * 100 for _ in range(11))), 413, "body-too-large"
        )
        problem(
            client.post("/v1/jobs", params={"format": "xls"}, content=b"x"), 422, "invalid-request"
        )
        problem(client.post("/v1/jobs", params={"model": "no"}, content=b"x"), 404, "unknown-model")
        problem(client.get("/v1/jobs/..%2f..%2fetc"), 404, "not-found")
        problem(client.get("/v1/jobs/0123"), 422, "invalid-request")
        assert [place.name for place in (tmp_path / "jobs").iterdir()] == [".lock"]
        client.app.state.service.jobs._jobs["0" * 16] = Job(
            id="0" * 16, model="lac", name="a", format="csv", state="done", created=""
        )
        assert (
            "delete one"
            in problem(client.post("/v1/jobs", content=b"x"), 409, "too-many-jobs")["remedy"]
        )


def test_an_earlier_service_is_taken_up(runs, tmp_path):
    folder = tmp_path / "jobs"
    for number, state in enumerate(("done", "running", "queued")):
        place = folder / f"{number:016x}"
        place.mkdir(parents=True)
        job = Job(
            id=place.name,
            model="gone",
            name="a.csv",
            format="csv",
            state=state,
            created=f"2026-01-0{number + 1}",
        )
        (place / "job.json").write_text(job.model_dump_json())
    (folder / f"{9:016x}.partial").mkdir()
    (folder / "somebody-elses.partial").mkdir()
    jobs = Jobs(folder, models={}, limits=Limits())
    with pytest.raises(OutputError, match="used by another service"):
        Jobs(folder, models={}, limits=Limits())
    until = time.monotonic() + 20
    while jobs.counts()["failed"] < 2 and time.monotonic() < until:
        time.sleep(0.01)
    assert [(job.id[-1], job.state) for job in jobs.list()] == [
        ("2", "failed"),
        ("1", "failed"),
        ("0", "done"),
    ]
    assert "is not served any more" in jobs.get(f"{1:016x}").error
    jobs.close()
    assert not (folder / f"{9:016x}.partial").exists()
    assert (folder / "somebody-elses.partial").exists()
    again = Jobs(folder, models={}, limits=Limits())
    assert again.counts() == {"queued": 0, "running": 0, "done": 1, "failed": 2}
    again.close()
    (folder / f"{0:016x}" / "job.json").write_text("{}")
    with pytest.raises(InputError, match="no job of this version"):
        Jobs(folder, models={}, limits=Limits())


def order(runs, tmp_path, **changes):
    import json

    (tmp_path / "in.csv").write_text(table_of(runs.sequences[:10]))
    given = {
        "model": str(runs.lac), "source": str(tmp_path / "in.csv"), "destination": str(tmp_path / "out.csv"),
        "most_rows": 10, "most_bytes": 1 << 62,
    }  # fmt: skip
    return [json.dumps(given | changes)]


@pytest.fixture
def tame(monkeypatch):
    """The process of a job, without what it does to its own process."""
    monkeypatch.setattr("seqexpr.serve.job_process._limit_memory", lambda most: None)
    monkeypatch.setattr("os.nice", lambda n: 0)


def test_the_process_of_a_job_says_how_far_it_is(runs, tmp_path, tame, capsys):
    assert run_job_process(order(runs, tmp_path)) == 0
    first, last = capsys.readouterr().out.splitlines()
    assert first == '{"rows": 10}'
    assert '"n_predicted": 10' in last
    assert len(Path(tmp_path / "out.csv").read_text().splitlines()) == 11


def test_the_process_of_a_job_stops_at_too_many_rows(runs, tmp_path, tame, capsys):
    assert run_job_process(order(runs, tmp_path, most_rows=9)) == 2
    assert "more than 9 rows" in capsys.readouterr().out
    assert not (tmp_path / "out.csv").exists()


def test_the_process_of_a_job_tells_what_is_wrong(runs, tmp_path, tame, capsys):
    assert run_job_process(order(runs, tmp_path, source=str(tmp_path / "no.csv"))) == 2
    assert '"error": "no file' in capsys.readouterr().out
