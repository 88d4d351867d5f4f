"""Requests checked against the limits, put to the models, and answered."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from typing import TYPE_CHECKING, TypeVar

from seqexpr.bundle.columns import prediction_columns
from seqexpr.errors import did_you_mean
from seqexpr.serve.batching import BusyError, Columns, Rows
from seqexpr.serve.explaining import explain_rows
from seqexpr.serve.problems import Problem
from seqexpr.serve.schemas import (
    ExplainAnswer,
    ExplainRequest,
    PredictAnswer,
    PredictRequest,
    TargetColumns,
    TargetDocument,
)

if TYPE_CHECKING:
    from starlette.requests import Request

    from seqexpr.bundle.bundle import Bundle
    from seqexpr.serve.limits import Limits
    from seqexpr.serve.models import ServedModel
    from seqexpr.serve.service import Service

__all__ = [
    "check_covariates",
    "check_rows",
    "do_long",
    "explain",
    "find_target",
    "interval_of",
    "note",
    "predict",
]

T = TypeVar("T")


def note(request: Request, **fields: object) -> None:
    """Add what a request was about to its line in the log."""
    request.scope["state"].setdefault("log", {}).update(fields)


def check_rows(asked: PredictRequest, model: ServedModel, limits: Limits) -> tuple[Rows, list[str]]:
    """Return the rows of a request, and their names, if they are within the limits.

    Raises
    ------
    Problem
        413 for too many or too long sequences, 422 for columns that do not fit.
    """
    n = len(asked.sequences)
    if n > limits.sequences:
        raise Problem(
            413,
            "too-many-sequences",
            f"a request may hold {limits.sequences:,} sequences",
            where="body.sequences",
            found=f"{n:,}",
            remedy="send them in several requests, or the file as a job",
        )
    for row, sequence in enumerate(asked.sequences):
        if len(sequence) > limits.bases:
            raise Problem(
                413,
                "sequence-too-long",
                f"a sequence may have {limits.bases:,} bases",
                where=f"body.sequences[{row}]",
                found=f"{len(sequence):,}",
                remedy="send the part that the model was trained on",
            )
    ids = [f"row {row}" for row in range(1, n + 1)] if asked.ids is None else asked.ids
    _check_length("ids", len(ids), n)
    return Rows(asked.sequences, _covariates(asked, model, n)), ids


def _covariates(asked: PredictRequest, model: ServedModel, n: int) -> Columns:
    given = asked.covariates or {}
    needed = check_covariates(given, model)
    for name in needed:
        _check_length(f"covariates.{name}", len(given[name]), n)
    return {name: list(given[name]) for name in needed}


def check_covariates(given: Iterable[str], model: ServedModel) -> list[str]:
    """Return the names of the covariates that a model needs, if just those are given.

    Raises
    ------
    Problem
        422 for one that is missing or not known.
    """
    names = list(given)
    needed = [item.name for item in model.bundle.covariates]
    for name in needed:
        if name not in names:
            hint = did_you_mean(name, names)
            raise Problem(
                422,
                "no-covariate",
                f"the model needs {name!r} beside the sequences{hint}",
                where="body.covariates",
                remedy="GET /v1/models says what it needs",
            )
    for name in names:
        if name not in needed:
            raise Problem(
                422,
                "unknown-covariate",
                f"the model does not read this covariate{did_you_mean(name, needed)}",
                where="body.covariates",
                found=name,
                remedy="GET /v1/models says what it needs",
            )
    return needed


def _check_length(what: str, found: int, n: int) -> None:
    if found != n:
        raise Problem(
            422,
            "lengths",
            f"{what} has {found:,} values for {n:,} sequences",
            where=f"body.{what}",
            remedy="give one value for each sequence",
        )


def interval_of(model: ServedModel) -> float | None:
    """Return the share of new sequences that a model's intervals are made to hold."""
    intervals = model.bundle.calibration.intervals
    return None if intervals is None else intervals.level


async def wait_for(answer: Future[T], seconds: float) -> T:
    """Wait for an answer of another thread.

    Raises
    ------
    Problem
        503 if it takes longer than `seconds`.
    """
    try:
        async with asyncio.timeout(seconds):
            return await asyncio.wrap_future(answer)
    except TimeoutError:
        raise Problem(
            503,
            "too-slow",
            f"the answer took longer than {seconds:g} seconds",
            remedy="send fewer or shorter sequences, or the file as a job",
            retry_after=1,
        ) from None


def busy(error: BusyError, model: str) -> Problem:
    """Return the problem of a model that has no room for more work."""
    return Problem(
        429,
        "busy",
        f"the model {model!r} has more to do than it gets done",
        remedy=f"ask again in {error.seconds} s",
        retry_after=error.seconds,
    )


