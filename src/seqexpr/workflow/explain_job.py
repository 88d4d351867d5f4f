"""What `explain` explains: rows, those that the model has not seen, its twin, its coefficients."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from sklearn.pipeline import Pipeline

from seqexpr.bundle.bundle import Bundle, sequence_digests
from seqexpr.interpretation.checks import Check, check_signal, check_twin
from seqexpr.interpretation.coefficients import Coefficient, coefficient_table
from seqexpr.interpretation.contributions import Choice, Explained, contributions_of
from seqexpr.interpretation.explanation import Discovery, find_motifs_by
from seqexpr.interpretation.terms import terms_of
from seqexpr.interpretation.twin import count_recovered, simulate_twin, untrained_twin
from seqexpr.models.fitting import fit_model
from seqexpr.models.measured import LinearCoefficients
from seqexpr.models.registry import MODELS

if TYPE_CHECKING:
    import pandas as pd

    from seqexpr.data.dataset import Dataset

__all__ = ["ExplainJob"]

Floats = npt.NDArray[np.float64]

N_SEQUENCES, N_OF_LINES = 1_000, 10_000
"""How many are explained where nobody says, and of a line over words."""
MOST_TWIN_ROWS, N_TWIN_EXPLAINED = 3_000, 500


class ExplainJob:
    """The rows that are explained, those that the model has not seen, and what is known of it."""

    def __init__(
        self, bundle: Bundle, dataset: Dataset, *, n: int | None, method: Choice,
        discovery: Discovery, seed: int,
    ) -> None:  # fmt: skip
        self.bundle, self.dataset, self.seed = bundle, dataset, seed
        self.method, self.discovery = method, discovery
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
        found = find_motifs_by(self.discovery, contributions_of(twin, self.method))
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
