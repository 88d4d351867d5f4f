"""Rows of variants scored and written: each variant a row, also where it cannot be scored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from seqexpr.variants.scoring import EFFECT_COLUMNS, score_pairs

if TYPE_CHECKING:
    import pandas as pd

    from seqexpr.bundle.bundle import Bundle

__all__ = [
    "Batch",
    "Tally",
    "VariantProblem",
    "VariantSummary",
    "effect_table",
    "join_variant_summaries",
]

_SHOWN = 20


@dataclass(frozen=True)
class VariantProblem:
    """Variants that could not be scored, for one reason.

    Attributes
    ----------
    reason : str
        Why, in words.
    n_rows : int
        How many.
    examples : tuple of str
        The first of them, at most 20.
    """

    reason: str
    n_rows: int
    examples: tuple[str, ...]


@dataclass(frozen=True)
class VariantSummary:
    """What became of the variants.

    Attributes
    ----------
    n_rows, n_scored : int
        Rows written; those with an effect.
    n_beyond_zero : int
        Scored rows whose interval leaves out 0, for one target or another.
    n_outside_domain : int or None
        Scored rows of which a sequence is unlike those of training; None if the
        model does not say.
    pairing : {"related", "unrelated"} or None
        On which pairs of training rows the intervals were calibrated; None: the
        model has no intervals of differences.
    level : float or None
        Their nominal coverage.
    problems : tuple of VariantProblem
        Why rows have no effect.
    notes : tuple of str
        What was assumed, in words.
    """

    n_rows: int
    n_scored: int
    n_beyond_zero: int
    n_outside_domain: int | None
    pairing: str | None
    level: float | None
    problems: tuple[VariantProblem, ...]
    notes: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the summary as JSON-ready containers."""
        return asdict(self)

    @classmethod
    def from_dict(cls, said: Mapping[str, Any]) -> Self:
        """Return the summary that :meth:`to_dict` gave, also from JSON and back."""
        problems = tuple(
            VariantProblem(one["reason"], one["n_rows"], tuple(one["examples"]))
            for one in said["problems"]
        )
        return cls(**{**said, "problems": problems, "notes": tuple(said["notes"])})


@dataclass
class Batch:
    """Variants that wait to be scored, a row each.

    Attributes
    ----------
    described : list of dict
        What identifies each: columns of the output.
    references, alternatives : list of str
        What the model reads; empty where there is a problem.
    problems : list of str
        Why a row cannot be scored; empty where it can.
    reasons : list of str
        The same without what differs from row to row: what rows are counted by.
    """

    described: list[dict[str, Any]] = field(default_factory=list)
    references: list[str] = field(default_factory=list)
    alternatives: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.described)

    def add(self, described: dict[str, Any], reference: str, alternative: str) -> None:
        """Add a variant that can be scored."""
        self._append(described, reference, alternative, problem="", reason="")

    def refuse(self, described: dict[str, Any], problem: str, *, reason: str = "") -> None:
        """Add a variant that cannot be scored."""
        self._append(described, "", "", problem=problem, reason=reason or problem)

    def _append(
        self,
        described: dict[str, Any],
        reference: str,
        alternative: str,
        *,
        problem: str,
        reason: str,
    ) -> None:
        self.described.append(described)
        self.references.append(reference)
        self.alternatives.append(alternative)
        self.problems.append(problem)
        self.reasons.append(reason)


