"""Candidates: ways to predict from sequences, each put together from blocks and a learner."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from sklearn.pipeline import FeatureUnion, Pipeline

from seqexpr.models.registry import MODELS, ModelSpec
from seqexpr.search.blocks import BLOCKS, NONE, Library
from seqexpr.search.learners import LEARNERS

__all__ = ["Candidate", "registered"]

Choice = str | int | float


@dataclass(frozen=True)
class Candidate:
    """A learner on some blocks of features, or a registered model.

    Attributes
    ----------
    choices : mapping of str to str, int or float
        ``learner``; for each of its blocks the choice (``"none"`` = left out);
        ``strands``; and its settings. Or ``model`` alone: a registered name.
    library : Library
        What it is for.

    Examples
    --------
    >>> candidate = Candidate({"learner": "ridge", "kmers": "1-5", "onehot": "left"},
    ...                       Library(1000, 50, aligned=True))
    >>> candidate.title
    'Ridge on 1- to 5-mers and bases by position'
    >>> [name for name, _ in candidate.build(random_state=0, n_jobs=1).steps]
    ['features', 'regressor']
    >>> registered("mean", candidate.library).title
    'Mean'
    """

    choices: Mapping[str, Choice]
    library: Library = field(repr=False)

    @property
    def key(self) -> str:
        """Digest of the choices."""
        text = json.dumps(dict(sorted(self.choices.items())), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    @property
    def model(self) -> str | None:
        """Registered name, where it is a registered model."""
        name = self.choices.get("model")
        return None if name is None else str(name)

    @property
    def kind(self) -> str:
        """What it is compared with its like by: the learner, or the registered name."""
        return self.model or str(self.choices["learner"])

    @property
    def is_baseline(self) -> bool:
        """Whether it is only there to be beaten."""
        return self.model is not None and MODELS[self.model].is_baseline

    @property
    def block_choices(self) -> dict[str, str]:
        """The choice of each block that is not left out, in the learner's order."""
        names = LEARNERS[self.kind].blocks
        chosen = {name: str(self.choices.get(name, NONE)) for name in names}
        return {name: choice for name, choice in chosen.items() if choice != NONE}

    @property
    def settings(self) -> dict[str, Any]:
        """The value of each setting of the learner."""
        known = LEARNERS[self.kind].settings
        return {name: self.choices.get(name, known[name].default) for name in known}

    @property
    def title(self) -> str:
        """What it is, for people."""
        if self.model is not None:
            return MODELS[self.model].title
        titles = [BLOCKS[name].title(choice) for name, choice in self.block_choices.items()]
        both = " of both strands" if self.choices.get("strands") == "both" else ""
        listed = " and ".join(filter(None, (", ".join(titles[:-1]), *titles[-1:])))
        learner = LEARNERS[self.kind]
        if learner.title_of is not None:
            return learner.title_of(self.settings)
        return f"{learner.title} on {listed}{both}" if titles else learner.title

    def blocks(self, *, n_jobs: int) -> dict[str, Any]:
        """Return the unfitted featurizer of each block, by name."""
        both = self.choices.get("strands") == "both"
        return {
            name: BLOCKS[name].build(choice, self.library, both, n_jobs)
            for name, choice in self.block_choices.items()
        }

    def regressor(self, *, random_state: int, n_jobs: int) -> Any:
        """Return the unfitted learner."""
        return LEARNERS[self.kind].build(self.settings, random_state, n_jobs)

    def build(self, *, random_state: int, n_jobs: int) -> Pipeline:
        """Return the unfitted model over strings."""
        if self.model is not None:
            return MODELS[self.model].build(random_state=random_state, n_jobs=n_jobs)
        blocks = list(self.blocks(n_jobs=n_jobs).items())
        if not blocks:
            features: Any = "passthrough"
        else:
            features = blocks[0][1] if len(blocks) == 1 else FeatureUnion(blocks)
        regressor = self.regressor(random_state=random_state, n_jobs=n_jobs)
        return Pipeline([("features", features), ("regressor", regressor)])

    def spec(self, name: str, *, place: int) -> ModelSpec:
        """Return what the ladder needs to know of it.

        Parameters
        ----------
        name : str
            Name in the leaderboard.
        place : int
            Makes its place on the ladder one of its own.
        """
        if self.model is not None:
            return MODELS[self.model]
        return ModelSpec(
            name=name,
            title=self.title,
            description=f"Found by the search: {self.title[0].lower()}{self.title[1:]}.",
            is_baseline=False,
            complexity=1_000 * LEARNERS[self.kind].complexity + place,
            needs_equal_length=any(BLOCKS[block].by_position for block in self.block_choices),
            build=partial(_build, self),
        )


def _build(candidate: Candidate, *, random_state: int, n_jobs: int) -> Pipeline:
    return candidate.build(random_state=random_state, n_jobs=n_jobs)


def registered(name: str, library: Library) -> Candidate:
    """Return the candidate that is a registered model."""
    return Candidate({"model": name}, library)
