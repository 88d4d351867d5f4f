"""Run a command and measure it: seconds by the clock, of processors, and peak memory."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import psutil

EVERY = 0.05


@dataclass(frozen=True)
class Cost:
    """What a command took: seconds by the clock, of processors with those it started, peak MiB."""

    seconds: float
    processor: float
    megabytes: float


def seqexpr(*arguments: str) -> Cost:
    """Run our command line in a process of its own."""
    return run([sys.executable, "-m", "seqexpr", *arguments])


def run(command: list[str]) -> Cost:
    """Run a command to its end; what it says is shown if it fails."""
    with tempfile.TemporaryFile("w+") as said:
        began = time.perf_counter()
        child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=said)
        family, peak = psutil.Process(child.pid), 0.0
        while True:
            ended, status, used = os.wait4(child.pid, os.WNOHANG)
            if ended:
                break
            peak = max(peak, _megabytes(family))
            time.sleep(EVERY)
        seconds = time.perf_counter() - began
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode:
            said.seek(0)
            raise SystemExit(f"{' '.join(command)}\n{said.read()}")
    return Cost(seconds, used.ru_utime + used.ru_stime, peak)


def _megabytes(process: psutil.Process) -> float:
    """Return the memory of a process at its highest so far, with that of its children now."""
    try:
        others = sum(one.memory_info().rss for one in process.children(recursive=True))
    except psutil.NoSuchProcess:
        return 0.0
    return peak_megabytes(process.pid) + others / 2**20


def peak_megabytes(process: int | str = "self") -> float:
    """Return the peak memory of a process, without that of the one that started it.

    Linux tells it; elsewhere it is the memory now. (getrusage counts the parent's before exec.)
    """
    try:
        status = Path(f"/proc/{process}/status").read_text()
    except OSError:
        one = psutil.Process() if process == "self" else psutil.Process(int(process))
        return float(one.memory_info().rss) / 2**20 if one.is_running() else 0.0
    lines = [line for line in status.splitlines() if line.startswith("VmHWM:")]
    return int(lines[0].split()[1]) / 1024 if lines else 0.0
