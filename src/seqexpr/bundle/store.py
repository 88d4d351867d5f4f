"""Write a trained model as a bundle, and load one: checked before it is believed."""

from __future__ import annotations

import hashlib
import io
import os
import shutil
from collections.abc import Collection
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from seqexpr.bundle.archive import MAX_BYTES, BundleFiles, FolderFiles, ZipFiles
from seqexpr.bundle.bundle import Bundle, sequence_digests
from seqexpr.bundle.calibrated import calibration_files, read_calibration
from seqexpr.bundle.card import model_card
from seqexpr.bundle.estimator import dump_estimator, load_estimator
from seqexpr.bundle.golden import check_golden, choose_golden, make_golden
from seqexpr.bundle.manifest import (
    FORMAT_VERSION,
    MANIFEST_NAME,
    CovariateInfo,
    FileRecord,
    InputSchema,
    Manifest,
    ManifestScore,
    ModelInfo,
    TargetInfo,
    TrainingData,
    package_versions,
    parse_manifest,
    utc_now,
    write_manifest,
)
from seqexpr.bundle.networks import attach_weights, weights_apart
from seqexpr.bundle.trust import check_npy, untrusted_types
from seqexpr.data.covariates import describe_covariates
from seqexpr.errors import BundleError, InputError, OutputError, did_you_mean
from seqexpr.files import check_writable, replace_folder
from seqexpr.sequences import IUPAC

if TYPE_CHECKING:
    from seqexpr.data.dataset import Dataset
    from seqexpr.evaluation.calibration import Calibration
    from seqexpr.evaluation.evaluation import Evaluation
    from seqexpr.models.targets import TargetTransform
    from seqexpr.recipe import Recipe

__all__ = ["WEIGHTS", "Bundle", "load_bundle", "save_bundle"]

_ESTIMATOR = "estimator.skops"
WEIGHTS = "weights.safetensors"
"""Name of the file of what networks learnt; not there without networks."""
_CARD = "README.md"
_SEEN = "train_digests.npy"
_REQUIRED = (_ESTIMATOR, _CARD, _SEEN)


def save_bundle(
    folder: str | Path,
    model: Any,
    *,
    recipe: Recipe,
    evaluation: Evaluation,
    dataset: Dataset,
    transform: TargetTransform,
    calibration: Calibration | None = None,
    further_digests: npt.NDArray[np.uint64] | None = None,
) -> Path:
    """Write a fitted model as a bundle, whole or not at all.

    The model is loaded back and compared before the folder appears, so a
    bundle that exists can be loaded.

    Parameters
    ----------
    folder : str or Path
        The folder to write; replaced if it is there.
    model : estimator
        Fitted; predicts from sequences, or from a DataFrame of them with covariates.
    recipe : Recipe
        Every choice of the run.
    evaluation : Evaluation
        Its scores; names the model and the targets.
    dataset : Dataset
        The rows that the model was fitted on.
    transform : TargetTransform
        The scale that was modelled.
    calibration : Calibration, optional
        Prediction intervals and training domain; what it lacks is not stored.
    further_digests : ndarray of uint64, optional
        Of sequences that the model was fitted on beside those of `dataset`.

    Returns
    -------
    Path
        `folder`.

    Raises
    ------
    BundleError
        If the model cannot be saved without pickle, or differs once loaded.
    OutputError
        If the operating system refuses.
    """
    target = check_writable(folder)
    with weights_apart(model) as weights:
        estimator = dump_estimator(model)
    untrusted = untrusted_types(estimator)
    try:
        loaded, types = load_estimator(estimator, trusted=untrusted, where="the model")
        attach_weights(loaded, weights, where="the model")
    except BundleError as error:
        raise BundleError(
            f"the model {type(model).__name__} cannot be saved: {error.__cause__ or error}; keep "
            "arrays, text and numbers as its fitted state"
        ) from error
    chosen = choose_golden(list(dataset.sequences))
    golden = make_golden(
        model.predict, chosen, covariates=dataset.covariates,
        dtype=None if weights is None else "float32",
    )  # fmt: skip
    check_golden(golden, loaded.predict, packages=package_versions(), where="the saved model")
    summary = next(m for m in evaluation.models if m.name == evaluation.selected)
    manifest = Manifest(
        format_version=FORMAT_VERSION,
        created=utc_now(),
        packages=package_versions(),
        model=ModelInfo(
            name=summary.name,
            title=summary.title,
            description=summary.description,
            types=types,
            untrusted=untrusted,
        ),
        recipe=recipe.model_dump(mode="json", exclude_none=True),
        input=_input_schema(recipe, dataset),
        targets=tuple(TargetInfo(**item) for item in evaluation.dataset["targets"]),
        transform=transform.to_dict(),
        data=_training_data(evaluation, dataset, recipe),
        split=dict(evaluation.split),
        scores=_scores(evaluation),
        warnings=evaluation.warnings,
        golden=golden,
        files={},
    )
    seen = io.BytesIO()
    digests = sequence_digests(list(dataset.sequences))
    if further_digests is not None:
        digests = np.concatenate([digests, further_digests])
    np.save(seen, np.unique(digests), allow_pickle=False)
    contents = {
        _ESTIMATOR: estimator,
        **({} if weights is None else {WEIGHTS: weights}),
        _CARD: model_card(manifest, coverage=evaluation.intervals).encode(),
        _SEEN: seen.getvalue(),
        **calibration_files(calibration),
    }
    _write_folder(target, manifest, contents)
    return target