@dataclass
class Tally:
    """What was counted so far."""

    n_rows: int = 0
    n_scored: int = 0
    n_beyond_zero: int = 0
    n_outside_domain: int = 0
    reasons: dict[str, tuple[int, list[str]]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def count(self, batch: Batch, frame: pd.DataFrame) -> None:
        """Add a batch that was scored."""
        scored = np.array([not problem for problem in batch.problems], dtype=bool)
        self.n_rows += len(batch)
        self.n_scored += int(scored.sum())
        lower, upper = (
            frame.filter(regex=f"^{kind}(_|$)").to_numpy(dtype=float)
            for kind in (EFFECT_COLUMNS[1], EFFECT_COLUMNS[2])
        )
        self.n_beyond_zero += int(((lower > 0) | (upper < 0)).any(axis=1).sum())
        self.n_outside_domain += int((frame["in_domain"] == False).fillna(value=False).sum())  # noqa: E712
        for row in np.flatnonzero(~scored).tolist():
            count, examples = self.reasons.get(batch.reasons[row], (0, []))
            if len(examples) < _SHOWN:
                examples.append(str(batch.described[row].get("id", "")))
            self.reasons[batch.reasons[row]] = (count + 1, examples)

    def summary(self, bundle: Bundle) -> VariantSummary:
        """Return what was counted."""
        differences = bundle.calibration.differences
        return VariantSummary(
            n_rows=self.n_rows,
            n_scored=self.n_scored,
            n_beyond_zero=self.n_beyond_zero,
            n_outside_domain=None if bundle.calibration.domain is None else self.n_outside_domain,
            pairing=None if differences is None else differences.pairing,
            level=None if differences is None else differences.level,
            problems=tuple(
                VariantProblem(reason, count, tuple(examples))
                for reason, (count, examples) in self.reasons.items()
            ),
            notes=tuple(self.notes),
        )


def join_variant_summaries(
    summaries: Sequence[VariantSummary], *, notes: tuple[str, ...] = ()
) -> VariantSummary:
    """Return the summary of parts of a table, in their order, as if it had been one.

    Parameters
    ----------
    summaries : sequence of VariantSummary
        Of one model, at least one.
    notes : tuple of str
        What is to be said of the whole. Default nothing.

    Examples
    --------
    >>> problem = VariantProblem("in no region", 1, ("a",))
    >>> part = VariantSummary(3, 2, 1, None, "related", 0.9, (problem,), ())
    >>> whole = join_variant_summaries([part, part])
    >>> whole.n_rows, whole.problems
    (6, (VariantProblem(reason='in no region', n_rows=2, examples=('a', 'a')),))
    """
    problems: dict[str, VariantProblem] = {}
    for problem in (problem for one in summaries for problem in one.problems):
        before = problems.get(problem.reason, VariantProblem(problem.reason, 0, ()))
        problems[problem.reason] = VariantProblem(
            problem.reason, before.n_rows + problem.n_rows,
            (*before.examples, *problem.examples)[:_SHOWN],
        )  # fmt: skip
    outside = [one.n_outside_domain for one in summaries]
    return replace(
        summaries[0],
        n_rows=sum(one.n_rows for one in summaries),
        n_scored=sum(one.n_scored for one in summaries),
        n_beyond_zero=sum(one.n_beyond_zero for one in summaries),
        n_outside_domain=None if None in outside else sum(n or 0 for n in outside),
        problems=tuple(problems.values()),
        notes=notes,
    )


def effect_table(
    bundle: Bundle, batch: Batch, *, covariates: Mapping[str, object] | None = None
) -> pd.DataFrame:
    """Score a batch of variants.

    Parameters
    ----------
    bundle : Bundle
        A loaded model.
    batch : Batch
        n variants.
    covariates : mapping, optional
        The value of each covariate, for a model that reads any.

    Returns
    -------
    DataFrame, n rows
        What identifies each variant; effect, effect_lower, effect_upper, reference
        and alternative (with several targets effect_NAME, …); in_domain and
        domain_score; problem.
    """
    import pandas as pd

    good = np.array([not problem for problem in batch.problems], dtype=bool)
    rows = np.flatnonzero(good).tolist()
    effects = score_pairs(
        bundle, [batch.references[row] for row in rows], [batch.alternatives[row] for row in rows],
        covariates=covariates,
    )  # fmt: skip
    scored = pd.DataFrame(effects.columns(bundle.target_names), index=rows)
    scored = scored.reindex(range(len(batch)))
    described = pd.DataFrame(batch.described)
    problems = pd.array([problem or None for problem in batch.problems], dtype="str")
    return pd.concat([described, scored, pd.DataFrame({"problem": problems})], axis=1)
