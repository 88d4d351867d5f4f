"""What the service takes: sizes, numbers and times, each with its default."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields

from seqexpr.errors import InputError

__all__ = ["BYTES_A_SECOND", "MIB", "Limits"]

MIB = 1 << 20
BYTES_A_SECOND = 1 << 16
"""A body that comes at this pace may take its time."""


@dataclass(frozen=True)
class Limits:
    """What the service takes before it says no.

    Attributes
    ----------
    body_bytes : int
        Largest body of a request. Default 8 MiB.
    sequences : int
        Most sequences in a request. Default 10,000.
    bases : int
        Longest sequence. Default 20,000.
    explained : int
        Most sequences in a request to explain. Default 10.
    explained_bases : int
        Most bases in a request to explain, all sequences together. Default 5,000.
    designs : int
        Most designs of a request. Default 20.
    design_seconds : float
        Longest search for them; what was found until then is the answer. Default 15.
    in_flight : int
        Requests that are worked on or wait at a time. Default 256.
    connections : int
        Open connections. Default 1,000.
    held_bytes : int
        Bodies held in memory at a time, all together. Default 128 MiB.
    wait_seconds : float
        A request that would wait longer for the model is refused. Default 1.
    long_waiting : int
        Requests that wait for longer work (explaining) of one model. Default 8.
    seconds : float
        Longest time for an answer. Default 30.
    read_seconds : float
        Time in which the head of a request must arrive, and its body, which has a
        further second for each 64 KiB. Default 10.
    stop_seconds : float
        Time that requests have to end when the service is stopped. Default 30.
    batch_sequences : int
        Sequences predicted at a time. Default 2,000.
    batch_seconds : float
        How long the first request of a batch waits for others. Default 0.002.
    upload_bytes : int
        Largest file of a job. Default 200 MiB.
    jobs : int
        Jobs kept, finished ones too. Default 100.
    job_seconds : float
        Longest time of a job. Default 3,600.
    job_rows : int
        Most rows of a job. Default 10,000,000.
    job_bytes : int
        Most memory of a job. Default 4 GiB.

    Raises
    ------
    InputError
        If one is not a positive number.

    Examples
    --------
    >>> Limits(sequences=0)
    Traceback (most recent call last):
        ...
    seqexpr.errors.InputError: limit sequences = 0: must be a number above 0
    """

    body_bytes: int = 8 * MIB
    sequences: int = 10_000
    bases: int = 20_000
    explained: int = 10
    explained_bases: int = 5_000
    designs: int = 20
    design_seconds: float = 15.0
    in_flight: int = 256
    connections: int = 1_000
    held_bytes: int = 128 * MIB
    wait_seconds: float = 1.0
    long_waiting: int = 8
    seconds: float = 30.0
    read_seconds: float = 10.0
    stop_seconds: float = 30.0
    batch_sequences: int = 2_000
    batch_seconds: float = 0.002
    upload_bytes: int = 200 * MIB
    jobs: int = 100
    job_seconds: float = 3_600.0
    job_rows: int = 10_000_000
    job_bytes: int = 4 << 30

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if not math.isfinite(value) or value <= 0:
                raise InputError(f"limit {field.name} = {value}: must be a number above 0")
