"""The log of trials: an Optuna study on disk, to which finished trials are added one by one."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np

from seqexpr.files import atomic_path
from seqexpr.search.blocks import Library
from seqexpr.search.candidates import Candidate
from seqexpr.search.proposals import frozen, quiet_optuna
from seqexpr.search.trials import Outcome

__all__ = ["STUDY_FILE", "TrialLog", "TriedCandidate"]

STUDY_FILE = "study.sqlite3"
_STUDY = "seqexpr"


@dataclass(frozen=True, eq=False)
class TriedCandidate:
    """A finished trial.

    Attributes
    ----------
    index : int
        Its number, from 0.
    candidate : Candidate
        What was tried.
    outcome : Outcome
        What it found.
    elapsed : float
        Seconds of the budget that were spent when it ended.
    """

    index: int
    candidate: Candidate
    outcome: Outcome
    elapsed: float


class TrialLog:
    """Keeps every finished trial in a folder; a kill loses none of them.

    The trials are an Optuna study in SQLite (``study.sqlite3``, which
    optuna-dashboard reads too), the out-of-fold predictions of the complete
    ones are arrays beside it, written before the trial is.

    Parameters
    ----------
    folder : Path
        Where they are kept; made if it is not there.
    library : Library
        What the candidates are for.
    """

    def __init__(self, folder: Path, library: Library) -> None:
        import optuna

        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.library = library
        with quiet_optuna():
            place = quote((folder / STUDY_FILE).as_posix(), safe="/:")  # "?" would end the path
            self._storage = optuna.storages.RDBStorage(f"sqlite:///{place}")
            self._study = optuna.create_study(
                study_name=_STUDY, storage=self._storage, direction="maximize", load_if_exists=True
            )

    def add(self, tried: TriedCandidate) -> None:
        """Keep a finished trial."""
        outcome = tried.outcome
        if outcome.out_of_fold is not None:
            with atomic_path(self._file(tried.index)) as temporary:
                np.save(temporary, outcome.out_of_fold, allow_pickle=False)
        trial = frozen(tried.candidate, outcome, with_learner=True)
        for name, value in (
            ("index", tried.index), ("choices", dict(tried.candidate.choices)),
            ("state", outcome.state), ("scores", dict(outcome.scores)),
            ("seconds", outcome.seconds), ("fit_seconds", outcome.fit_seconds),
            ("n_features", outcome.n_features), ("message", outcome.message),
            ("elapsed", tried.elapsed),
        ):  # fmt: skip
            trial.set_user_attr(name, json.loads(json.dumps(value)))
        self._study.add_trial(trial)

    def read(self) -> dict[int, TriedCandidate]:
        """Return the finished trials by index."""
        found = {}
        for trial in self._study.get_trials(deepcopy=False):
            kept: dict[str, Any] = trial.user_attrs
            if "elapsed" not in kept:  # the last attribute that is written
                continue
            index, out_of_fold = int(kept["index"]), None
            if kept["state"] in ("complete", "partial"):
                try:
                    out_of_fold = np.load(self._file(index), allow_pickle=False)
                except (OSError, ValueError, EOFError):  # gone or damaged: tried anew
                    continue
            outcome = Outcome(
                state=kept["state"], scores=kept["scores"], seconds=kept["seconds"],
                fit_seconds=kept["fit_seconds"], n_features=kept["n_features"],
                out_of_fold=out_of_fold, message=kept["message"],
            )  # fmt: skip
            candidate = Candidate(kept["choices"], self.library)
            found[index] = TriedCandidate(index, candidate, outcome, kept["elapsed"])
        return found

    def close(self) -> None:
        """Let go of the file."""
        self._storage.engine.dispose()

    def _file(self, index: int) -> Path:
        return self.folder / f"trial-{index:05d}.npy"
