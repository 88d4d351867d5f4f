"""A small design, for the API."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd

from seqexpr.bundle.columns import prediction_columns
from seqexpr.bundle.intake import take_in
from seqexpr.design.constraints import Constraints
from seqexpr.design.run import DesignRun, design
from seqexpr.errors import InputError
from seqexpr.sequences import BASES
from seqexpr.serve.answering import check_covariates, do_long, find_target, interval_of
from seqexpr.serve.problems import Problem
from seqexpr.serve.schemas import Design, DesignAnswer, DesignRequest, TargetDocument

if TYPE_CHECKING:
    from seqexpr.bundle.bundle import Bundle
    from seqexpr.serve.limits import Limits
    from seqexpr.serve.models import ServedModel
    from seqexpr.serve.service import Service

__all__ = ["search_designs"]


class _UnwantedError(Exception):
    """Nobody waits for the answer any more."""


async def search_designs(
    service: Service, model: ServedModel, asked: DesignRequest
) -> DesignAnswer:
    """Search for the designs of a request, in the thread for longer work.

    What a request says is never taken for the name of a file: a start is handed on
    as a list of sequences, and the table that the model was trained on is not read.
    """
    limits = service.limits
    check_covariates(asked.covariates or {}, model)
    target = find_target(model, asked.target)
    start = _start(asked, limits)
    info = model.bundle.manifest.targets[target]

    def work(bundle: Bundle, is_unwanted: Callable[[], bool]) -> DesignRun:
        starts = _recorded(bundle) if start is None else [start]

        def tell(text: str, done: int, total: int) -> None:
            if is_unwanted():
                raise _UnwantedError

        return design(
            bundle,
            goal=asked.goal,
            target=info.name,
            covariates=asked.covariates,
            start=starts or "random",
            table=pd.DataFrame({"sequence": starts or ["A"]}),
            constraints=_constraints(asked),
            n=asked.n,
            seconds=limits.design_seconds,
            seed=asked.seed,
            on_step=tell,
        )

    try:
        run = await do_long(service, model, work)
    except InputError as error:
        raise Problem(
            422,
            "no-design",
            str(error),
            where="body",
            remedy="loosen a constraint, or start from a sequence like those of training",
        ) from error
    except _UnwantedError:
        raise Problem(503, "stopping", "the service is being stopped", retry_after=5) from None
    place = prediction_columns(model.bundle.target_names)[target].removeprefix("predicted")
    rows = run.table.astype(object).where(run.table.notna(), None).to_dict("records")
    return DesignAnswer(
        model=model.name,
        target=TargetDocument(name=info.name, unit=info.unit),
        goal=run.goal,
        interval=interval_of(model),
        n_judged=run.n_judged,
        designs=[_design(row, place) for row in rows],
        warnings=list(run.warnings),
    )


def _start(asked: DesignRequest, limits: Limits) -> str | None:
    """Return the sequence to start from, if it is one, and not too long."""
    if asked.n > limits.designs:
        raise Problem(
            413,
            "too-many-designs",
            f"a request may ask for {limits.designs} designs",
            where="body.n",
            found=asked.n,
            remedy="ask for fewer, or run seqexpr design",
        )
    if asked.start is None:
        return None
    if len(asked.start) > limits.explained_bases:
        raise Problem(
            413,
            "sequence-too-long",
            f"a start may have {limits.explained_bases:,} bases",
            where="body.start",
            found=len(asked.start),
            remedy="send a shorter one, or run seqexpr design",
        )
    intake = take_in(pd.Series([asked.start], dtype=object))
    if intake.problems[0]:
        raise Problem(
            422,
            "no-start",
            f"the start cannot be used: {intake.problems[0]}",
            where="body.start",
            remedy="give a DNA sequence, or leave it out",
        )
    return intake.sequences[0]


def _recorded(bundle: Bundle) -> list[str]:
    """Return the sequences of training that the model has with it, of the commonest length.

    Searches end inside the training domain more surely from them than from random
    ones, which lie far outside of a designed library.
    """
    whole = [one for one in bundle.manifest.golden.sequences if not set(one) - set(BASES)]
    lengths = Counter(map(len, whole))
    commonest = max(lengths, key=lambda length: (lengths[length], length), default=0)
    return [one for one in whole if len(one) == commonest]


def _constraints(asked: DesignRequest) -> Constraints:
    return Constraints(
        forbidden=tuple(asked.forbidden),
        gc=asked.gc,
        max_homopolymer=asked.max_homopolymer,
        max_changes=asked.max_changes,
    )


def _design(row: Mapping[Hashable, Any], place: str) -> Design:
    return Design(
        id=str(row["id"]),
        sequence=row["sequence"],
        predicted=row[f"predicted{place}"],
        lower=row[f"lower{place}"],
        upper=row[f"upper{place}"],
        bound=row["bound"],
        in_domain=row["in_domain"],
        domain_score=row["domain_score"],
        n_changes=row["n_changes"],
        changes=row["changes"] or "",
    )
