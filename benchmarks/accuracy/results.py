"""Where results lie: one JSON for each fit, one for each comparison, predictions beside them."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from seqexpr.files import atomic_path

__all__ = ["NETWORKS", "PEERS", "RIVALS", "Results"]

RIVALS = ("flaml", "hgb")
PEERS = ("grelu", "crested")
"""Networks of other packages, on a budget of their own."""
NETWORKS = "networks"
"""The system that is seqexpr with the extra deep, on a budget of its own."""


@dataclass(frozen=True)
class Results:
    """The results of one budget and seed.

    Attributes
    ----------
    folder : Path
        Holds ``PROBLEM.SYSTEM.BUDGET.seedN.json``, and the predictions as .npz, so that systems
        fitted on different days can be compared on the same rows.
    budget : str
    seed : int
    preset : str
        Of seqexpr. Any other than "best" is part of its name in the files.
    networks_budget : str
        The budget of seqexpr with networks.
    peers_budget : str
        Of other packages' networks, and of seqexpr's beside them.
    """

    folder: Path
    budget: str = "20m"
    seed: int = 0
    preset: str = "best"
    networks_budget: str = "30m"
    peers_budget: str = "10m"

    @property
    def beside_peers(self) -> Results:
        """Those of seqexpr with networks on the budget of other packages' networks."""
        return replace(self, networks_budget=self.peers_budget)

    def budget_of(self, system: str) -> str:
        budgets = {NETWORKS: self.networks_budget, **dict.fromkeys(PEERS, self.peers_budget)}
        return budgets.get(system, self.budget)

    def _path(self, problem: str, system: str, ending: str) -> Path:
        if system in ("seqexpr", NETWORKS) and self.preset != "best":
            system = f"{system}-{self.preset}"
        budget = self.budget_of(system.split("-")[0])
        return self.folder / f"{problem}.{system}.{budget}.seed{self.seed}{ending}"

    def of_fit(self, problem: str, system: str) -> Path:
        return self._path(problem, system, ".json")

    def of_predictions(self, problem: str, system: str) -> Path:
        return self._path(problem, system, ".npz")

    def of_comparison(self, problem: str, system: str = "seqexpr") -> Path:
        return self._path(problem, system, ".against.json")

    def write(self, path: Path, content: dict[str, Any]) -> None:
        with atomic_path(path) as temporary:
            text = json.dumps(content, indent=2, sort_keys=True, allow_nan=False)
            temporary.write_text(text + "\n", encoding="utf-8")

    def read(self, path: Path) -> dict[str, Any] | None:
        """Return what is in a file, None if there is none."""
        if not path.exists():
            return None
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return content