def _write_folder(target: Path, manifest: Manifest, contents: dict[str, bytes]) -> None:
    draft = target.absolute().with_name(f".{target.name}.{os.getpid()}.partial")
    try:
        draft.mkdir()
        for name, data in contents.items():
            (draft / name).write_bytes(data)
        files = {
            name: FileRecord(sha256=hashlib.sha256(data).hexdigest(), size=len(data))
            for name, data in contents.items()
        }
        write_manifest(manifest.model_copy(update={"files": files}), draft / MANIFEST_NAME)
        replace_folder(draft, target.absolute())
    except OSError as error:
        if isinstance(error, OutputError):
            raise
        raise OutputError(f"cannot write {target}: {error.strerror or error}") from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _input_schema(recipe: Recipe, dataset: Dataset) -> InputSchema:
    lengths = np.array([len(sequence) for sequence in dataset.sequences])
    return InputSchema(
        sequence_column=recipe.sequence,
        alphabet=IUPAC,
        min_length=int(lengths.min()),
        median_length=float(np.median(lengths)),
        max_length=int(lengths.max()),
        covariates=tuple(
            CovariateInfo(**asdict(item)) for item in describe_covariates(dataset.covariates)
        ),
    )


def _training_data(evaluation: Evaluation, dataset: Dataset, recipe: Recipe) -> TrainingData:
    about = evaluation.dataset
    return TrainingData(
        source=about["source"],
        sha256=about["sha256"],
        n_rows=about["n_rows"],
        n_sequences=about["n_sequences"],
        n_train=len(dataset),
        train_sha256=dataset.sha256,
        fitted_on=recipe.refit,
    )


def _scores(evaluation: Evaluation) -> tuple[ManifestScore, ...]:
    rows = [asdict(row) for row in evaluation.rows if row.model == evaluation.selected]
    return tuple(
        ManifestScore(**{key: value for key, value in row.items() if key != "model"})
        for row in rows
    )


