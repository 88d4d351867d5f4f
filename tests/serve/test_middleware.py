"""Who is let in, what goes out with every answer, and bodies that are too much."""

from __future__ import annotations

import asyncio
import json

import pytest
from fastapi.testclient import TestClient

from seqexpr.serve.app import create_app
from seqexpr.serve.limits import Limits

HERE = "http://127.0.0.1"
TOKEN = "a-token-of-thirty-two-characters"
ASKED = {"sequences": ["ACGTACGT"]}


@pytest.fixture(scope="module")
def guarded(runs):
    with TestClient(create_app(runs.lac, token=TOKEN), base_url="http://lab.example.org") as client:
        yield client


def test_without_a_token_only_this_machine_is_answered(client, problem):
    for host in ("127.0.0.1:8000", "localhost", "[::1]:8000"):
        assert client.get("/healthz", headers={"Host": host}).status_code == 200
    for host in ("evil.example.org", "127.0.0.1.evil.org", "", "10.0.0.1"):
        said = problem(client.get("/v1/models", headers={"Host": host}), 403, "foreign-host")
        assert "with a token" in said["remedy"]


def test_pages_of_other_places_may_not_ask(client, problem):
    asked = {"json": ASKED}
    ours = client.post("/v1/predict", headers={"Origin": HERE}, **asked)
    assert ours.status_code == 200
    assert "access-control-allow-origin" not in ours.headers
    for origin in ("https://evil.example.org", "null", "http://127.0.0.1:81"):
        problem(
            client.post("/v1/predict", headers={"Origin": origin}, **asked), 403, "foreign-origin"
        )
        problem(
            client.delete("/v1/jobs/0123456789abcdef", headers={"Origin": origin}),
            403,
            "foreign-origin",
        )


@pytest.mark.parametrize(
    "header", [None, "", "Bearer", "Bearer wrong", f"Basic {TOKEN}", f"Bearer {TOKEN}x"]
)
def test_a_token_is_asked_for(guarded, problem, header):
    headers = {} if header is None else {"Authorization": header}
    for ask in (
        lambda: guarded.get("/v1/models", headers=headers),
        lambda: guarded.post("/v1/predict", json=ASKED, headers=headers),
        lambda: guarded.get("/metrics", headers=headers),
        lambda: guarded.get("/v1/nothing", headers=headers),
    ):
        said = ask()
        assert TOKEN not in json.dumps(problem(said, 401, "token"))
        assert said.headers["www-authenticate"].startswith("Bearer")


def test_the_token_opens_and_some_places_are_open(guarded):
    headers = {"Authorization": f"Bearer {TOKEN}"}
    assert guarded.post("/v1/predict", json=ASKED, headers=headers).status_code == 200
    assert guarded.get("/metrics", headers=headers).status_code == 200
    for path in ("/", "/healthz", "/readyz", "/static/page.css", "/v1/openapi.json"):
        response = guarded.get(path)
        assert response.status_code == 200
        assert TOKEN not in response.text
    document = guarded.get("/v1/openapi.json").json()
    assert document["security"] == [{"token": []}]


def test_every_answer_has_headers_that_keep_browsers_safe(client):
    for path in ("/", "/v1/models", "/v1/nothing", "/static/main.js"):
        headers = client.get(path).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert "default-src 'none'" in headers["content-security-policy"]
        assert "unsafe-inline" not in headers["content-security-policy"]
    assert "script-src 'self'" in client.get("/").headers["content-security-policy"]


def test_a_request_is_logged_without_its_sequences(client, caplog):
    with caplog.at_level("INFO", logger="seqexpr.serve"):
        response = client.post("/v1/predict?note=ACGTACGT", json=ASKED)
    (record,) = [record for record in caplog.records if record.message == "request"]
    fields = record.fields
    assert (fields["route"], fields["status"], fields["sequences"]) == ("/v1/predict", 200, 1)
    assert fields["model"] == "lac"
    assert fields["request"] == response.headers["x-request-id"]
    assert "ACGTACGT" not in str(vars(record))


def run_raw(app, pieces, *, path="/v1/predict", delay=0.0):
    """Send a body in pieces, with no length told before; return the status and how many were read."""
    sent, read = [], [0]
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "POST", "scheme": "http",
        "path": path, "raw_path": path.encode(), "query_string": b"", "root_path": "", "server": ("127.0.0.1", 80),
        "client": ("127.0.0.1", 5), "headers": [(b"host", b"127.0.0.1"), (b"content-type", b"application/json")],
    }  # fmt: skip

    async def receive():
        await asyncio.sleep(delay)
        if read[0] == len(pieces):
            return {"type": "http.disconnect"}
        read[0] += 1
        return {"type": "http.request", "body": pieces[read[0] - 1], "more_body": True}

    async def send(message):
        sent.append(message)

    asyncio.run(app(scope, receive, send))
    return (sent[0]["status"] if sent else None), read[0]


def test_a_body_without_a_length_is_read_no_further_than_allowed(runs):
    app = create_app(runs.lac, limits=Limits(body_bytes=1000))
    assert run_raw(app, [b"x" * 100] * 1000) == (413, 11)


def test_a_body_that_drips_is_given_up(runs):
    app = create_app(runs.lac, limits=Limits(read_seconds=0.2))
    status, read = run_raw(app, [b"x"] * 1000, delay=0.03)
    assert status == 408
    assert read < 20


def test_a_client_that_goes_away_gets_no_answer(runs):
    assert run_raw(create_app(runs.lac), [b"{"]) == (None, 1)


def test_bodies_that_together_are_too_much_are_refused(runs):
    app = create_app(runs.lac, limits=Limits(held_bytes=500))
    assert run_raw(app, [b"x" * 100] * 9) == (429, 6)
    assert run_raw(app, [b"x" * 100] * 9) == (429, 6)  # what was held is let go


def test_more_requests_than_are_allowed_are_told_to_come_again(runs):
    app = create_app(runs.lac, limits=Limits(in_flight=1, batch_seconds=0.3))
    body = [json.dumps(ASKED).encode()]

    async def both():
        import httpx2

        transport = httpx2.ASGITransport(app=app)
        async with httpx2.AsyncClient(transport=transport, base_url=HERE) as client:
            asks = [
                client.post(
                    "/v1/predict", content=body[0], headers={"Content-Type": "application/json"}
                )
                for _ in range(5)
            ]
            return await asyncio.gather(*asks)

    answers = asyncio.run(both())
    assert sorted(answer.status_code for answer in answers) == [200, 429, 429, 429, 429]
    refused = next(answer for answer in answers if answer.status_code == 429)
    assert refused.headers["retry-after"] == "1"
    assert refused.json()["type"] == "urn:seqexpr:problem:busy"


def test_a_service_that_stops_takes_nothing_new(runs, problem):
    app = create_app(runs.lac)
    with TestClient(app, base_url=HERE) as client:
        app.state.service.is_stopping = True
        problem(client.get("/v1/models"), 503, "stopping")
        problem(client.get("/readyz"), 503, "stopping")
        assert client.get("/healthz").json() == {"status": "stopping"}