async def predict(service: Service, model: ServedModel, asked: PredictRequest) -> PredictAnswer:
    """Predict the sequences of a request, together with those of others.

    A long request is put to the model piece by piece, so that short ones get
    their turn in between.
    """
    limits, metrics = service.limits, service.metrics
    rows, ids = check_rows(asked, model, limits)
    n, most = len(rows), limits.batch_sequences
    columns: Columns = {}
    try:
        model.admit(n)
        try:
            metrics.waiting.labels(model.name).set(model.waiting)
            until = asyncio.get_running_loop().time() + limits.seconds
            for start in range(0, n, most):
                left = until - asyncio.get_running_loop().time()
                part = await wait_for(model.submit(rows.cut(start, start + most)), max(left, 0))
                for name, values in part.items():
                    columns.setdefault(name, []).extend(values)
        finally:
            model.waiting -= n
            metrics.waiting.labels(model.name).set(model.waiting)
    except BusyError as error:
        raise busy(error, model.name) from None
    n_problems = sum(problem is not None for problem in columns["problem"])
    metrics.note_rows(model.name, predicted=n - n_problems, problems=n_problems)
    names = model.bundle.target_names
    targets = [
        # The columns come from the model: they need no second look.
        TargetColumns.model_construct(
            name=info.name,
            unit=info.unit,
            predicted=columns[prediction_columns(names)[place]],
            lower=columns[prediction_columns(names, "lower")[place]],
            upper=columns[prediction_columns(names, "upper")[place]],
        )
        for place, info in enumerate(model.bundle.manifest.targets)
    ]
    return PredictAnswer.model_construct(
        model=model.name,
        n_rows=n,
        n_predicted=n - n_problems,
        interval=interval_of(model),
        ids=ids,
        targets=targets,
        in_domain=columns["in_domain"],
        domain_score=columns["domain_score"],
        problems=columns["problem"],
    )


async def do_long(
    service: Service, model: ServedModel, work: Callable[[Bundle, Callable[[], bool]], T]
) -> T:
    """Have longer work done in the thread for it.

    Parameters
    ----------
    service : Service
        Says how long it may take.
    model : ServedModel
        Whose second copy works.
    work : callable
        Takes the bundle, and a function that says whether the answer is still
        wanted; asked from time to time.

    Raises
    ------
    Problem
        429 if too much waits, 503 if it takes too long.
    """
    is_gone = threading.Event()
    try:
        answer = model.long_work.submit(
            lambda stop: work(model.spare, lambda: is_gone.is_set() or stop.is_set())
        )
        return await wait_for(answer, service.limits.seconds)
    except BusyError as error:
        raise busy(error, model.name) from None
    finally:
        is_gone.set()


async def explain(service: Service, model: ServedModel, asked: ExplainRequest) -> ExplainAnswer:
    """Explain the sequences of a request, in the thread for longer work."""
    limits = service.limits
    rows, ids = check_rows(asked, model, limits)
    n_bases = sum(map(len, rows.sequences))
    if len(rows) > limits.explained or n_bases > limits.explained_bases:
        raise Problem(
            413,
            "too-much-to-explain",
            f"{limits.explained} sequences and {limits.explained_bases:,} bases can be explained "
            "at a time",
            where="body.sequences",
            found=f"{len(rows):,} sequences, {n_bases:,} bases",
            remedy="send fewer, or run seqexpr explain",
        )
    target = find_target(model, asked.target)
    found = await do_long(
        service,
        model,
        lambda bundle, is_unwanted: explain_rows(
            bundle, rows, ids=ids, target=target, is_unwanted=is_unwanted
        ),
    )
    if len(found) < len(rows):
        raise Problem(503, "stopping", "the service is being stopped", retry_after=5)
    info = model.bundle.manifest.targets[target]
    return ExplainAnswer(
        model=model.name,
        target=TargetDocument(name=info.name, unit=info.unit),
        interval=interval_of(model),
        explanations=found,
    )


def find_target(model: ServedModel, name: str | None) -> int:
    """Return the place of a quantity, the first if none is named.

    Raises
    ------
    Problem
        422 for an unknown name.
    """
    names = model.bundle.target_names
    if name is None:
        return 0
    if name not in names:
        raise Problem(
            422,
            "unknown-target",
            f"the model does not predict this{did_you_mean(name, names)}",
            where="body.target",
            found=name,
            remedy=f"take one of {', '.join(map(repr, names))}",
        )
    return names.index(name)