def load_bundle(
    path: str | Path, *, trusted: Collection[str] = (), max_bytes: int = MAX_BYTES
) -> Bundle:
    """Load a trained model, after checking that it is whole, safe and right.

    In this order, and nothing is built before the first three hold: every
    file is there with its size and digest, and no other; estimator.skops
    names only types that are trusted; the manifest is one that this version
    reads. Then the golden predictions are recomputed.

    Parameters
    ----------
    path : str or Path
        A run folder, its model folder, or a .zip of that.
    trusted : collection of str
        Full names of estimator classes from other packages to allow, such as
        ``"mypackage.models.MyModel"``. Default none.
    max_bytes : int
        Largest bundle to read, in bytes after decompression. Default 4 GiB.

    Returns
    -------
    Bundle
        Ready to predict.

    Raises
    ------
    BundleError
        If there is no bundle, it is damaged or changed, names types that are
        not trusted, or predicts differently from when it was saved.

    Examples
    --------
    >>> load_bundle("no_such_run")
    Traceback (most recent call last):
        ...
    seqexpr.errors.BundleError: no_such_run does not exist...
    """
    place = _find_bundle(Path(path))
    where = str(place)
    files: BundleFiles
    files = (FolderFiles if place.is_dir() else ZipFiles)(place, max_bytes=max_bytes)
    try:
        manifest, contents = _read_checked(files, where)
    finally:
        files.close()
    model, _ = load_estimator(contents[_ESTIMATOR], trusted=trusted, where=where)
    attach_weights(model, contents.get(WEIGHTS), where=where)
    problem = check_npy(io.BytesIO(contents[_SEEN]), len(contents[_SEEN]))
    if problem:
        raise BundleError(f"{where}: {_SEEN} {problem}")
    seen = np.load(io.BytesIO(contents[_SEEN]), allow_pickle=False)
    calibration = read_calibration(contents, n_targets=len(manifest.targets), where=where)
    bundle = Bundle(manifest, model, place, train_digests=seen, calibration=calibration)
    try:
        bundle.transform  # noqa: B018 - it is built here so that a damaged one is told here
    except InputError as error:
        raise BundleError(f"{where}: {error}") from error
    check_golden(
        manifest.golden,
        lambda inputs: np.asarray(model.predict(inputs)),
        packages=manifest.packages,
        where=where,
    )
    return bundle


def _find_bundle(path: Path) -> Path:
    """Return the folder with the manifest, or the .zip, that `path` means."""
    if not path.exists():
        siblings = [p.name for p in path.absolute().parent.glob("*") if p.is_dir()]
        hint = did_you_mean(path.name, siblings)
        raise BundleError(
            f"{path} does not exist{hint or ';'} pass a run folder, its model folder, "
            "or a .zip of that"
        )
    if path.is_dir():
        for folder in (path, path / "model"):
            if (folder / MANIFEST_NAME).is_file():
                return folder
        inside = sorted(
            p.name
            for p in path.glob("*")
            if (p / MANIFEST_NAME).is_file() or (p / "model" / MANIFEST_NAME).is_file()
        )
        hint = f"; did you mean {str(path / inside[0])!r}?" if inside else ""
        raise BundleError(
            f"{path} holds no {MANIFEST_NAME} and no model/{MANIFEST_NAME}, so it is neither a "
            f"model nor a run folder{hint}"
        )
    if path.parent.joinpath(MANIFEST_NAME).is_file() and path.suffix != ".zip":
        raise BundleError(f"{path} is one file of a bundle; pass its folder {str(path.parent)!r}")
    return path


def _read_checked(files: BundleFiles, where: str) -> tuple[Manifest, dict[str, bytes]]:
    """Read the manifest and every file it names, if all is as it says."""
    if MANIFEST_NAME not in files.sizes:
        raise BundleError(
            f"{where} holds no {MANIFEST_NAME}; pass a run folder, its model folder, "
            "or a .zip of that"
        )
    manifest = parse_manifest(files.read(MANIFEST_NAME), where=where)
    missing = {*manifest.files, *_REQUIRED} - set(files.sizes)
    if missing:
        raise BundleError(f"{where}: {min(missing)!r} is missing; copy the bundle again, whole")
    extra = set(files.sizes) - set(manifest.files) - {MANIFEST_NAME}
    if extra:
        raise BundleError(
            f"{where}: {min(extra)!r} is not in the manifest; move it out of the bundle"
        )
    contents = {}
    for name, record in manifest.files.items():
        if files.sizes[name] != record.size:
            raise BundleError(
                f"{where}: {name!r} is {files.sizes[name]:,} bytes long, the manifest says "
                f"{record.size:,}; it was cut short or changed, copy the bundle again"
            )
        contents[name] = files.read(name)
        if hashlib.sha256(contents[name]).hexdigest() != record.sha256:
            raise BundleError(
                f"{where}: {name!r} was changed after it was written (its SHA-256 is not the one "
                "in the manifest); copy the bundle again from its source"
            )
    return manifest, contents
