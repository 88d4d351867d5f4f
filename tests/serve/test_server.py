"""A real process: clients that mean harm, a kill, a stop in good order."""

from __future__ import annotations

import asyncio
import gzip
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from seqexpr.bundle.prediction import predict_file
from seqexpr.bundle.store import load_bundle
from seqexpr.errors import OutputError
from seqexpr.serve.server import listen

SEQEXPR = str(Path(sys.executable).with_name("seqexpr"))
JSON = {"Content-Type": "application/json"}


class Server:
    """A service in a process of its own."""

    def __init__(self, folder, *arguments):
        self.log = (folder / "log").open("ab")
        self.process = subprocess.Popen(
            [SEQEXPR, "serve", *map(str, arguments), "--port", "0"],
            stdout=subprocess.PIPE, stderr=self.log, text=True, cwd=folder, env=os.environ | {"SEQEXPR_TOKEN": ""},
        )  # fmt: skip
        self.port = 0
        for line in self.process.stdout:
            if line.startswith("API"):
                self.port = int(line.split("127.0.0.1:")[1].split("/")[0])
                break
        assert self.port, Path(folder / "log").read_text()

    def ask(self, method, path, body=None, headers=(), timeout=60):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            connection.request(method, path, body, dict(headers))
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()

    def json(self, method, path, body=None, headers=()):
        status, content = self.ask(method, path, body, headers)
        return status, json.loads(content)

    def end(self, number=signal.SIGTERM):
        """Send a signal, wait, and return the exit status."""
        self.process.send_signal(number)
        status = self.process.wait(60)
        self.process.stdout.close()
        self.log.close()
        return status


@pytest.fixture(scope="module")
def server(runs, tmp_path_factory):
    folder = tmp_path_factory.mktemp("server")
    server = Server(
        folder, runs.lac, "--read-timeout", "3", "--jobs-dir", "jobs", "--max-upload-mb", "1"
    )
    yield server
    assert server.end() == 0
    lines = (folder / "log").read_text().splitlines()
    assert all(json.loads(line)["event"] for line in lines)
    assert "ACGTACGT" not in "".join(lines)


@pytest.fixture(autouse=True)
def still_there(request):
    """After every harm the service answers as before."""
    yield
    if "server" in request.fixturenames:
        server = request.getfixturevalue("server")
        body = json.dumps({"sequences": ["ACGTACGTACGT"]})
        assert server.json("POST", "/v1/predict", body, JSON)[1]["n_predicted"] == 1


def chunks(n):
    yield from (b"x" * 65536 for _ in range(n))


@pytest.mark.parametrize("path", ["/v1/predict", "/v1/read", "/v1/jobs"])
def test_50_mb_bodies_are_refused(server, path):
    body = b"x" * 50_000_000
    status, problem = server.json("POST", path, body, JSON)
    assert (status, problem["type"]) == (413, "urn:seqexpr:problem:body-too-large")
    status, problem = server.json("POST", path, chunks(763), JSON)
    assert (status, problem["type"]) == (413, "urn:seqexpr:problem:body-too-large")


def test_zip_bombs_are_not_unpacked(server):
    bomb = gzip.compress(b'{"sequences": ["' + b"A" * 50_000_000 + b'"]}')
    assert len(bomb) < 100_000
    status, problem = server.json("POST", "/v1/predict", bomb, JSON | {"Content-Encoding": "gzip"})
    assert (status, problem["type"]) == (415, "urn:seqexpr:problem:encoded-body")


