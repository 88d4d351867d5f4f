"""Requests that come at the same time are predicted together, in a thread of their own."""

from __future__ import annotations

import math
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, TypeAlias

__all__ = ["Batcher", "BusyError", "Columns", "LongWork", "Rows", "join_rows"]

Columns: TypeAlias = dict[str, list[Any]]
"""Columns of a table of n rows, each a list of length n."""


class BusyError(Exception):
    """There is no room for more work now.

    Parameters
    ----------
    seconds : float
        When there will be.
    """

    def __init__(self, seconds: float) -> None:
        super().__init__(f"no room for {seconds:.1f} s")
        self.seconds = max(1, math.ceil(seconds))


@dataclass(frozen=True)
class Rows:
    """Rows to predict.

    Attributes
    ----------
    sequences : list of str, length n
        As they came in.
    covariates : dict of str to list of length n
        What stands beside them.
    """

    sequences: list[str]
    covariates: Columns = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.sequences)

    def cut(self, start: int, stop: int) -> Rows:
        """Return rows `start` to `stop`."""
        beside = {name: column[start:stop] for name, column in self.covariates.items()}
        return Rows(self.sequences[start:stop], beside)


def join_rows(parts: list[Rows]) -> Rows:
    """Return all rows of some requests, one after the other.

    Examples
    --------
    >>> join_rows([Rows(["A"], {"dose": [1]}), Rows(["C", "G"], {"dose": [2, 3]})])
    Rows(sequences=['A', 'C', 'G'], covariates={'dose': [1, 2, 3]})
    """
    if len(parts) == 1:
        return parts[0]
    names = parts[0].covariates
    return Rows(
        [sequence for part in parts for sequence in part.sequences],
        {name: [value for part in parts for value in part.covariates[name]] for name in names},
    )


@dataclass(frozen=True, eq=False)
class _Item:
    rows: Rows
    answer: Future[Columns]


class Batcher:
    """Predict rows of many requests together, in one thread.

    Parameters
    ----------
    predict : callable
        Takes :class:`Rows`, returns columns with as many rows. Only ever called
        from one thread.
    most : int
        Rows of a batch; a request with more makes one of its own.
    wait_seconds : float
        How long the first request of a batch waits for others.
    rate : float
        Rows predicted in a second, until that is measured. Default infinite.
    on_batch : callable, optional
        Told the number of rows, and the seconds, of each batch.

    Examples
    --------
    >>> batcher = Batcher(lambda rows: {"n": [len(s) for s in rows.sequences]}, most=100)
    >>> batcher.submit(Rows(["ACGT", "AC"])).result(timeout=10)
    {'n': [4, 2]}
    >>> batcher.close()
    """

    def __init__(
        self,
        predict: Callable[[Rows], Columns],
        *,
        most: int,
        wait_seconds: float = 0.0,
        rate: float = math.inf,
        on_batch: Callable[[int, float], None] | None = None,
    ) -> None:
        self._predict, self._most, self._wait = predict, most, wait_seconds
        self._on_batch = on_batch
        self._items: deque[_Item] = deque()
        self._changed = threading.Condition()
        self._is_open = True
        self.rate = rate
        """Rows predicted in a second, an average over the last batches."""
        self._thread = threading.Thread(target=self._run, name="predict", daemon=True)
        self._thread.start()

    def submit(self, rows: Rows) -> Future[Columns]:
        """Queue rows; the future gives their columns. Cancel it to take them out."""
        item = _Item(rows, Future())
        with self._changed:
            if not self._is_open:
                raise BusyError(1.0)
            self._items.append(item)
            self._changed.notify()
        return item.answer

    def close(self, timeout: float = 1.0) -> None:
        """Take no more rows, and wait for the running batch at most `timeout` seconds."""
        with self._changed:
            self._is_open = False
            for item in self._items:
                item.answer.cancel()
            self._items.clear()
            self._changed.notify()
        self._thread.join(timeout)

    def _run(self) -> None:
        while True:
            batch = self._collect()
            if batch is None:
                return
            if batch:
                self._answer(batch)

    def _collect(self) -> list[_Item] | None:
        """Wait for the first request, then a little for others; None at the end."""
        with self._changed:
            while not self._items:
                if not self._is_open:
                    return None
                self._changed.wait()
            until = time.monotonic() + self._wait
            while sum(len(item.rows) for item in self._items) < self._most and self._is_open:
                left = until - time.monotonic()
                if left <= 0:
                    break
                self._changed.wait(left)
            batch: list[_Item] = []
            n = 0
            while self._items and (not batch or n + len(self._items[0].rows) <= self._most):
                item = self._items.popleft()
                if item.answer.set_running_or_notify_cancel():
                    batch.append(item)
                    n += len(item.rows)
            return batch

    def _answer(self, batch: list[_Item]) -> None:
        started = time.perf_counter()
        try:
            columns = self._predict(join_rows([item.rows for item in batch]))
        except Exception as error:
            if len(batch) == 1:
                batch[0].answer.set_exception(error)
                return
            for item in batch:  # one of them is to blame: each alone
                self._answer([item])
            return
        seconds = time.perf_counter() - started
        start = 0
        for item in batch:
            stop = start + len(item.rows)
            item.answer.set_result({name: column[start:stop] for name, column in columns.items()})
            start = stop
        self._note(start, seconds)

    def _note(self, n: int, seconds: float) -> None:
        rate = n / max(seconds, 1e-6)
        # Small batches are slow for each row, so they say little about what a full one takes.
        weight = 0.3 * min(1.0, n / self._most)
        self.rate = rate if math.isinf(self.rate) else (1 - weight) * self.rate + weight * rate
        if self._on_batch is not None:
            self._on_batch(n, seconds)


class LongWork:
    """Run longer work one piece after the other, in one thread, so that predictions go on.

    Parameters
    ----------
    most : int
        Pieces that may wait; more are refused.

    Examples
    --------
    >>> work = LongWork(most=2)
    >>> work.submit(lambda stop: "done").result(timeout=10)
    'done'
    >>> work.close()
    """

    def __init__(self, *, most: int) -> None:
        self._most = most
        self._items: deque[tuple[Callable[[threading.Event], Any], Future[Any]]] = deque()
        self._changed = threading.Condition()
        self._stop = threading.Event()
        self._seconds = 1.0
        self._thread = threading.Thread(target=self._run, name="long work", daemon=True)
        self._thread.start()

    def submit(self, work: Callable[[threading.Event], Any]) -> Future[Any]:
        """Queue work. It is handed an event that is set when the service stops.

        Raises
        ------
        BusyError
            If too much work waits.
        """
        answer: Future[Any] = Future()
        with self._changed:
            if len(self._items) >= self._most or self._stop.is_set():
                raise BusyError(self._seconds * (len(self._items) + 1))
            self._items.append((work, answer))
            self._changed.notify()
        return answer

    def close(self, timeout: float = 1.0) -> None:
        """Take no more work, and wait for what runs at most `timeout` seconds."""
        with self._changed:
            self._stop.set()
            for _, answer in self._items:
                answer.cancel()
            self._items.clear()
            self._changed.notify()
        self._thread.join(timeout)

    def _run(self) -> None:
        while True:
            with self._changed:
                while not self._items and not self._stop.is_set():
                    self._changed.wait()
                if not self._items:
                    return
                work, answer = self._items.popleft()
            if not answer.set_running_or_notify_cancel():
                continue
            started = time.monotonic()
            try:
                answer.set_result(work(self._stop))
            except Exception as error:
                answer.set_exception(error)
            self._seconds = 0.5 * self._seconds + 0.5 * (time.monotonic() - started)
