"""Sequences for the features' tests, and the slow, plain way to count k-mers."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest


def spelled_windows(sequence, k, *, canonical=False):
    """Every window of known bases, as a str, in order."""
    text = sequence.upper().replace("U", "T")
    windows = [text[i : i + k] for i in range(len(text) - k + 1)]
    windows = [window for window in windows if set(window) <= set("ACGT")]
    if canonical:
        turned = str.maketrans("ACGT", "TGCA")
        windows = [min(window, window.translate(turned)[::-1]) for window in windows]
    return windows


def count_by_hand(sequences, ks, *, canonical=False, mode="count"):
    """One dict a sequence: k-mer -> value."""
    rows = []
    for sequence in sequences:
        row = {}
        for k in ks:
            windows = spelled_windows(sequence, k, canonical=canonical)
            for kmer, n in Counter(windows).items():
                row[kmer] = {"count": n, "presence": 1, "frequency": n / len(windows)}[mode]
        rows.append(row)
    return rows


@pytest.fixture(scope="session")
def by_hand():
    return count_by_hand


@pytest.fixture(scope="session")
def windows():
    return spelled_windows


@pytest.fixture(scope="session")
def library():
    """200 sequences of 0 to 120 bases; some with N, lower case, U."""
    rng = np.random.default_rng(7)
    lengths = rng.integers(0, 121, size=200)
    return ["".join(rng.choice(list("ACGTACGTACGTACGTNacgtuR"), size=n)) for n in lengths]


@pytest.fixture(scope="session")
def clean_library():
    """60 sequences of 80 known bases."""
    rng = np.random.default_rng(8)
    return ["".join(row) for row in rng.choice(list("ACGT"), size=(60, 80))]
