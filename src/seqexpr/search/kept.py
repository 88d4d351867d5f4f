"""Fits of a search that are kept: networks, whose members are the fits without one fold each."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.pipeline import Pipeline

from seqexpr.files import atomic_path
from seqexpr.models.neural import NeuralRegressor
from seqexpr.models.training.uniting import LINEAR_LOSSES, unite
from seqexpr.models.training.weights import StoredNetwork, pack_networks, unpack_networks

if TYPE_CHECKING:
    from seqexpr.search.candidates import Candidate
    from seqexpr.search.material import Material

__all__ = ["KeptFits", "are_kept"]


def are_kept(candidate: Candidate, material: Material) -> bool:
    """Whether the fits without one fold each are what is shipped, so that none is made anew.

    So it is with networks, whose fit is dear, and whose mean is better than one of them.
    With covariates, the columns are scaled outside of the network; then it is fitted anew.
    """
    return (
        candidate.model is None
        and candidate.kind == "network"
        and candidate.settings["loss"] in LINEAR_LOSSES
        and material.covariates is None
    )


class KeptFits:
    """The fits of one candidate, as files without pickle.

    Parameters
    ----------
    folder : Path
        Folder of the search.
    candidate : Candidate
        Whose.
    """

    def __init__(self, folder: Path, candidate: Candidate) -> None:
        self.folder = folder / "fits"
        self.candidate = candidate

    def add(self, fold: int, model: Any) -> None:
        """Keep a fit, all but one fold."""
        network: NeuralRegressor = model[-1] if isinstance(model, Pipeline) else model
        about = {
            "center": network.center_.tolist(),
            "scale": network.scale_.tolist(),
            "targets": network.n_targets_,
            "history": [epochs.tolist() for epochs in network.history_],
        }
        self.folder.mkdir(parents=True, exist_ok=True)
        with atomic_path(self._file(fold)) as temporary:
            temporary.write_bytes(pack_networks([StoredNetwork(about, network.weights_)]))

    def assemble(self, unfitted: NeuralRegressor) -> NeuralRegressor | None:
        """Return the mean of all fits that are there; None where there is none."""
        fits = []
        for file in sorted(self.folder.glob(f"{self.candidate.key}-*.safetensors")):
            stored = unpack_networks(file.read_bytes())[0]
            fit = NeuralRegressor(**unfitted.get_params(deep=False))
            fit.form_ = fit.resolved()[0]
            fit.weights_, fit.n_covariates_ = stored.members, 0
            fit.center_ = np.array(stored.about["center"])
            fit.scale_ = np.array(stored.about["scale"])
            fit.n_targets_ = int(stored.about["targets"])
            fit.history_ = [np.array(epochs) for epochs in stored.about["history"]]
            fits.append(fit)
        return unite(fits).set_params(n_members=len(fits)) if fits else None

    def note_score(self, score: float) -> None:
        """Write down what the fit without the first fold scored, for other processes to see."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with atomic_path(self.folder / f"{self.candidate.key}.score") as temporary:
            temporary.write_text(repr(score))

    def best_other(self) -> float:
        """Return the best score that another candidate has written down; -inf if there is none."""
        own = f"{self.candidate.key}.score"
        scores = [float(f.read_text()) for f in self.folder.glob("*.score") if f.name != own]
        return max((score for score in scores if np.isfinite(score)), default=-np.inf)

    def _file(self, fold: int) -> Path:
        return self.folder / f"{self.candidate.key}-{fold:02d}.safetensors"
