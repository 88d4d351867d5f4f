"""Explain: which bases and motifs a trained model goes by, and whether to believe it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import numpy as np
import numpy.typing as npt
from sklearn.pipeline import Pipeline

from seqexpr.bundle.bundle import Bundle, sequence_digests
from seqexpr.bundle.store import load_bundle
from seqexpr.data.checks import build_dataset
from seqexpr.data.motifs import Motif, read_motifs
from seqexpr.data.promoter_elements import ECOLI_MOTIFS
from seqexpr.errors import InputError, SeqexprError, UnknownNameError, did_you_mean
from seqexpr.interpretation.checks import Check, check_signal, check_twin
from seqexpr.interpretation.coefficients import Coefficient, coefficient_table
from seqexpr.interpretation.contributions import Choice, Explained, contributions_of
from seqexpr.interpretation.discovery import find_motifs
from seqexpr.interpretation.explanation import Explanation, explain_target
from seqexpr.interpretation.matching import MotifMatch, match_motifs
from seqexpr.interpretation.terms import terms_of
from seqexpr.interpretation.twin import count_recovered, simulate_twin, untrained_twin
from seqexpr.models.fitting import fit_model, set_jobs
from seqexpr.models.measured import LinearCoefficients
from seqexpr.models.registry import MODELS
from seqexpr.optional import has_extra
from seqexpr.recipe import Recipe
from seqexpr.workflow.progress import Progress, Step, ignore
from seqexpr.workflow.train import complete_recipe, read_for, read_held

if TYPE_CHECKING:
    import pandas as pd

    from seqexpr.data.dataset import Dataset
    from seqexpr.data.table import Table

__all__ = ["ExplanationRun", "as_method", "explain", "place_beside"]

Floats = npt.NDArray[np.float64]

N_SEQUENCES, N_OF_LINES = 1_000, 10_000
MOST_TWIN_ROWS = 3_000
_ECOLI = tuple(motif for motif in ECOLI_MOTIFS if "spacer" not in motif.name)
"""Each hexamer alone: a stretch of free places would be like any motif."""
N_TWIN_EXPLAINED = 500


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
    folder = None
    if output is not None:
        from seqexpr.workflow.explanation_folder import ExplanationFolder

        folder = ExplanationFolder(Path(output), overwrite=overwrite)
    bundle = model if isinstance(model, Bundle) else load_bundle(Path(model))
    set_jobs(bundle.model, jobs)
    on_step(Step("reading the sequences"))
    dataset, source = _read(bundle, table, choices)
    job = _Job(bundle, dataset, n=n, method=method, seed=seed)
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


def as_method(name: str) -> Choice:
    """Return a method by name.

    Raises
    ------
    UnknownNameError
        If there is no such method.
    """
    known: tuple[Choice, ...] = get_args(Choice)
    for choice in known:
        if choice == name:
            return choice
    hint = did_you_mean(name, known)
    raise UnknownNameError(f"unknown method {name!r}{hint}; known: {', '.join(known)}")


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


class _Job:
    """The rows that are explained, those that the model has not seen, and what is known of it."""

    def __init__(
        self, bundle: Bundle, dataset: Dataset, *, n: int | None, method: Choice, seed: int
    ) -> None:
        self.bundle, self.dataset, self.method, self.seed = bundle, dataset, method, seed
        self.sequences = [str(sequence) for sequence in dataset.sequences]
        self.is_seen = np.isin(sequence_digests(self.sequences), bundle.train_digests)
        rng = np.random.default_rng(seed)
        self.rows = np.sort(rng.permutation(len(dataset))[: n or self._n_by_cost()])
        t = len(bundle.target_names)
        self.targets = np.full((len(dataset), t), np.nan)
        if dataset.targets.shape[1]:
            self.targets = bundle.transform.apply(dataset.targets).reshape(len(dataset), t)

    def _n_by_cost(self) -> int:
        """Return how many sequences are explained where nobody says."""
        _, terms = terms_of(self.bundle.model)
        lines = not self.bundle.covariates and all(term.kind == "linear" for term in terms)
        return N_OF_LINES if lines else N_SEQUENCES

    @property
    def covariates(self) -> pd.DataFrame | None:
        """What the model reads beside the sequences explained."""
        beside = self.dataset.covariates if self.bundle.covariates else None
        return None if beside is None else beside.iloc[self.rows].reset_index(drop=True)

    def explained(self, target: int) -> Explained:
        """Return what is explained of one target."""
        measured = np.isfinite(self.targets[:, target])

        def rows_of(wanted: npt.NDArray[np.bool_]) -> tuple[list[str], Floats]:
            rows = np.flatnonzero(wanted & measured)
            return [self.sequences[row] for row in rows], self.targets[rows, target]

        return Explained(
            self.bundle.model,
            [self.sequences[row] for row in self.rows],
            [str(self.dataset.ids[row]) for row in self.rows],
            target,
            self.bundle.target_names[target],
            self.covariates,
            rows_of(~self.is_seen),
            rows_of(self.is_seen),
        )

    def check_signal(self, name: str) -> Check:
        """Check the score on test that the manifest holds."""
        for score in self.bundle.manifest.scores:
            if (score.set, score.metric, score.target) == ("test", "pearson", name):
                return check_signal(score.low, score.value, what=f"on {score.n:,} test rows")
        return check_signal(None, None, what="")

    def check_twin(self, target: int) -> Check | None:
        """Train the same kind of model on a simulated library and count what it shows."""
        last = self.bundle.model.steps[-1][1] if isinstance(self.bundle.model, Pipeline) else None
        is_transferred = bool(getattr(last, "init_from", ""))
        if self.bundle.covariates or is_transferred or last is None:
            return None
        spec = self.bundle.manifest.model.name
        fixed = spec in MODELS and MODELS[spec].needs_equal_length
        n = min(MOST_TWIN_ROWS, self.bundle.manifest.data.n_train)
        library = simulate_twin(
            self.sequences, n=n, r2=self._test_r2(target), fixed=fixed,
            rng=np.random.default_rng(self.seed),
        )  # fmt: skip
        model = untrained_twin(self.bundle.model, target=target)
        model = fit_model(model, library.sequences, library.y)
        some = library.sequences[:N_TWIN_EXPLAINED]
        twin = Explained(model, some, [str(i) for i in range(len(some))])
        found = find_motifs(contributions_of(twin, self.method))
        n_found = count_recovered([item.motif for item in found], library.sites)
        return check_twin(n_found, len(library.sites), n_rows=n)

    def _test_r2(self, target: int) -> float:
        name = self.bundle.target_names[target]
        for score in self.bundle.manifest.scores:
            if (score.set, score.metric, score.target) == ("test", "r2", name):
                return score.value or 0.0
        return 0.5

    def coefficients(self, target: int) -> list[Coefficient]:
        """Return the coefficients of a line over words, from its training rows."""
        model = self.bundle.model
        if self.bundle.covariates or not isinstance(model, Pipeline):
            return []
        if not isinstance(model[-1], LinearCoefficients) or model.steps[0][1] == "passthrough":
            return []
        seen = np.flatnonzero(self.is_seen & np.isfinite(self.targets[:, target]))
        if len(seen) < 20:
            return []
        return coefficient_table(
            model, [self.sequences[row] for row in seen], self.targets[seen, target],
            target=target, rng=np.random.default_rng(self.seed),
        )  # fmt: skip


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
