"""The Recipe: every choice of a training run, typed, frozen, to and from TOML."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import tomli_w
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from seqexpr.errors import RecipeError, did_you_mean
from seqexpr.files import atomic_path

__all__ = [
    "Device",
    "OnInvalid",
    "OnMissing",
    "Prefer",
    "Preset",
    "Recipe",
    "Refit",
    "Transform",
    "Weighting",
    "read_duration",
    "read_size",
]

Preset = Literal["tutorial", "fast", "balanced", "best"]
Device = Literal["auto", "cpu", "cuda"]
Prefer = Literal["best", "simple"]
Refit = Literal["train", "all"]
Transform = Literal["none", "log2", "zscore", "rank"]
OnMissing = Literal["error", "drop"]
OnInvalid = Literal["error", "drop"]
Weighting = Literal["none", "inverse-variance"]

_DURATION = re.compile(r"(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?")
_SHORTEST = 10
_SIZE = re.compile(r"(\d+(?:\.\d+)?) *([KMGT])(?:i?B)?", re.IGNORECASE)
_LEAST_MEMORY = 1024**3
_SPLIT = re.compile(r"auto|random|group|chromosome|homology|column:.+")


def read_duration(text: str) -> int:
    """Return the seconds that a text such as "20m" stands for.

    Parameters
    ----------
    text : str
        Whole hours, minutes and seconds, in this order, each at most once.

    Raises
    ------
    ValueError
        If it is something else.

    Examples
    --------
    >>> read_duration("90s"), read_duration("20m"), read_duration("1h30m")
    (90, 1200, 5400)
    """
    found = _DURATION.fullmatch(text.strip())
    if found is None or not any(found.groups()):
        raise ValueError(f"{text!r} is no time; write 90s, 20m or 1h30m")
    hours, minutes, seconds = (int(part or 0) for part in found.groups())
    return 3600 * hours + 60 * minutes + seconds


def read_size(text: str) -> int:
    """Return the bytes that a text such as "4G" stands for.

    Parameters
    ----------
    text : str
        A number and K, M, G or T, of 1,024 each; a B or iB may follow.

    Raises
    ------
    ValueError
        If it is something else.

    Examples
    --------
    >>> read_size("800M"), read_size("1.5 GiB")
    (838860800, 1610612736)
    """
    found = _SIZE.fullmatch(text.strip())
    if found is None:
        raise ValueError(f"{text!r} is no size; write 800M, 4G or 1.5G")
    return int(float(found[1]) * 1024 ** (1 + "KMGT".index(found[2].upper())))


class Recipe(BaseModel):
    """Every choice of a training run. Immutable; equal recipes repeat a run.

    Parameters
    ----------
    table : str
        Path of the table, "-" for standard input, or the name of an embedded
        data set as ``dataset:NAME``.
    sequence, id, group, chromosome, weight : str, optional
        Column names; recognised by the names the field uses if not given.
    target, replicate, covariate : tuple of str
        Column names; targets and replicates are recognised if not given. A
        covariate is read by its values, as NAME:categorical or NAME:numeric it
        is read so.
    error, reads : str, optional
        Columns of the standard error of the target and of read counts;
        recognised if not given.
    split : str
        "auto", "random", "group", "chromosome", "homology" or "column:NAME".
        Default "auto".
    test_size : float
        Share of the rows in the test set, in (0, 1). Default 0.2.
    folds : int
        Number of folds inside train, at least 2; of all rows with `nested`, at
        least 3. Default 5.
    nested : bool, optional
        Whether every row is tested, by nested cross-validation, instead of a
        share of the rows. By default under 2,000 rows, unless the table names
        its test rows or the preset is "tutorial".
    repeats : int
        Repeats of nested cross-validation, at least 1. Default 3.
    transform : {"none", "log2", "zscore", "rank"}
        What is modelled, scored and predicted: the target as it is, or on
        another scale. Default "none".
    weighting : {"none", "inverse-variance"}
        Whether rows that were measured with less noise count for more in
        fitting. Default "none".
    interval_level : float
        Share of new measurements that a prediction interval shall hold, in
        (0, 1). Default 0.9.
    preset : {"tutorial", "fast", "balanced", "best"}
        Which models are fitted, and how; "balanced" adds a network to "fast"
        (needs the extra ``deep``), "best" searches for as long as `budget`
        allows. Default "fast".
    models : tuple of str
        Names of models; empty = those of the preset.
    budget : str
        Time that the preset "best" may take, from the first row read to the
        report: "90s", "20m", "1h30m"; at least 10 seconds. Default "10m".
    trials : int, optional
        Trials after which the search of the preset "best" ends, at least 1;
        None = when the budget is spent.
    motifs : tuple of str
        Sets of motifs that the search of the preset "best" may use: "ecoli", a
        taxon of JASPAR ("vertebrates", "Saccharomyces cerevisiae"; needs the
        extra ``motifs``) or a file in MEME format; empty = those at hand.
    prefer : {"best", "simple"}
        Which model is selected: the best by out-of-fold score, or the simplest
        that is not significantly worse. Default "best".
    refit : {"train", "all"}
        Rows that the shipped model is fitted on: the train rows, which is the
        model that was scored, or, once the score is settled, all rows. Default
        "train".
    device : {"auto", "cpu", "cuda"}
        Where networks are trained; "auto" = the GPU if there is one. Default
        "auto".
    memory : str, optional
        Memory that a run may take, "4G" or "800M", at least 1G; a larger table
        is read row by row (:mod:`seqexpr.workflow.streaming`). Default: the
        table is read whole.
    init_from : str, optional
        A run or bundle whose network a network of this run goes on from: the
        model "transfer".
    on_missing, on_invalid : {"error", "drop"}
        What happens to rows whose target is no number, and to rows whose
        sequence is empty or holds characters that are not DNA. Empty targets
        are always dropped, with a warning. Default "error".
    jobs : int
        Number of threads, at least 1; 0 = all cores. Default 0.
    seed : int
        Seed of every random choice, non-negative. Default 42.

    Raises
    ------
    RecipeError
        From :meth:`create` and :meth:`read`: unknown key or value out of range.

    Examples
    --------
    >>> recipe = Recipe.create(table="library.csv", target=("expression",))
    >>> recipe.folds, recipe.preset
    (5, 'fast')
    >>> Recipe.create(table="library.csv", fold=3)
    Traceback (most recent call last):
        ...
    seqexpr.errors.RecipeError: recipe: unknown key 'fold'; did you mean 'folds'?
    >>> Recipe.from_toml(recipe.to_toml()) == recipe
    True
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    table: str
    values: str | None = None
    sheet: str | None = None
    sequence: str | None = None
    target: tuple[str, ...] = ()
    id: str | None = None
    group: str | None = None
    chromosome: str | None = None
    weight: str | None = None
    replicate: tuple[str, ...] = ()
    covariate: tuple[str, ...] = ()
    error: str | None = None
    reads: str | None = None
    split: str = "auto"
    test_size: Annotated[float, Field(gt=0, lt=1)] = 0.2
    folds: Annotated[int, Field(ge=2)] = 5
    nested: bool | None = None
    repeats: Annotated[int, Field(ge=1)] = 3
    transform: Transform = "none"
    interval_level: Annotated[float, Field(gt=0, lt=1)] = 0.9
    weighting: Weighting = "none"
    preset: Preset = "fast"
    models: tuple[str, ...] = ()
    budget: str = "10m"
    trials: Annotated[int | None, Field(ge=1)] = None
    motifs: tuple[str, ...] = ()
    prefer: Prefer = "best"
    refit: Refit = "train"
    device: Device = "auto"
    memory: str | None = None
    init_from: str | None = None
    on_missing: OnMissing = "error"
    on_invalid: OnInvalid = "error"
    jobs: Annotated[int, Field(ge=0)] = 0
    seed: Annotated[int, Field(ge=0)] = 42

    @field_validator("split")
    @classmethod
    def _check_split(cls, value: str) -> str:
        if not _SPLIT.fullmatch(value):
            choices = ["auto", "random", "group", "chromosome", "homology", "column:NAME"]
            hint = did_you_mean(value, choices)
            raise ValueError(f"{value!r} is not one of {', '.join(choices)}{hint}")
        return value

    @field_validator("budget")
    @classmethod
    def _check_budget(cls, value: str) -> str:
        if read_duration(value) < _SHORTEST:
            raise ValueError(f"{value!r} is less than {_SHORTEST} seconds")
        return value

    @field_validator("memory")
    @classmethod
    def _check_memory(cls, value: str | None) -> str | None:
        if value is not None and read_size(value) < _LEAST_MEMORY:
            raise ValueError(f"{value!r} is less than 1G, what a run needs in any case")
        return value

    @property
    def memory_bytes(self) -> int:
        """The memory in bytes; 0 = no limit is set."""
        return 0 if self.memory is None else read_size(self.memory)

    @property
    def budget_seconds(self) -> int:
        """The budget in seconds."""
        return read_duration(self.budget)

    @classmethod
    def create(cls, **choices: Any) -> Self:
        """Return a Recipe, or raise one readable error.

        Raises
        ------
        RecipeError
            Naming the first key that is wrong, what was found and what is allowed.
        """
        try:
            return cls(**choices)
        except ValidationError as error:
            first = error.errors()[0]
            key = str(first["loc"][0])
            if first["type"] == "extra_forbidden":
                message = f"recipe: unknown key {key!r}{did_you_mean(key, cls.model_fields)}"
            else:
                reason = first["msg"].removeprefix("Value error, ")
                message = f"recipe: {key} = {first['input']!r}: {reason}"
            raise RecipeError(message) from error

    def to_toml(self) -> str:
        """Return the recipe as TOML, complete; keys without a value are left out."""
        return tomli_w.dumps(self.model_dump(mode="json", exclude_none=True))

    @classmethod
    def from_toml(cls, text: str) -> Self:
        """Return the recipe that :meth:`to_toml` wrote.

        Raises
        ------
        RecipeError
            If the text is not TOML or a key is wrong.
        """
        try:
            choices = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise RecipeError(f"recipe: not TOML: {error}") from error
        return cls.create(**choices)

    def write(self, path: Path) -> None:
        """Write recipe.toml, atomically."""
        with atomic_path(path) as temporary:
            temporary.write_text(self.to_toml(), encoding="utf-8")

    @classmethod
    def read(cls, path: str | Path) -> Self:
        """Read a recipe from a file.

        Raises
        ------
        RecipeError
            If the file cannot be read or is not a recipe.
        """
        try:
            text = Path(path).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise RecipeError(f"cannot read the recipe {path}: {error}") from error
        return cls.from_toml(text)
