"""The manifest: everything a bundle says about itself, in one JSON file.

``manifest.json`` names every other file of the bundle with its size and
SHA-256, and carries the digest of its own content, so that any change, also
one of the manifest, is seen when the bundle is loaded.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import platform
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from seqexpr.errors import BundleError
from seqexpr.files import atomic_path

__all__ = [
    "FORMAT_VERSION",
    "MANIFEST_NAME",
    "CovariateInfo",
    "FileRecord",
    "Golden",
    "InputSchema",
    "Manifest",
    "ManifestScore",
    "ModelInfo",
    "TargetInfo",
    "TrainingData",
    "changed_packages",
    "package_versions",
    "parse_manifest",
    "utc_now",
    "write_manifest",
]

FORMAT_VERSION = 1
MANIFEST_NAME = "manifest.json"

# What can change a prediction; "python" and "seqexpr" are added to these.
_PACKAGES = ("numpy", "scipy", "scikit-learn", "lightgbm", "numba", "skops")


class _Part(BaseModel):
    model_config = ConfigDict(
        frozen=True, extra="forbid", allow_inf_nan=False, protected_namespaces=()
    )


class CovariateInfo(_Part):
    """A column that the model needs; see :class:`seqexpr.data.covariates.Covariate`."""

    name: str
    kind: Literal["numeric", "categorical"]
    categories: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None
    has_gaps: bool = False


class InputSchema(_Part):
    """What the model was trained on, and so what it can be asked.

    Attributes
    ----------
    sequence_column : str or None
        Column that held the sequences, if the recipe names it.
    alphabet : str
        Letters that a sequence may hold; letters other than A, C, G, T are
        unknown bases to every model.
    min_length, max_length : int
        Shortest and longest training sequence, in bases.
    median_length : float
        Median length of the training sequences, in bases.
    covariates : tuple of CovariateInfo
        Columns needed beside the sequence.
    """

    sequence_column: str | None
    alphabet: str
    min_length: int
    median_length: float
    max_length: int
    covariates: tuple[CovariateInfo, ...] = ()


class TargetInfo(_Part):
    """A predicted quantity: its name on the modelled scale, and its unit."""

    name: str
    unit: str


class ModelInfo(_Part):
    """Which model it is, in words.

    Attributes
    ----------
    name, title, description : str
        Registered name, short title, one plain sentence.
    types : tuple of str
        Full names of the estimator classes in estimator.skops.
    untrusted : tuple of str
        Those of `types` that are not on seqexpr's own list and must be
        trusted explicitly when the bundle is loaded (classes of plugins).
    """

    name: str
    title: str
    description: str
    types: tuple[str, ...]
    untrusted: tuple[str, ...] = ()


class TrainingData(_Part):
    """Where the model comes from.

    Attributes
    ----------
    source : str
        The table as the user named it.
    sha256 : str
        Digest of the whole Dataset, test rows included.
    n_rows, n_sequences, n_train : int
        Rows of the table, rows that passed the checks, rows the model was
        fitted on.
    train_sha256 : str
        Digest of the rows the model was fitted on.
    fitted_on : {"train", "all"}
        "train": the train rows, the model is the one that was scored; "all":
        train and test rows, after the score of its kind was settled.
    """

    source: str
    sha256: str
    n_rows: int
    n_sequences: int
    n_train: int
    train_sha256: str
    fitted_on: Literal["train", "all"] = "train"


class ManifestScore(_Part):
    """One score of the selected model, as in evaluation.json."""

    target: str
    set: Literal["train", "validation", "test"]
    metric: str
    value: float | None
    low: float | None
    high: float | None
    n: int


class Golden(_Part):
    """Sequences with the predictions that the model made when it was saved.

    Attributes
    ----------
    sequences : tuple of str, length m
        About ten training sequences: the shortest, the longest, one with an N.
    predictions : tuple of tuple of float or None, shape (m, t)
        None = the model gave no finite number.
    dtype : str
        Floating-point type that the model answered in ("float64").
    covariates : tuple of dict, length m
        What stood beside each sequence; None = a missing number. Empty for a
        model of the sequence alone.
    """

    sequences: tuple[str, ...]
    predictions: tuple[tuple[float | None, ...], ...]
    dtype: str
    covariates: tuple[dict[str, str | float | None], ...] = ()


class FileRecord(_Part):
    """Digest (64 hexadecimal digits) and size in bytes of a file."""

    sha256: str
    size: int


class Manifest(_Part):
    """What a bundle says about itself. Immutable.

    Attributes
    ----------
    format_version : int
        Version of this layout.
    created : str
        Time of writing, UTC, ISO 8601.
    packages : dict of str to str
        Versions of everything that can change a prediction.
    model : ModelInfo
        Which model.
    recipe : dict
        Every choice of the run, as in recipe.toml.
    input : InputSchema
        What the model reads.
    targets : tuple of TargetInfo, length t
        What it predicts.
    transform : dict
        The scale that was modelled, with its fitted parameters.
    data : TrainingData
        What it was trained on.
    split : dict
        Summary of the split, as in evaluation.json.
    scores : tuple of ManifestScore
        Scores of this model out of fold and on test.
    warnings : tuple of str
        What the reader of the scores should know.
    golden : Golden
        Predictions that are recomputed when the bundle is loaded.
    files : dict of str to FileRecord
        Every other file of the bundle.

    Examples
    --------
    >>> Manifest.model_fields["format_version"].annotation
    <class 'int'>
    """

    format_version: int
    created: str
    packages: dict[str, str]
    model: ModelInfo
    recipe: dict[str, Any]
    input: InputSchema
    targets: tuple[TargetInfo, ...]
    transform: dict[str, Any]
    data: TrainingData
    split: dict[str, Any]
    scores: tuple[ManifestScore, ...]
    warnings: tuple[str, ...]
    golden: Golden
    files: dict[str, FileRecord]

    @model_validator(mode="after")
    def _check_golden(self) -> Self:
        lengths = {len(row) for row in self.golden.predictions}
        if len(self.golden.predictions) != len(self.golden.sequences) or not lengths:
            raise ValueError("not one golden prediction for each golden sequence")
        beside = {item.name for item in self.input.covariates}
        if len(self.golden.covariates) != (len(self.golden.sequences) if beside else 0):
            raise ValueError("not the covariates of each golden sequence")
        if any(set(row) != beside for row in self.golden.covariates):
            raise ValueError("golden covariates that the model does not read")
        if lengths != {len(self.targets)}:
            raise ValueError("not one golden prediction for each target")
        return self

    def to_json(self) -> str:
        """Return the text of manifest.json: keys sorted, no NaN, with its own digest."""
        content = self.model_dump(mode="json")
        document = content | {"sha256": _digest(content)}
        text = json.dumps(document, indent=1, sort_keys=True, allow_nan=False, ensure_ascii=False)
        return text + "\n"


def _digest(content: dict[str, Any]) -> str:
    canonical = json.dumps(content, sort_keys=True, allow_nan=False, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def write_manifest(manifest: Manifest, path: Path) -> None:
    """Write manifest.json, atomically.

    Raises
    ------
    OutputError
        If the operating system refuses.
    """
    with atomic_path(path) as temporary:
        temporary.write_text(manifest.to_json(), encoding="utf-8")


def parse_manifest(data: bytes, *, where: str) -> Manifest:
    """Return the manifest that a file holds.

    Parameters
    ----------
    data : bytes
        Content of manifest.json.
    where : str
        Name of the bundle, for messages.

    Raises
    ------
    BundleError
        If it is not JSON, was written in a newer format, lacks a part or was
        changed after it was written.

    Examples
    --------
    >>> parse_manifest(b'{"format_version": 9}', where="run/model")
    Traceback (most recent call last):
        ...
    seqexpr.errors.BundleError: run/model was written by a newer seqexpr (format 9, ...
    """
    content = _parse_json(data, where)
    version = content.get("format_version")
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise BundleError(
            f"{where}: manifest.json has no format_version, so it is not a seqexpr bundle; "
            "pass a run folder or its model folder"
        )
    if version > FORMAT_VERSION:
        raise BundleError(
            f"{where} was written by a newer seqexpr (format {version}, this one reads up to "
            f"{FORMAT_VERSION}); upgrade: pip install --upgrade seqexpr"
        )
    recorded = content.pop("sha256", None)
    try:
        found = _digest(content)
        manifest = Manifest.model_validate_json(json.dumps(content))
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(map(str, first["loc"])) or "golden"
        raise BundleError(
            f"{where}: manifest.json is damaged ({key}: {first['msg']}); {_REMEDY}"
        ) from error
    except (ValueError, RecursionError) as error:
        raise BundleError(f"{where}: manifest.json is damaged ({error}); {_REMEDY}") from error
    if recorded != found:
        raise BundleError(
            f"{where}: manifest.json was changed after it was written (its digest is "
            f"{found[:12]}…, not the {str(recorded)[:12]}… that it states); {_REMEDY}"
        )
    return manifest


_REMEDY = "copy the bundle again from its source, or train again"


def _parse_json(data: bytes, where: str) -> dict[str, Any]:
    try:
        content = json.loads(data.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise BundleError(
            f"{where}: manifest.json is damaged (not JSON: {error}); {_REMEDY}"
        ) from error
    if not isinstance(content, dict):
        raise BundleError(
            f"{where}: manifest.json is damaged (a {type(content).__name__}, "
            f"not an object); {_REMEDY}"
        )
    return content


def utc_now() -> str:
    """Return the time now, UTC, ISO 8601 to the second.

    Examples
    --------
    >>> utc_now()[-6:]
    '+00:00'
    """
    return datetime.now(UTC).isoformat(timespec="seconds")


def package_versions() -> dict[str, str]:
    """Return the versions of Python, seqexpr and the packages that models use.

    Examples
    --------
    >>> sorted(package_versions())[:3]
    ['lightgbm', 'numba', 'numpy']
    """
    from seqexpr import __version__

    versions = {"python": platform.python_version(), "seqexpr": __version__}
    for name in _PACKAGES:
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            versions[name] = "not installed"
    return versions


def changed_packages(recorded: dict[str, str]) -> list[str]:
    """Return the packages whose version differs from `recorded`, in words.

    Examples
    --------
    >>> changed_packages(package_versions() | {"numpy": "1.0"})
    ['numpy 1.0 → ...']
    """
    now = package_versions()
    return [
        f"{name} {version} → {now.get(name, 'not installed')}"
        for name, version in recorded.items()
        if now.get(name) != version
    ]
