"""From frequencies to scores in bits, and the score that a p-value asks for."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ["log_odds", "score_threshold"]

Floats = npt.NDArray[np.float64]

STEP = 1e-3
"""Bits: how finely scores are told apart where their distribution is computed."""
_FIRST_REACH = 8.0  # bits below the best score that are looked at first


def log_odds(frequencies: Floats, *, background: Floats, pseudocount: float) -> Floats:
    """Return the score of each base at each position, in bits.

    The score is ``log2(((f + c b) / (1 + c)) / b)`` for a frequency f, the
    background b of the base and the pseudocount c.

    Parameters
    ----------
    frequencies : ndarray of float64, shape (4, w)
        Shares of A, C, G, T; each column adds up to 1.
    background : ndarray of float64, shape (4,)
        Shares of A, C, G, T in sequences without the motif; positive.
    pseudocount : float
        Positive.

    Returns
    -------
    ndarray of float64, shape (4, w)
        Scores; those of a window of sequence add up.

    References
    ----------
    Stormo, Bioinformatics 16 (2000) 16-23, the log-odds weight matrix.

    Examples
    --------
    >>> sure, any_base = np.array([1.0, 0, 0, 0]), np.full(4, 0.25)
    >>> frequencies = np.stack([sure, any_base], axis=1)
    >>> log_odds(frequencies, background=any_base, pseudocount=0.01).round(2).tolist()
    [[1.99, 0.0], [-6.66, 0.0], [-6.66, 0.0], [-6.66, 0.0]]
    """
    shares = background[:, None]
    return np.asarray(np.log2((frequencies + pseudocount * shares) / (1 + pseudocount) / shares))


def score_threshold(scores: Floats, *, background: Floats, p_value: float) -> float:
    """Return the lowest score that a random window reaches with probability `p_value` or less.

    If even the best word is commoner than that, the result is just below its
    score, so that it alone reaches it.

    Parameters
    ----------
    scores : ndarray of float64, shape (4, w)
        As :func:`log_odds` gives them.
    background : ndarray of float64, shape (4,)
        Probabilities of A, C, G, T in a random window.
    p_value : float
        In ``(0, 1)``.

    Returns
    -------
    float
        In bits. It may be up to ``(w + 1) / 1000`` bits too high, never too
        low: what a word loses against the best one is rounded down at each
        position, and the distribution of the rounded losses is exact.

    References
    ----------
    Staden, Computer Applications in the Biosciences 5 (1989) 89-96. Touzet &
    Varré, Algorithms for Molecular Biology 2 (2007) 15 (the score distribution
    by dynamic programming, with bounds from rounded matrices).

    Examples
    --------
    Of 16 words of two bases, one has no mismatch and six have one; 7 of 16 is 0.4375:

    >>> scores = np.array([[2.0, 2], [-2, -2], [-2, -2], [-2, -2]])
    >>> background = np.full(4, 0.25)
    >>> for p_value in (0.0624, 0.0625, 0.43, 0.44):
    ...     score_threshold(scores, background=background, p_value=p_value) <= 0
    False
    False
    False
    True
    """
    best = float(scores.max(axis=0).sum())
    losses = scores.max(axis=0) - scores
    reach, longest = _FIRST_REACH, float(losses.max(axis=0).sum())
    while True:
        tail = np.cumsum(_loss_distribution(losses, background, int(reach / STEP)))
        # Rounding must not decide where a probability equals p_value.
        too_common = np.flatnonzero(tail > p_value * (1 + 1e-9))
        if len(too_common) or reach > longest:
            break
        reach *= 2
    # Every word whose loss is smaller than `first` steps is rare enough, and the best one counts
    # in any case. Half a step keeps the threshold off the scores of words.
    first = max(int(too_common[0]) if len(too_common) else len(tail), 1)
    return best - (first - 0.5) * STEP


def _loss_distribution(losses: Floats, background: Floats, n_steps: int) -> Floats:
    """Return the probability of each rounded loss from 0 to `n_steps`, shape (n_steps + 1,)."""
    found = np.zeros(n_steps + 1)
    found[0] = 1.0
    steps = np.floor(losses / STEP + 1e-9).astype(np.int64)
    for column in steps.T[steps.any(axis=0)]:  # a position where any base will do changes nothing
        before, found = found, np.zeros(n_steps + 1)
        for step, share in zip(column.tolist(), background.tolist(), strict=True):
            if step <= n_steps:
                found[step:] += share * before[: n_steps + 1 - step]
    return found
