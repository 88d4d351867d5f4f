"""A token is made where one is needed, and told once."""

from __future__ import annotations

import pytest
from fastapi.testclient import TestClient

from seqexpr.errors import InputError
from seqexpr.serve import starting
from seqexpr.serve.limits import Limits


@pytest.fixture
def start(runs, monkeypatch):
    """Give a function that starts a service up to where it would wait for requests."""
    monkeypatch.setattr(starting, "start_logging", lambda: None)

    def run(**choices):
        lines, found = [], []
        monkeypatch.setattr(starting, "run_server", lambda app, opened: found.append(app))
        starting.start([str(runs.lac)], port=0, limits=Limits(), say=lines.append, **choices)
        app = found[0]
        with TestClient(app, base_url="http://127.0.0.1") as client:
            return lines, client.get("/v1/models").status_code, app.state.service.token

    return run


def test_this_machine_needs_no_token(start):
    lines, status, token = start()
    assert (status, token) == (200, None)
    assert lines[0] == "serving lac: Ridge on bases by position"
    assert lines[1].startswith("page     http://127.0.0.1:")
    assert not any("token" in line for line in lines)


def test_another_host_needs_one(start):
    lines, status, token = start(host="0.0.0.0")
    assert status == 401
    assert f"token    {token}" in lines
    assert lines[1].endswith(f"/#token={token}")


def test_a_given_token_is_not_told(start):
    lines, status, token = start(token="a-token-of-thirty-two-characters")
    assert (status, token) == (401, "a-token-of-thirty-two-characters")
    assert not any(token in line for line in lines)
    assert start(host="0.0.0.0", token="a-token-of-thirty-two-characters")[2] == token
    with pytest.raises(InputError, match="at least 16"):
        start(token="short")
