"""A reference and its variants, for the API."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from seqexpr.bundle.columns import prediction_columns
from seqexpr.bundle.intake import take_in
from seqexpr.errors import InputError
from seqexpr.serve.answering import check_covariates, do_long
from seqexpr.serve.problems import Problem
from seqexpr.serve.schemas import EffectColumns, VariantsAnswer, VariantsRequest
from seqexpr.variants.changes import apply_changes, parse_variant, single_changes
from seqexpr.variants.effect_table import Batch, effect_table

if TYPE_CHECKING:
    from seqexpr.bundle.bundle import Bundle
    from seqexpr.serve.models import ServedModel
    from seqexpr.serve.service import Service

__all__ = ["compare", "make_batch"]


def make_batch(reference: str, variants: Sequence[str] | None) -> Batch:
    """Return variants of a sequence, each with its problem if there is one.

    Parameters
    ----------
    reference : str
        Upper-case DNA.
    variants : sequence of str, optional
        Changes as people write them, or whole sequences; by default every change
        of one base.

    Examples
    --------
    >>> batch = make_batch("ACGT", ["A1T;del3", "ACGTT", "C1T"])
    >>> batch.alternatives, batch.problems[2]
    (['TCT', 'ACGTT', ''], 'C1T: found A at base 1, not C')
    """
    batch = Batch()
    for text in single_changes(reference) if variants is None else variants:
        described = {"id": text.strip()}
        if any(letter.isdigit() for letter in text):
            try:
                changed = apply_changes(reference, parse_variant(text))
                problem = "" if changed else "no base would be left"
            except InputError as error:
                changed, problem = "", str(error)
        else:
            intake = take_in(pd.Series([text], dtype=object))
            changed, problem = intake.sequences[0], intake.problems[0]
        if problem:
            batch.refuse(described, problem)
        else:
            batch.add(described, reference, changed)
    return batch


async def compare(service: Service, model: ServedModel, asked: VariantsRequest) -> VariantsAnswer:
    """Score the variants of a request, in the thread for longer work."""
    limits = service.limits
    check_covariates(asked.covariates or {}, model)
    intake = take_in(pd.Series([asked.reference], dtype=object))
    if intake.problems[0]:
        raise Problem(
            422,
            "no-reference",
            f"the reference cannot be used: {intake.problems[0]}",
            where="body.reference",
            remedy="give a DNA sequence",
        )
    reference = intake.sequences[0]
    n = 3 * len(reference) if asked.variants is None else len(asked.variants)
    longest = max(map(len, [reference, *(asked.variants or [])]))
    if n > limits.sequences or longest > limits.bases:
        raise Problem(
            413,
            "too-many-variants",
            f"a request may hold {limits.sequences:,} variants of {limits.bases:,} bases",
            where="body.variants",
            found=f"{n:,} variants of up to {longest:,} bases",
            remedy="send them in several requests, or run seqexpr variants",
        )
    batch = make_batch(reference, asked.variants)

    def work(bundle: Bundle, _: object) -> pd.DataFrame:
        return effect_table(bundle, batch, covariates=asked.covariates)

    try:
        frame = await do_long(service, model, work)
    except InputError as error:
        raise Problem(
            422,
            "covariate",
            str(error),
            where="body.covariates",
            remedy="GET /v1/models says what the model knows",
        ) from error
    return _answer(frame, model, batch)


def _answer(frame: pd.DataFrame, model: ServedModel, batch: Batch) -> VariantsAnswer:
    names, differences = model.bundle.target_names, model.bundle.calibration.differences

    def column(name: str) -> list[Any]:
        return [None if value is pd.NA or value != value else value for value in frame[name]]

    return VariantsAnswer(
        model=model.name,
        n_variants=len(batch),
        n_scored=batch.problems.count(""),
        interval=None if differences is None else differences.level,
        pairing=None if differences is None else differences.pairing,
        ids=column("id"),
        targets=[
            EffectColumns(
                name=info.name,
                unit=info.unit,
                effect=column(prediction_columns(names, "effect")[place]),
                lower=column(prediction_columns(names, "effect_lower")[place]),
                upper=column(prediction_columns(names, "effect_upper")[place]),
                reference=column(prediction_columns(names, "reference")[place]),
                alternative=column(prediction_columns(names, "alternative")[place]),
            )
            for place, info in enumerate(model.bundle.manifest.targets)
        ],
        in_domain=column("in_domain"),
        domain_score=column("domain_score"),
        problems=column("problem"),
        sequences=batch.alternatives,
    )
