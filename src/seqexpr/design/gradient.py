"""The gradient search, for networks: edits that gradients point to, through ledidi."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from seqexpr.design.greedy import spread_starts
from seqexpr.design.pool import Candidates, Search
from seqexpr.design.space import decode
from seqexpr.errors import InputError
from seqexpr.interpretation.terms import terms_of
from seqexpr.optional import require

if TYPE_CHECKING:
    from seqexpr.models.neural import NeuralRegressor

__all__ = ["search_by_gradient"]

STEPS = 200
"""Steps of the optimiser at most."""
DESIGNS_A_PATH = 4
"""Designs for which one path is followed: each gives some dozens of sequences."""


def search_by_gradient(search: Search) -> None:
    """Edit starts by the gradients of a network, at several costs of an edit.

    Gradients follow the prediction, not the bound, and know neither the training
    domain nor sites; so what comes out is repaired and judged like all else.

    Parameters
    ----------
    search : Search
        Its pool takes all that comes out.

    Raises
    ------
    InputError
        If the model is no network over sequences.
    MissingExtraError
        If PyTorch or ledidi is not installed.
    """
    network = _network(search.judge.bundle.model)
    if search.judge.views[0].beside is not None:
        raise InputError("search 'gradient': the model reads covariates; take evolve or greedy")
    require("ledidi", extra="deep")
    from seqexpr.models.training.editing import Edit, edit_sequence

    space, judge, objective = search.space, search.judge, search.judge.objective
    weights = np.zeros(len(judge.bundle.target_names))
    weights[judge.views[0].target] = -1.0 if objective.goal == "min" else 1.0
    if objective.goal == "separate":
        weights[judge.views[1].target] = -1.0
    edit = Edit(weights, value=objective.value, most_steps=search.iterations or STEPS)
    n_paths = max(1, search.n // DESIGNS_A_PATH)
    if len(space.starts) <= search.n:
        n_paths = max(n_paths, len(space.starts))
    codes, origins = spread_starts(space, n_paths, rng=search.rng)
    for path, sequence in enumerate(decode(codes)):
        if search.clock.is_over:
            break
        search.clock.tell("following gradients", path, n_paths)
        permitted = space.permitted[origins[path]]
        seed = int(search.rng.integers(2**31))
        found = edit_sequence(network, sequence, permitted, edit=edit, random_state=seed)
        own = np.full(len(found), origins[path])
        found = space.repair(found, own, rng=search.rng)
        search.pool.add(Candidates(found, own, judge.judge(decode(found))))


def _network(model: Any) -> NeuralRegressor:
    """Return the network that a model is."""
    _, terms = terms_of(model)
    if len(terms) != 1 or terms[0].kind != "network" or terms[0].features is not None:
        raise InputError(
            "search 'gradient' is for a network that reads sequences, and this model is none; take "
            "evolve or greedy"
        )
    network: NeuralRegressor = terms[0].regressor
    return network
