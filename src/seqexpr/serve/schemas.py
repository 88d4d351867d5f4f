"""What the API takes and answers, as types: OpenAPI and its examples are made of them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

__all__ = [
    "Answer",
    "CovariateColumn",
    "Design",
    "DesignAnswer",
    "DesignRequest",
    "EffectColumns",
    "Effects",
    "ExplainAnswer",
    "ExplainRequest",
    "Explanation",
    "PredictAnswer",
    "PredictRequest",
    "ReadAnswer",
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


class Answer(BaseModel):
    """What is answered."""

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


class TargetDocument(Answer):
    """A predicted quantity."""

    name: str = Field(examples=["expression"])
    unit: str = Field(examples=["log2"], description="Empty where none was given.")


class TargetColumns(TargetDocument):
    """Predictions of one quantity: columns with a value for each sequence."""

    predicted: list[float | None] = Field(description="null where there is a problem.")
    lower: list[float | None] = Field(description="Lower end of the interval; null = none.")
    upper: list[float | None] = Field(description="Upper end of the interval; null = none.")


class PredictAnswer(Answer):
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


class Effects(Answer):
    """The change of the prediction if a base stood there: one value for each position."""

    A: list[float]
    C: list[float]
    G: list[float]
    T: list[float]


class Explanation(Answer):
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


class ExplainAnswer(Answer):
    """Sequences, base by base, by in-silico mutagenesis."""

    model: str
    target: TargetDocument
    interval: float | None
    method: Literal["mutagenesis"] = "mutagenesis"
    explanations: list[Explanation]


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


class VariantsAnswer(Answer):
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
        None, description="A DNA sequence to start from. Default: some of training."
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


class Design(Answer):
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


class DesignAnswer(Answer):
    """Designs, the best first."""

    model: str
    target: TargetDocument
    goal: str = Field(description="What was sought, in words.")
    interval: float | None
    n_judged: int = Field(description="Sequences that were judged on the way.")
    designs: list[Design]
    warnings: list[str]


class ReadAnswer(Answer):
    """The sequences of a text, ready for /v1/predict."""

    format: str = Field(examples=["fasta"])
    ids: list[str]
    sequences: list[str]
    covariates: dict[str, list[str | None]] = Field(
        description="Those of the model's covariates that have a column."
    )
    notes: list[str] = Field(description="What was recognised and assumed.")
