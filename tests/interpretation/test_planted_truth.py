"""Five planted motifs and a pair, over several libraries: found, measured, and told from nothing."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.planted_motifs import tally

N_LIBRARIES = 4
"""docs/interpretation.md holds the figures of more."""


@pytest.mark.slow
def test_planted_motifs_are_recovered_and_their_effects_covered():
    found = tally("ridge", range(N_LIBRARIES))
    assert np.mean(found.recovered) >= 4.5
    assert np.mean(found.wrong) <= 0.5
    assert np.mean(found.held) >= 0.85
    assert sum(found.called) >= 3
    assert all(found.refused)
