"""The models that are served: each with a thread that predicts, and one for longer work."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from seqexpr.bundle.prediction import predict_table
from seqexpr.bundle.store import load_bundle
from seqexpr.data.columns import ColumnRoles
from seqexpr.data.table import Table
from seqexpr.errors import InputError
from seqexpr.serve.batching import Batcher, BusyError, Columns, LongWork, Rows

if TYPE_CHECKING:
    from concurrent.futures import Future

    from seqexpr.bundle.bundle import Bundle
    from seqexpr.serve.limits import Limits

__all__ = ["ServedModel", "load_models", "predict_rows"]

_NAME = re.compile(r"[\w.+-]{1,100}")


def predict_rows(bundle: Bundle, rows: Rows) -> Columns:
    """Predict rows, and return the columns that ``seqexpr predict`` writes, without id.

    Missing values are None, missing numbers NaN.
    """
    columns = {name: rows.covariates[name] for name in (item.name for item in bundle.covariates)}
    frame = pd.DataFrame({"sequence": pd.Series(rows.sequences, dtype=object), **columns})
    table = Table(frame, ColumnRoles(sequence="sequence"), "the request", "DataFrame")
    answered, _ = predict_table(bundle, table)
    found = {name: answered[name].tolist() for name in answered.columns if name != "id"}
    for name in ("in_domain", "problem"):
        found[name] = [None if value is pd.NA or value != value else value for value in found[name]]
    return found


@dataclass(eq=False)
class ServedModel:
    """A model that is served.

    Attributes
    ----------
    name : str
        What requests call it.
    bundle : Bundle
        Predicts, in the thread of `batcher` only.
    spare : Bundle
        A second copy for longer work, in the thread of `long_work` only: nothing
        need be safe to use from two threads, and no prediction waits for an
        explanation.
    report : Path or None
        The report of the run that the model comes from.
    batcher : Batcher
        Predicts rows of many requests together.
    long_work : LongWork
        Explains.
    wait_seconds : float
        Longest wait that is accepted.
    waiting : int
        Rows that were accepted and are not answered yet.
    """

    name: str
    bundle: Bundle
    spare: Bundle
    report: Path | None
    batcher: Batcher
    long_work: LongWork
    wait_seconds: float
    waiting: int = field(default=0)

    def admit(self, n: int) -> None:
        """Count `n` rows as waiting, if they need not wait too long.

        Raises
        ------
        BusyError
            If the rows before them take longer than the accepted wait.
        """
        seconds = self.waiting / self.batcher.rate
        if self.waiting and seconds > self.wait_seconds:
            raise BusyError(seconds)
        self.waiting += n

    def submit(self, rows: Rows) -> Future[Columns]:
        """Queue rows that were admitted."""
        return self.batcher.submit(rows)

    def close(self) -> None:
        """Stop both threads."""
        self.batcher.close()
        self.long_work.close()


def load_models(
    sources: Sequence[str],
    *,
    limits: Limits,
    on_batch: Callable[[str, int, float], None] | None = None,
) -> dict[str, ServedModel]:
    """Load models, each under a name of its own.

    Parameters
    ----------
    sources : sequence of str
        Run folders, model folders or .zip files, or NAME=PATH.
    limits : Limits
        Sizes of batches and queues.
    on_batch : callable, optional
        Told the name of the model, rows and seconds of each batch.

    Returns
    -------
    dict of str to ServedModel
        By name, in the order given.

    Raises
    ------
    InputError
        If two models have one name, or a name holds other than letters, digits
        and ``. _ + -``.
    BundleError
        As :func:`seqexpr.bundle.store.load_bundle`.
    """
    if not sources:
        raise InputError(
            "no model to serve; pass a run folder, its model folder, or a .zip of that"
        )
    places: dict[str, Path] = {}
    for source in sources:
        name, path = _named(source)
        if name in places:
            raise InputError(
                f"two models are called {name!r}: {places[name]} and {path}; give one of them "
                f"another name: {name}-2={path}"
            )
        if not _NAME.fullmatch(name):
            raise InputError(
                f"{name!r} cannot be the name of a model (letters, digits, . _ + - and at most 100 "
                f"of them); give it one: model={path}"
            )
        places[name] = path
    return {name: _load(name, path, limits, on_batch) for name, path in places.items()}


def _named(source: str) -> tuple[str, Path]:
    """Return the name and the path that `source` means."""
    given, is_named, path = source.partition("=")
    if is_named and not Path(source).exists():
        return given, Path(path)
    place = Path(source)
    whole = place.absolute()
    if whole.name == "model" and whole.parent.name:
        return whole.parent.name, place
    return (whole.stem if whole.suffix == ".zip" else whole.name), place


def _load(
    name: str,
    path: Path,
    limits: Limits,
    on_batch: Callable[[str, int, float], None] | None,
) -> ServedModel:
    bundle, spare = load_bundle(path), load_bundle(path)

    def tell(n: int, seconds: float) -> None:
        if on_batch is not None:
            on_batch(name, n, seconds)

    batcher = Batcher(
        lambda rows: predict_rows(bundle, rows),
        most=limits.batch_sequences,
        wait_seconds=limits.batch_seconds,
        rate=_warm_up(bundle),
        on_batch=tell,
    )
    report = bundle.path.parent / "report.html"
    return ServedModel(
        name=name,
        bundle=bundle,
        spare=spare,
        report=report if bundle.path.name == "model" and report.is_file() else None,
        batcher=batcher,
        long_work=LongWork(most=limits.long_waiting),
        wait_seconds=limits.wait_seconds,
    )


def _warm_up(bundle: Bundle, n: int = 200) -> float:
    """Predict golden sequences, so that what is compiled is compiled; return rows a second."""
    golden = bundle.manifest.golden
    picks = [row % len(golden.sequences) for row in range(n)]
    beside = {
        item.name: [golden.covariates[row][item.name] for row in picks]
        for item in bundle.covariates
    }
    rows = Rows([golden.sequences[row] for row in picks], beside)
    predict_rows(bundle, rows)
    started = time.perf_counter()
    predict_rows(bundle, rows)
    return n / max(time.perf_counter() - started, 1e-6)
