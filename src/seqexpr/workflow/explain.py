"""Explain: which bases and motifs a trained model goes by, and whether to believe it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import numpy as np
import numpy.typing as npt

from seqexpr.bundle.bundle import Bundle
from seqexpr.bundle.store import load_bundle
from seqexpr.data.checks import build_dataset
from seqexpr.data.motifs import Motif, read_motifs
from seqexpr.data.promoter_elements import ECOLI_MOTIFS
from seqexpr.errors import InputError, SeqexprError, UnknownNameError, did_you_mean
from seqexpr.interpretation.coefficients import Coefficient
from seqexpr.interpretation.contributions import Choice
from seqexpr.interpretation.explanation import Discovery, Explanation, explain_target
from seqexpr.interpretation.matching import MotifMatch, match_motifs
from seqexpr.models.fitting import set_jobs
from seqexpr.optional import has_extra, require
from seqexpr.recipe import Recipe
from seqexpr.workflow.explain_job import ExplainJob
from seqexpr.workflow.progress import Progress, Step, ignore
from seqexpr.workflow.train import complete_recipe, read_for, read_held

if TYPE_CHECKING:
    import pandas as pd

    from seqexpr.data.dataset import Dataset
    from seqexpr.data.table import Table

__all__ = ["ExplanationRun", "as_choice", "explain", "place_beside"]

Floats = npt.NDArray[np.float64]

_ECOLI = tuple(motif for motif in ECOLI_MOTIFS if "spacer" not in motif.name)
"""Each hexamer alone: a stretch of free places would be like any motif."""


@dataclass(frozen=True, eq=False)
class ExplanationRun:
    """The explanations of all targets of a model, and what they were made of.

    Attributes
    ----------
    bundle : Bundle
        The model.
    source : str
        Where the sequences come from.
    explanations : dict of str to Explanation
        By target.
    coefficients : dict of str to list of Coefficient
        By target, for a line over words; empty else.
    observed : dict of str to ndarray of float64
        By target, what was measured of the sequences explained; NaN = not measured.
    is_seen : ndarray of bool, shape (n,)
        Which of the sequences explained the model was trained on.
    covariates : DataFrame of n rows or None
        What the model reads beside the sequences explained.
    notes : tuple of str
        What is missing, and what it would add; what would be better to say.
    """

    bundle: Bundle
    source: str
    explanations: dict[str, Explanation]
    coefficients: dict[str, list[Coefficient]]
    observed: dict[str, Floats]
    is_seen: npt.NDArray[np.bool_]
    covariates: pd.DataFrame | None = None
    notes: tuple[str, ...] = field(default=())

    @property
    def is_trusted(self) -> bool:
        """Whether no check failed for any target."""
        return all(item.is_trusted for item in self.explanations.values())

    def to_dict(self) -> dict[str, Any]:
        """Return what explanation.json holds."""
        from seqexpr.workflow.explanation_folder import explanation_record

        return explanation_record(self)


def explain(  # noqa: PLR0913 - one keyword for each choice
    model: Bundle | str | Path,
    table: str | Path | pd.DataFrame | Table | None = None,
    *,
    output: str | Path | None = None,
    overwrite: bool = False,
    n: int | None = None,
    method: Choice = "auto",
    discovery: Discovery = "words",
    motifs: str | Path | Sequence[Motif] | None = None,
    twin: bool = True,
    seed: int = 42,
    jobs: int = 1,
    on_step: Progress = ignore,
    **choices: Any,
) -> ExplanationRun:
    """Explain a trained model.

    Parameters
    ----------
    model : Bundle, str or Path
        A loaded model, or where it is.
    table : str, Path, DataFrame or Table, optional
        Sequences to explain, with what was measured if that is known. By default
        the table that the model was trained on, if it is still there.
    output : str or Path, optional
        Folder to write: a report, and the numbers as Parquet, TSV, MEME and BED.
        Nothing is written when it is None.
    overwrite : bool
        Whether to replace a folder that is there. Default False.
    n : int
        Sequences that are explained, drawn at random if there are more; at least
        10. Default 1,000, or 10,000 for a line over words, which costs little.
    method : {"auto", "weights", "mutagenesis", "deeplift", "integrated_gradients"}
        How contributions are found. Default "auto": what is exact for the model.
    discovery : {"words", "modisco"}
        How motifs are found in contributions: words that contribute alike, or TF-MoDISco (extra
        ``modisco``), which needs what absent bases would contribute and longer sequences.
        Default "words". Variants of one sequence have sites at places, whatever is said here.
    motifs : str, Path or sequence of Motif, optional
        Known motifs to compare with: a MEME file, "ecoli", or a taxon of JASPAR such
        as "fungi". By default all of JASPAR, where pyjaspar is installed, and
        the elements of *E. coli* promoters.
    twin : bool
        Whether the same kind of model is trained on a simulated library, to see
        whether planted motifs are found. Default True.
    seed : int
        Of every random choice. Default 42.
    jobs : int
        Threads. Default 1.
    on_step : callable
        Told of progress, notes and warnings. Default says nothing.
    **choices
        Columns of the table, as in :func:`seqexpr.train`.

    Returns
    -------
    ExplanationRun
        One explanation a target, with checks that say whether to believe it.

    Raises
    ------
    InputError
        If the training table is no longer there, or holds too few sequences.

    Examples
    --------
    >>> import seqexpr
    >>> run = seqexpr.train("dataset:lac", models=("ridge_onehot",), output="lac")  # doctest: +SKIP
    >>> seqexpr.explain("lac").explanations["expression"].motifs[0].name  # doctest: +SKIP
    'CRP'
    """
    if n is not None and n < 10:
        raise InputError(f"n = {n}: explain at least 10 sequences")
    if discovery == "modisco":
        require("modiscolite", extra="modisco")  # before minutes are spent on a twin
    folder = None
    if output is not None:
        from seqexpr.workflow.explanation_folder import ExplanationFolder

        folder = ExplanationFolder(Path(output), overwrite=overwrite)
    bundle = model if isinstance(model, Bundle) else load_bundle(Path(model))
    set_jobs(bundle.model, jobs)
    on_step(Step("reading the sequences"))
    dataset, source = _read(bundle, table, choices)
    job = ExplainJob(bundle, dataset, n=n, method=method, discovery=discovery, seed=seed)
    known, notes = _known_motifs(motifs)
    for note in notes:
        on_step(Step(note, kind="note"))

    def match(found: Sequence[Motif]) -> list[list[MotifMatch]]:
        return match_motifs(found, known)

    explanations, coefficients = {}, {}
    for number, name in enumerate(bundle.target_names):

        def tell(text: str, *, number: int = number, name: str = name) -> None:
            several = f"{name}: " if len(bundle.target_names) > 1 else ""
            on_step(Step(f"{several}{text}", done=number, total=len(bundle.target_names)))

        tell("a twin on simulated sequences")
        check = job.check_twin(number) if twin else None
        explanations[name] = explain_target(
            job.explained(number), signal=job.check_signal(name), twin=check, method=method,
            discovery=discovery,
            match=match if known and has_extra("motifs") else None,
            known=known if motifs is not None else (), on_step=tell, random_state=seed,
        )  # fmt: skip
        tell("coefficients")
        coefficients[name] = job.coefficients(number)
    run = ExplanationRun(
        bundle, source, explanations, coefficients,
        {name: job.targets[job.rows, i] for i, name in enumerate(bundle.target_names)},
        job.is_seen[job.rows], job.covariates, tuple(notes),
    )  # fmt: skip
    if folder is not None:
        on_step(Step("writing"))
        folder.write(run)
    return run


def as_choice(option: str, name: str) -> Any:
    """Return what was chosen for `method` or `discovery`, if there is such a thing.

    Raises
    ------
    UnknownNameError
        If there is not.

    Examples
    --------
    >>> as_choice("discovery", "words")
    'words'
    """
    known: tuple[str, ...] = get_args({"method": Choice, "discovery": Discovery}[option])
    if name in known:
        return name
    hint = did_you_mean(name, known)
    raise UnknownNameError(f"unknown {option} {name!r}{hint}; known: {', '.join(known)}")


def place_beside(model: Path) -> Path:
    """Return where an explanation is written by default: ``explanation`` in the run's folder.

    Examples
    --------
    >>> place_beside(Path("run.zip")).as_posix()
    'run-explanation'
    """
    if model.suffix == ".zip":
        return model.with_name(f"{model.stem}-explanation")
    run = model.parent if (model / "manifest.json").is_file() else model
    return run / "explanation"


def _read(bundle: Bundle, table: Any, choices: dict[str, Any]) -> tuple[Dataset, str]:
    """Return the sequences, with targets on the model's scale, and where they come from."""
    if table is None:
        recipe = Recipe.create(**(bundle.manifest.recipe | choices))
        try:
            source = read_held(recipe)
        except (SeqexprError, OSError) as error:
            raise InputError(
                f"the table that the model was trained on cannot be read ({error}); name the "
                "sequences to explain: seqexpr explain MODEL INPUT"
            ) from error
    else:
        if bundle.covariates:
            choices["covariate"] = tuple(f"{item.name}:{item.kind}" for item in bundle.covariates)
        recipe = complete_recipe(None, table, choices)
        source = read_for(recipe, table, require_target=False)
    dataset, _ = build_dataset(source, on_missing="drop", on_invalid="drop")
    n_targets = len(bundle.target_names)
    if dataset.targets.shape[1] not in (0, n_targets):
        raise InputError(
            f"the model predicts {n_targets} targets ({', '.join(bundle.target_names)}), the table "
            f"has {dataset.targets.shape[1]}; pass --target for each"
        )
    if len(dataset) < 10:
        raise InputError(f"{recipe.table}: {len(dataset)} sequences; explain at least 10")
    return dataset, recipe.table


def _known_motifs(choice: Any) -> tuple[tuple[Motif, ...], list[str]]:
    """Return known motifs, and what is to be said of them: what is missing, or too many."""
    if choice is not None and not isinstance(choice, str | Path):
        return tuple(choice), []
    text = "" if choice is None else str(choice)
    if not has_extra("motifs"):
        note = (
            "Motifs are not compared with known ones, since the extra is missing: "
            'pip install "seqexpr[motifs]" brings JASPAR and Tomtom.'
        )
        return (), [note]
    if text.lower() == "ecoli":
        return _ECOLI, []
    if text and Path(text).is_file():
        return read_motifs(text), []
    from seqexpr.data.jaspar import JASPAR_TAXA, jaspar_motifs

    if text:
        return jaspar_motifs(text), []
    everything = {motif.name: motif for taxon in JASPAR_TAXA for motif in jaspar_motifs(taxon)}
    note = (
        "Motifs are compared with those of all organisms in JASPAR, and of E. coli. Name yours "
        "(--motifs fungi, vertebrates, …, ecoli, or a MEME file), and the measurements are asked "
        "what each of its known motifs does."
    )
    return (*_ECOLI, *everything.values()), [note]
