"""Which known motif a found one is like: Tomtom, through memelite.

References
----------
Gupta, Stamatoyannopoulos, Bailey & Noble (2007), Quantifying similarity between
motifs, Genome Biology 8:R24 (Tomtom).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from seqexpr.data.motifs import Motif
from seqexpr.optional import require

__all__ = ["MotifMatch", "match_motifs"]


Floats = npt.NDArray[np.float64]

FEWEST_TARGETS = 100
"""Known motifs whose columns tell what a random one looks like; fewer get shuffled copies."""


@dataclass(frozen=True)
class MotifMatch:
    """A known motif that a found one is like.

    Attributes
    ----------
    name : str
        Of the known motif.
    p_value : float
        Probability that the best alignment with a random motif is as good.
    q_value : float
        False discovery rate among all known motifs and all found ones.
    is_reverse : bool
        Whether it is like the known one's other strand.
    """

    name: str
    p_value: float
    q_value: float
    is_reverse: bool


def match_motifs(
    motifs: Sequence[Motif], known: Sequence[Motif], *, n_best: int = 3
) -> list[list[MotifMatch]]:
    """Return the known motifs that each found one is most like.

    Parameters
    ----------
    motifs : sequence of Motif, length m
        Found ones.
    known : sequence of Motif
        Such as those of JASPAR, or of a MEME file.
    n_best : int
        Most matches of each, at least 1. Default 3.

    Returns
    -------
    list of list of MotifMatch, length m
        The most alike first.

    Raises
    ------
    MissingExtraError
        If memelite is not installed.
    """
    tomtom = require("memelite", extra="motifs").tomtom
    if not motifs or not known:
        return [[] for _ in motifs]
    from scipy.stats import false_discovery_control

    queries = [np.array(motif.frequencies) for motif in motifs]
    targets = [np.array(motif.frequencies) for motif in known]
    targets += _decoys(targets)
    p_values, *_, strands = (np.asarray(part) for part in tomtom(queries, targets, n_jobs=1)[:5])
    p_values = np.clip(p_values[:, : len(known)], 0.0, 1.0)
    q_values = false_discovery_control(p_values.ravel()).reshape(p_values.shape)
    found = []
    for row in range(len(motifs)):
        order = np.argsort(p_values[row], kind="stable")[:n_best]
        found.append(
            [
                MotifMatch(
                    known[i].name, float(p_values[row, i]), float(q_values[row, i]),
                    bool(strands[row, i]),
                )
                for i in order
            ]
        )  # fmt: skip
    return found


def _decoys(targets: list[Floats]) -> list[Floats]:
    """Return copies with their columns shuffled, where there are few known motifs."""
    rng = np.random.default_rng(0)  # the same motifs always match alike
    n = max(0, FEWEST_TARGETS - len(targets))
    return [np.ascontiguousarray(rng.permutation(targets[i % len(targets)].T).T) for i in range(n)]