def raw(server, data, *, wait=10.0):
    """Send bytes, and return all that comes back until the connection is closed."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=wait) as client:
        client.sendall(data)
        found = b""
        while piece := client.recv(65536):
            found += piece
        return found


@pytest.mark.parametrize(
    "head",
    [b"\0\0\0\0\r\n\r\n", b"GET /\0 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", b"hello\r\n\r\n",
     b"POST /v1/predict HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: many\r\n\r\n",
     b"POST /v1/predict HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\nhello\r\n"],
    ids=["nulls", "null in path", "no http", "no length", "two lengths"],
)  # fmt: skip
def test_what_is_no_http_is_refused(server, head):
    assert raw(server, head).startswith(b"HTTP/1.1 400 ")


def test_a_head_without_end_is_refused(server):
    """The server stops reading, so its answer may be lost in the reset."""
    try:
        answer = raw(server, b"GET / HTTP/1.1\r\nX: " + b"x" * 10_000_000)
    except OSError:
        return
    assert answer.startswith(b"HTTP/1.1 400 ")


@pytest.mark.parametrize(
    "body", [b"\0" * 100, b'{"sequences": ["\0"]}', b"\xff\xfe", b'{"sequences": [' * 50_000]
)
def test_malformed_bodies_are_refused(server, body):
    assert server.ask("POST", "/v1/predict", body, JSON)[0] == 400


def test_clients_that_drip_are_let_go(server):
    """Heads and bodies that begin and do not go on hold a connection for some seconds."""
    begun = b"POST /v1/predict HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
    begins = [b"", b"POST /v1/pre", begun, begun + b"Content-Length: 1000\r\n\r\n{"] * 25
    started = time.monotonic()
    with ThreadPoolExecutor(len(begins)) as pool:
        answers = list(pool.map(lambda data: raw(server, data, wait=30), begins))
    assert time.monotonic() - started < 25
    assert all(answer.startswith(b"HTTP/1.1 408 ") for answer in answers)


def test_bytes_of_a_refused_body_do_not_keep_a_connection_open(server):
    """The answer comes before the body; what follows is read for some seconds, not for ever."""
    head = b"POST /v1/predict HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 99999999\r\n\r\n"
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as client:
        client.sendall(head)
        assert client.recv(65536).startswith(b"HTTP/1.1 413 ")
        started = time.monotonic()
        with pytest.raises(OSError, match=r"[Bb]roken pipe|reset"):
            while time.monotonic() - started < 20:
                client.sendall(b"x")
                time.sleep(0.05)
        assert time.monotonic() - started < 15


@pytest.mark.slow
def test_what_is_done_survives_kill_9_and_a_stop_is_in_good_order(runs, tmp_path):
    arguments = (runs.lac, "--jobs-dir", "jobs")
    small, large = (
        "id,sequence\n" + "\n".join(f"{k},{s}" for k, s in enumerate(runs.sequences * n))
        for n in (1, 50)
    )
    server = Server(tmp_path, *arguments)
    first = server.json("POST", "/v1/jobs?name=small.csv", small)[1]["id"]
    second = server.json("POST", "/v1/jobs?name=large.csv", large)[1]["id"]

    def wait(identifier, *states):
        until = time.monotonic() + 180
        while time.monotonic() < until:
            job = server.json("GET", f"/v1/jobs/{identifier}")[1]
            if job["state"] in states:
                return job
            time.sleep(0.05)
        raise AssertionError(job)

    wait(first, "done")
    _, before = server.ask("GET", f"/v1/jobs/{first}/predictions")
    wait(second, "running")
    assert server.end(signal.SIGKILL) == -signal.SIGKILL

    server = Server(tmp_path, *arguments)
    listed = {job["id"]: job["state"] for job in server.json("GET", "/v1/jobs")[1]["jobs"]}
    assert listed[first] == "done"
    assert listed[second] in ("queued", "running")
    assert server.ask("GET", f"/v1/jobs/{first}/predictions") == (200, before)
    assert wait(second, "done")["summary"]["n_predicted"] == 50 * len(runs.sequences)
    (tmp_path / "large.csv").write_text(large)
    predict_file(
        load_bundle(runs.lac), tmp_path / "large.csv", tmp_path / "out.csv", batch_size=5_000
    )
    assert (
        server.ask("GET", f"/v1/jobs/{second}/predictions")[1]
        == (tmp_path / "out.csv").read_bytes()
    )

    # SIGTERM: what runs is answered, nobody new is let in, and the process ends with 0.
    body = json.dumps({"sequences": runs.sequences * 41})
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(server.json, "POST", "/v1/predict", body, JSON)
        while (
            b"waiting_sequences" not in (text := server.ask("GET", "/metrics")[1])
            or b'{model="lac"} 9840.0' not in text
        ):
            assert not answer.done(), "it was answered before it could be stopped"
        started = time.monotonic()
        assert server.end() == 0
        assert time.monotonic() - started < 30
        assert answer.result()[1]["n_predicted"] == 9840
    with pytest.raises(ConnectionRefusedError, match="refused"):
        server.ask("GET", "/healthz")


def test_small_answers_are_sent_at_once():
    # Else the second part of an answer waits for the client's acknowledgement, 40 ms on Linux.
    async def is_undelayed():
        accepted = []
        server = await asyncio.start_server(
            lambda _, writer: accepted.append(writer), sock=listen("127.0.0.1", 0)
        )
        async with server:
            _, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
            while not accepted:
                await asyncio.sleep(0.01)
            found = (
                accepted[0]
                .get_extra_info("socket")
                .getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
            )
            for one in (writer, *accepted):
                one.close()
                await one.wait_closed()
        return found

    assert asyncio.run(is_undelayed())


def test_a_port_that_is_taken_is_said():
    with listen("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(OutputError, match=f"port {port}: .*; choose another with --port"):
            listen("127.0.0.1", port)
    with pytest.raises(OutputError, match=r"cannot listen on nowhere\.invalid"):
        listen("nowhere.invalid", 8000)
