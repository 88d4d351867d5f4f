"""What the API says of itself: models, limits, jobs, health and problems."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from seqexpr.serve.schemas import Answer, TargetDocument

__all__ = [
    "CovariateDocument",
    "HealthDocument",
    "JobDocument",
    "JobList",
    "LimitsDocument",
    "ModelDocument",
    "ModelList",
    "ProblemDocument",
    "ScoreDocument",
]


class ScoreDocument(Answer):
    """A score on test, with its 95% interval."""

    target: str
    metric: str = Field(examples=["pearson"])
    value: float | None
    low: float | None
    high: float | None
    n: int


class CovariateDocument(Answer):
    """A column that the model needs beside the sequence."""

    name: str
    kind: Literal["numeric", "categorical"]
    categories: list[str] = Field(description="Those that training had; empty for numbers.")
    low: float | None
    high: float | None
    has_gaps: bool


class ModelDocument(Answer):
    """A model that is served, in words and numbers."""

    name: str = Field(examples=["run"])
    title: str = Field(examples=["Ridge on k-mers"])
    description: str
    targets: list[TargetDocument]
    covariates: list[CovariateDocument]
    min_length: int = Field(description="Shortest training sequence, in bases.")
    median_length: float
    max_length: int = Field(description="Longest training sequence, in bases.")
    trained_on: int = Field(description="Sequences that it was trained on.")
    source: str = Field(description="Name of the table that it was trained on.")
    created: str = Field(description="When it was written, UTC.")
    scores: list[ScoreDocument] = Field(description="On sequences that it was not trained on.")
    interval: float | None
    has_domain: bool = Field(description="Whether it says if a sequence is like those of training.")
    warnings: list[str]
    report: str | None = Field(description="Link to the report of its run, while the service runs.")


class LimitsDocument(Answer):
    """What one request may hold."""

    body_bytes: int
    sequences: int
    bases: int
    explained: int
    explained_bases: int
    designs: int
    seconds: float
    upload_bytes: int | None = Field(description="Largest file of a job; null = no jobs are taken.")


class ModelList(Answer):
    """The models that are served, and what a request may hold."""

    version: str = Field(description="Of seqexpr.")
    models: list[ModelDocument]
    limits: LimitsDocument


class JobDocument(Answer):
    """A file that is predicted, or was."""

    id: str = Field(examples=["0f3a5c7e9b1d2f40"])
    model: str
    name: str = Field(description="What the file was called.", examples=["library.csv"])
    format: Literal["csv", "tsv", "parquet", "fasta"]
    state: Literal["queued", "running", "done", "failed"]
    created: str = Field(description="UTC.")
    finished: str | None
    bytes: int
    rows_done: int
    summary: dict[str, Any] | None = Field(
        description="Rows predicted, repaired and not predicted, as seqexpr predict --json prints."
    )
    error: str | None = Field(description="Why it failed.")
    result: str | None = Field(description="Where the predictions are, once it is done.")


class JobList(Answer):
    """Jobs, the newest first."""

    jobs: list[JobDocument]


class HealthDocument(Answer):
    """Whether the service is there, and takes requests."""

    status: Literal["ok", "stopping"]


class ProblemDocument(Answer):
    """Why a request was not answered (RFC 9457)."""

    type: str = Field(examples=["urn:seqexpr:problem:unknown-model"])
    title: str = Field(examples=["Not Found"])
    status: int = Field(examples=[404])
    detail: str = Field(examples=["no model is called 'lacc'; did you mean 'lac'?"])
    where: str | None = Field(None, examples=["body.model"])
    found: str | None = None
    remedy: str | None = None
    instance: str | None = Field(None, description="Number of the request, which the log has too.")
    errors: list[dict[str, str]] | None = None
