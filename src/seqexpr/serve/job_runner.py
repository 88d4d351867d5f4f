"""Run a job in a process of its own, whose memory and time are limited."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from seqexpr.serve.limits import Limits

__all__ = ["Ended", "run_child"]


@dataclass(frozen=True)
class Ended:
    """How a job ended.

    Attributes
    ----------
    summary : dict or None
        What became of the rows, if it is done.
    error : str or None
        Why it is not.
    """

    summary: dict[str, Any] | None = None
    error: str | None = None


def run_child(
    model: Path,
    *,
    source: Path,
    destination: Path,
    limits: Limits,
    unwanted: threading.Event,
    on_rows: Callable[[int], None],
) -> Ended | None:
    """Predict a file in a child process.

    A file that cannot be read, or that takes all memory, ends the child and not
    the service; a child that has lost its service ends as well.

    Parameters
    ----------
    model, source, destination : Path
        What to predict with, what, and where to.
    limits : Limits
        `job_seconds`, `job_rows` and `job_bytes` are used.
    unwanted : threading.Event
        Set it to end the child.
    on_rows : callable
        Told the number of rows done.

    Returns
    -------
    Ended or None
        None if it was not wanted any more.
    """
    order = {
        "model": str(model), "source": str(source), "destination": str(destination),
        "most_rows": limits.job_rows, "most_bytes": limits.job_bytes,
    }  # fmt: skip
    child = subprocess.Popen(  # noqa: S603  our own module, and no shell
        [sys.executable, "-m", "seqexpr.serve.job_process", json.dumps(order)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=os.environ | {"SEQEXPR_TOKEN": ""},
    )
    is_late = threading.Event()
    watch = threading.Thread(
        target=_watch, args=(child, unwanted, is_late, limits.job_seconds), daemon=True
    )
    watch.start()
    ended = _listen(child, on_rows)
    watch.join()
    if unwanted.is_set():
        return None
    if is_late.is_set():
        return Ended(error=f"it took longer than {limits.job_seconds:g} seconds; send fewer rows")
    if ended is None:
        gib = limits.job_bytes / (1 << 30)
        return Ended(
            error=f"it ended with status {child.returncode}, as a job does that needs more than "
            f"{gib:g} GiB of memory; send fewer or shorter rows"
        )
    return ended


def _watch(
    child: subprocess.Popen[str], unwanted: threading.Event, is_late: threading.Event, most: float
) -> None:
    """Kill the child when it is late or unwanted; return when it has ended."""
    until = time.monotonic() + most
    while child.poll() is None:
        if time.monotonic() > until:
            is_late.set()
        if is_late.is_set() or unwanted.wait(0.1):
            child.kill()
            child.wait()


def _listen(child: subprocess.Popen[str], on_rows: Callable[[int], None]) -> Ended | None:
    """Read what the child says, until it ends."""
    ended = None
    if child.stdout is None:  # it was asked for
        return None
    with child.stdout:
        for line in child.stdout:
            said = json.loads(line)
            if "rows" in said:
                on_rows(int(said["rows"]))
            elif "summary" in said:
                ended = Ended(summary=said["summary"])
            else:
                ended = Ended(error=said["error"])
    child.wait()
    return ended
