"""What the API takes and answers, as types: OpenAPI and its examples are made of them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

__all__ = [
    "CovariateColumn",
    "CovariateDocument",
    "Design",
    "DesignAnswer",
    "DesignRequest",
    "EffectColumns",
    "Effects",
    "ExplainAnswer",
    "ExplainRequest",
    "Explanation",
    "HealthDocument",
    "JobDocument",
    "JobList",
    "LimitsDocument",
    "ModelDocument",
    "ModelList",
    "PredictAnswer",
    "PredictRequest",
    "ProblemDocument",
    "ReadAnswer",
    "ScoreDocument",
    "TargetColumns",
    "TargetDocument",
    "VariantsAnswer",
    "VariantsRequest",
]


def _whole(text: str) -> str:
    """Refuse half a surrogate pair, which JSON can hold and UTF-8 cannot."""
    if not text.isascii() and any("\ud800" <= letter <= "\udfff" for letter in text):
        raise ValueError("holds half a surrogate pair, which is no text")
    return text


Label = Annotated[str, AfterValidator(_whole)]
Share = Annotated[float, Field(ge=0, le=1)]
Cell = Label | Annotated[float, Field(allow_inf_nan=False)] | None
CovariateColumn = list[Cell]

_SEQUENCE = "ACGTTGACTCAACGTACGTACGATCG"


class _Request(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, protected_namespaces=())


class _Answer(BaseModel):
    model_config = ConfigDict(frozen=True, protected_namespaces=())


class PredictRequest(_Request):
    """Sequences to predict."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"sequences": [_SEQUENCE, "TTTTCACGTGTTTTACGGATCC"]}]}
    )

    sequences: list[str] = Field(
        min_length=1,
        description="DNA, one text a sequence. Lower case, U, gaps and white space are repaired; a "
        "sequence that cannot be predicted has a problem in the answer.",
    )
    model: str | None = Field(
        None, description="Name of the model; not needed where one is served."
    )
    ids: list[Label] | None = Field(
        None, description="Names of the sequences, as many as there are. Default: row 1, row 2, …"
    )
    covariates: dict[str, CovariateColumn] | None = Field(
        None,
        description="What stands beside each sequence, for models that need it: column name to "
        "as many values.",
    )


class TargetDocument(_Answer):
    """A predicted quantity."""

    name: str = Field(examples=["expression"])
    unit: str = Field(examples=["log2"], description="Empty where none was given.")


class TargetColumns(TargetDocument):
    """Predictions of one quantity: columns with a value for each sequence."""

    predicted: list[float | None] = Field(description="null where there is a problem.")
    lower: list[float | None] = Field(description="Lower end of the interval; null = none.")
    upper: list[float | None] = Field(description="Upper end of the interval; null = none.")


class PredictAnswer(_Answer):
    """Predictions, as columns: the k-th value of each belongs to the k-th sequence."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "model": "run", "n_rows": 2, "n_predicted": 1, "interval": 0.9,
                    "ids": ["row 1", "row 2"],
                    "targets": [{"name": "expression", "unit": "", "predicted": [1.82, None],
                                 "lower": [1.21, None], "upper": [2.43, None]}],
                    "in_domain": [True, None], "domain_score": [0.71, None],
                    "problems": [None, "not DNA: '!' at position 3"],
                }
            ]
        }
    )  # fmt: skip

    model: str
    n_rows: int
    n_predicted: int
    interval: float | None = Field(
        description="Share of new sequences that the intervals are made to hold; null = none."
    )
    ids: list[str]
    targets: list[TargetColumns]
    in_domain: list[bool | None] = Field(
        description="Whether the sequence is like those of training; null = not judged."
    )
    domain_score: list[float | None] = Field(
        description="How unlike the training sequences it is; 1 is the border."
    )
    problems: list[str | None] = Field(description="Why there is no prediction.")


class ExplainRequest(PredictRequest):
    """Sequences to explain, base by base."""

    target: str | None = Field(
        None, description="Which quantity, where the model predicts several. Default: the first."
    )


class Effects(_Answer):
    """The change of the prediction if a base stood there: one value for each position."""

    A: list[float]
    C: list[float]
    G: list[float]
    T: list[float]


class Explanation(_Answer):
    """One sequence, base by base."""

    id: str
    sequence: str = Field(description="As the model reads it; empty where there is a problem.")
    predicted: float | None
    lower: float | None
    upper: float | None
    in_domain: bool | None
    domain_score: float | None
    contributions: list[float] = Field(
        description="What each base contributes: the prediction with it, less the mean over the "
        "four bases, in units of the target."
    )
    effects: Effects
    problem: str | None


class ExplainAnswer(_Answer):
    """Sequences, base by base, by in-silico mutagenesis."""

    model: str
    target: TargetDocument
    interval: float | None
    method: Literal["mutagenesis"] = "mutagenesis"
    explanations: list[Explanation]


class ScoreDocument(_Answer):
    """A score on test, with its 95% interval."""

    target: str
    metric: str = Field(examples=["pearson"])
    value: float | None
    low: float | None
    high: float | None
    n: int


class CovariateDocument(_Answer):
    """A column that the model needs beside the sequence."""

    name: str
    kind: Literal["numeric", "categorical"]
    categories: list[str] = Field(description="Those that training had; empty for numbers.")
    low: float | None
    high: float | None
    has_gaps: bool


class VariantsRequest(_Request):
    """A sequence and its variants."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"reference": _SEQUENCE, "variants": ["A8T", "del3-5;G7C", "ins9:ACG"]}]
        }
    )

    reference: str = Field(description="DNA.")
    variants: list[Label] | None = Field(
        None,
        min_length=1,
        description="A variant each: changes as in A12T, del15-17, ins20:ACG, several joined by ; "
        "(bases count from 1), or a whole sequence. Default: every change of one base.",
    )
    model: str | None = Field(
        None, description="Name of the model; not needed where one is served."
    )
    covariates: dict[str, Cell] | None = Field(
        None, description="The value of each column that the model needs beside the sequence."
    )


