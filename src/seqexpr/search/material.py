"""The train rows, as every process of a search sees them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from seqexpr.data.inputs import join_inputs, model_inputs
from seqexpr.files import atomic_path
from seqexpr.models.with_covariates import build_model
from seqexpr.search.candidates import Candidate
from seqexpr.sequences import as_strings

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Material"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Material:
    """The train rows, as every process of the search sees them. There is no test row in it.

    Attributes
    ----------
    sequences : list of str, length n
        Train sequences.
    targets : ndarray of float64, shape (n, t)
        On the modelled scale; NaN = not measured.
    weights : ndarray of float64, shape (n,), or None
        Sample weights.
    folds : ndarray of int64, shape (n,)
        Fold of each row, -1 = always fitted on.
    units : ndarray of int64, shape (n,)
        Rows that belong together.
    seed : int
        Seed of every model.
    covariates : DataFrame, n rows, or None
        Typed columns beside the sequence.
    device : {"auto", "cpu", "cuda"}
        Where networks are trained.
    init_from : str
        Weights of a network of another run, to go on from.
    """

    sequences: list[str]
    targets: Floats
    weights: npt.NDArray[np.float64] | None
    folds: Ints
    units: Ints
    seed: int
    covariates: pd.DataFrame | None = None
    device: str = "auto"
    init_from: str = ""

    @cached_property
    def inputs(self) -> Any:
        """What a model reads: the sequences, or a DataFrame with the covariates too."""
        return model_inputs(join_inputs(np.array(self.sequences, dtype=object), self.covariates))

    def build(self, candidate: Candidate) -> Any:
        """Return the unfitted model of a candidate over `inputs`."""
        spec = candidate.spec("", place=0)
        return build_model(spec, self.covariates, random_state=self.seed, n_jobs=1)

    @property
    def n_folds(self) -> int:
        """Number of folds."""
        return int(self.folds.max(initial=-1)) + 1

    def write(self, file: Path) -> None:
        """Write it for other processes, atomically; arrays only."""
        with atomic_path(file) as temporary:
            np.savez(
                temporary,
                sequences=np.frombuffer("\n".join(self.sequences).encode("ascii"), np.uint8),
                targets=self.targets,
                weights=np.zeros(0) if self.weights is None else self.weights,
                folds=self.folds,
                units=self.units,
                seed=np.int64(self.seed),
                device=np.str_(self.device),
                init_from=np.str_(self.init_from),
            )
        if self.covariates is not None:
            with atomic_path(_beside(file)) as temporary:
                self.covariates.to_parquet(temporary, index=False)

    @classmethod
    def read(cls, file: Path) -> Material:
        """Read what :meth:`write` wrote."""
        import pandas as pd

        covariates = pd.read_parquet(_beside(file)) if _beside(file).exists() else None
        with np.load(file, allow_pickle=False) as kept:
            return cls(
                sequences=as_strings(kept["sequences"].tobytes().decode("ascii").split("\n")),
                targets=kept["targets"],
                weights=kept["weights"] if len(kept["weights"]) else None,
                folds=kept["folds"],
                units=kept["units"],
                seed=int(kept["seed"]),
                covariates=covariates,
                device=str(kept["device"]),
                init_from=str(kept["init_from"]),
            )


def _beside(file: Path) -> Path:
    return file.with_suffix(".covariates.parquet")
