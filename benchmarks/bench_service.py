"""What the service does under load, beside the library in one process.

    python -m benchmarks.bench_service [RUN] [--seconds 60] [--clients 200] [--requests 100000]

Prints Markdown. Without RUN, a ridge is trained on 4,000 simulated sequences of 150 bases; a
network needs an environment with PyTorch. The service runs in a process of its own, the clients
in this one, so two cores are busy.

- throughput: 4 clients with requests of 1,000 sequences, beside ``Bundle.predict_table`` and
  ``Bundle.predict`` on batches of 1,000; rounds alternate, medians are shown;
- load: clients that ask for 10 sequences as fast as they are answered; 429 is answered by waiting
  for Retry-After;
- memory: resident memory of the service while requests of one sequence come.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np

from seqexpr.bundle.store import load_bundle

LENGTH = 150


def draw(n: int, length: int) -> list[str]:
    rng = np.random.default_rng(0)
    return ["".join(row) for row in rng.choice(list("ACGT"), size=(n, length))]


def train_ridge(folder: Path) -> Path:
    from seqexpr.data.simulate import simulate_library
    from seqexpr.workflow.train import train

    table = simulate_library(4_000, rng=np.random.default_rng(5), length=LENGTH, noise=0.3).table
    choices = {"target": "expression", "models": ("mean", "ridge"), "split": "random"}
    train(table, nested=False, output=folder / "ridge", **choices)
    return folder / "ridge"


@contextmanager
def served(run: Path) -> Iterator[int]:
    """Serve a model in a process of its own, and give its port."""
    command = [sys.executable, "-m", "seqexpr", "serve", str(run), "--port", "0"]
    with tempfile.TemporaryFile("w+") as log:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True)
        try:
            lines = iter(process.stdout.readline, "")
            address = next((line for line in lines if line.startswith("API")), None)
            if address is None:
                log.seek(0)
                raise SystemExit(f"the service did not start: {log.read().strip()}")
            yield int(address.split("127.0.0.1:")[1].split("/")[0])
        finally:
            process.terminate()
            process.wait(60)


class Client:
    """One connection that is kept, with as little of its own as can be."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.reader: asyncio.StreamReader | None = None

    async def ask(self, method: str, path: str, body: bytes = b"") -> tuple[int, dict, bytes]:
        if self.reader is None:
            self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self.port)
        head = (
            f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        self.writer.write(head.encode() + body)
        raw = (await self.reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        pairs = (line.split(": ", 1) for line in raw[1:] if line)
        headers = {name.lower(): value for name, value in pairs}
        content = await self.reader.readexactly(int(headers["content-length"]))
        if headers.get("connection") == "close":
            await self.close()
        return int(raw[0].split()[1]), headers, content

    async def close(self) -> None:
        if self.reader is not None:
            self.reader = None
            self.writer.close()
            await self.writer.wait_closed()


def asked(sequences: list[str]) -> bytes:
    return json.dumps({"sequences": sequences}).encode()


async def service_rate(
    port: int, sequences: list[str], *, seconds: float, clients: int = 4
) -> float:
    """Return sequences a second of clients that ask for all of them at a time."""
    body, until = asked(sequences), time.perf_counter() + seconds

    async def run() -> int:
        client, done = Client(port), 0
        while time.perf_counter() < until:
            status, _, _ = await client.ask("POST", "/v1/predict", body)
            done += len(sequences) if status == 200 else 0
        await client.close()
        return done

    started = time.perf_counter()
    done = sum(await asyncio.gather(*(run() for _ in range(clients))))
    return done / (time.perf_counter() - started)


def library_rate(predict, sequences: list[str], *, seconds: float) -> float:
    started = time.perf_counter()
    done = 0
    while time.perf_counter() - started < seconds:
        predict(sequences)
        done += len(sequences)
    return done / (time.perf_counter() - started)


def throughput(run: Path, port: int, *, seconds: float, rounds: int) -> None:
    bundle = load_bundle(run)
    sequences = draw(1_000, round(bundle.manifest.input.median_length))
    found: dict[str, list[float]] = {"service": [], "predict_table": [], "predict": []}
    asyncio.run(service_rate(port, sequences, seconds=min(1.0, seconds)))
    bundle.predict_table(sequences)
    for _ in range(rounds):
        found["predict_table"].append(
            library_rate(bundle.predict_table, sequences, seconds=seconds)
        )
        found["service"].append(asyncio.run(service_rate(port, sequences, seconds=seconds)))
        found["predict"].append(library_rate(bundle.predict, sequences, seconds=seconds))
    middle = {name: statistics.median(values) for name, values in found.items()}
    print("| sequences a second | | share of `predict_table` |\n|---|---|---|")
    for name, label in (
        ("service", "`POST /v1/predict`"),
        ("predict_table", "`Bundle.predict_table`, in one process (intervals and domain)"),
        ("predict", "`Bundle.predict`, in one process (the prediction alone)"),
    ):
        share = middle[name] / middle["predict_table"]
        print(f"| {label} | {middle[name]:,.0f} | {share:.0%} |")


async def load(port: int, sequences: list[str], *, seconds: float, clients: int) -> None:
    """Let clients ask as fast as they are answered, and print how it went."""
    body, until = asked(sequences[:10]), time.perf_counter() + seconds
    statuses: Counter[str] = Counter()
    times: list[float] = []

    async def run() -> None:
        client = Client(port)
        while time.perf_counter() < until:
            started = time.perf_counter()
            try:
                status, headers, _ = await client.ask("POST", "/v1/predict", body)
            except (OSError, asyncio.IncompleteReadError) as error:
                statuses[type(error).__name__] += 1
                await client.close()
                continue
            statuses[str(status)] += 1
            if status == 200:
                times.append(time.perf_counter() - started)
            elif status == 429:
                await asyncio.sleep(float(headers["retry-after"]))
        await client.close()

    await asyncio.gather(*(run() for _ in range(clients)))
    middle, late, last = np.quantile(times, [0.5, 0.99, 1.0])
    print(
        f"\n{clients} clients for {seconds:g} s, 10 sequences a request: "
        f"{len(times) / seconds:,.0f} requests a second; p50 {middle:.2f} s, p99 {late:.2f} s, "
        f"longest {last:.2f} s; "
        f"answers: {', '.join(f'{n:,} × {status}' for status, n in sorted(statuses.items()))}"
    )


async def memory(port: int, sequences: list[str], *, requests: int, clients: int = 8) -> None:
    """Print the resident memory of the service while requests come."""
    body, left = asked(sequences[:1]), requests
    marks = {requests - round(share * requests): share for share in (0.0, 0.1, 0.25, 0.5, 1.0)}
    rows = []

    async def note(share: float) -> None:
        watcher = Client(port)
        text = (await watcher.ask("GET", "/metrics"))[2].decode()
        await watcher.close()
        line = next(s for s in text.splitlines() if s.startswith("process_resident_memory_bytes"))
        rows.append((round(share * requests), float(line.split()[1]) / (1 << 20)))

    async def run() -> None:
        nonlocal left
        client = Client(port)
        while left > 0:
            left -= 1
            mark = marks.get(left)
            await client.ask("POST", "/v1/predict", body)
            if mark is not None:
                await note(mark)
        await client.close()

    await note(0.0)
    await asyncio.gather(*(run() for _ in range(clients)))
    print("\n| requests | resident memory of the service, MiB |\n|---|---|")
    for done, mebibytes in rows:
        print(f"| {done:,} | {mebibytes:.1f} |")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("run", nargs="?", type=Path)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--clients", type=int, default=200)
    parser.add_argument("--requests", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        run = options.run or train_ridge(Path(folder))
        bundle = load_bundle(run)
        sequences = draw(100, round(bundle.manifest.input.median_length))
        print(f"{bundle.manifest.model.title}, sequences of {len(sequences[0])} bases\n")
        with served(run) as port:
            throughput(run, port, seconds=options.seconds / 12, rounds=options.rounds)
            asyncio.run(load(port, sequences, seconds=options.seconds, clients=options.clients))
            asyncio.run(memory(port, sequences, requests=options.requests))


if __name__ == "__main__":
    main()