class EffectColumns(TargetDocument):
    """Effects on one quantity: columns with a value for each variant."""

    effect: list[float | None] = Field(description="Alternative less reference; null = a problem.")
    lower: list[float | None] = Field(description="Lower end of the interval; null = none.")
    upper: list[float | None] = Field(description="Upper end of the interval; null = none.")
    reference: list[float | None] = Field(description="Prediction without the variant.")
    alternative: list[float | None] = Field(description="Prediction with it.")


class VariantsAnswer(_Answer):
    """Effects of variants, as columns."""

    model: str
    n_variants: int
    n_scored: int
    interval: float | None = Field(
        description="Share of measured differences that the intervals are made to hold."
    )
    pairing: Literal["related", "unrelated"] | None = Field(
        description="On which pairs of training rows they were calibrated; of unrelated ones they "
        "are rather too wide."
    )
    ids: list[str] = Field(description="The variants as they were written.")
    targets: list[EffectColumns]
    in_domain: list[bool | None] = Field(
        description="Whether both sequences are like those of training."
    )
    domain_score: list[float | None]
    problems: list[str | None] = Field(description="Why there is no effect.")
    sequences: list[str] = Field(description="With each variant; empty where there is a problem.")


class DesignRequest(_Request):
    """What designed sequences should do, and what they must keep to."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"goal": "max", "start": _SEQUENCE, "n": 3, "forbidden": ["EcoRI"]}]
        }
    )

    goal: Literal["max", "min"] | Annotated[float, Field(allow_inf_nan=False)] = Field(
        "max", description="Raise the prediction, lower it, or bring it to a value."
    )
    start: Label | None = Field(
        None, description="A DNA sequence to start from. Default: random ones."
    )
    n: int = Field(5, ge=1, description="How many designs.")
    target: str | None = Field(None, description="Which quantity. Default: the first.")
    max_changes: int | None = Field(
        None, ge=1, description="Most bases that may differ from the start."
    )
    gc: tuple[Share, Share] = Field(
        (0.0, 1.0), description="Smallest and largest share of G and C."
    )
    max_homopolymer: int | None = Field(None, ge=1, description="Longest run of one base.")
    forbidden: list[Label] = Field(
        default=[],
        max_length=20,
        description="Restriction enzymes by name, or words in IUPAC letters, on neither strand.",
    )
    seed: int = Field(42, ge=0, le=2**32 - 1, description="Of every random choice.")
    model: str | None = Field(
        None, description="Name of the model; not needed where one is served."
    )
    covariates: dict[str, Cell] | None = Field(
        None, description="The value of each column that the model needs beside the sequence."
    )


class Design(_Answer):
    """A designed sequence."""

    id: str
    sequence: str
    predicted: float | None
    lower: float | None
    upper: float | None
    bound: float | None = Field(description="What the search counts on: an end of the interval.")
    in_domain: bool | None
    domain_score: float | None
    n_changes: int = Field(description="Bases that differ from the start.")
    changes: str = Field(description="Which, counted from 1.")


class DesignAnswer(_Answer):
    """Designs, the best first."""

    model: str
    target: TargetDocument
    goal: str = Field(description="What was sought, in words.")
    interval: float | None
    n_judged: int = Field(description="Sequences that were judged on the way.")
    designs: list[Design]
    warnings: list[str]


class ModelDocument(_Answer):
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


class LimitsDocument(_Answer):
    """What one request may hold."""

    body_bytes: int
    sequences: int
    bases: int
    explained: int
    explained_bases: int
    designs: int
    seconds: float
    upload_bytes: int | None = Field(description="Largest file of a job; null = no jobs are taken.")


class ModelList(_Answer):
    """The models that are served, and what a request may hold."""

    version: str = Field(description="Of seqexpr.")
    models: list[ModelDocument]
    limits: LimitsDocument


class ReadAnswer(_Answer):
    """The sequences of a text, ready for /v1/predict."""

    format: str = Field(examples=["fasta"])
    ids: list[str]
    sequences: list[str]
    covariates: dict[str, list[str | None]] = Field(
        description="Those of the model's covariates that have a column."
    )
    notes: list[str] = Field(description="What was recognised and assumed.")


class JobDocument(_Answer):
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


class JobList(_Answer):
    """Jobs, the newest first."""

    jobs: list[JobDocument]


class HealthDocument(_Answer):
    """Whether the service is there, and takes requests."""

    status: Literal["ok", "stopping"]


class ProblemDocument(_Answer):
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
