"""Every registered model survives being saved and loaded, to the last bit."""

from __future__ import annotations

import numpy as np
import pytest

from seqexpr.bundle.store import load_bundle
from seqexpr.models.registry import MODELS
from seqexpr.optional import has_extra

ODD = ["ACGTNNRYACGTACGGCTAGCTAACGTACGATCGATTAGG", "ACG", "A", "N" * 40]


@pytest.mark.parametrize("name", list(MODELS))
@pytest.mark.parametrize("n_targets", [1, 2])
def test_round_trip(name, n_targets, tools, tmp_path):
    extra = MODELS[name].extra
    if extra is not None and not has_extra(extra):
        pytest.skip(f'needs more: pip install "seqexpr[{extra}]"')
    if name == "transfer":
        pytest.skip("needs a network of another run: see tests/workflow/test_networks.py")
    data = tools.dataset_of(tools.random_sequences(120, length=40), n_targets)
    model = tools.fitted(name, data)
    sequences = [*data.sequences[:30], *tools.random_sequences(30, length=40, seed=1)]
    if not MODELS[name].needs_equal_length:
        sequences += ODD
    expected = np.asarray(model.predict(sequences), dtype=np.float64).reshape(-1, n_targets)
    loaded = load_bundle(tools.save(tmp_path / "m", model, data, name=name))
    np.testing.assert_array_equal(loaded.predict(sequences), expected)
    assert loaded.manifest.model.name == name
    assert loaded.manifest.model.untrusted == ()
    assert loaded.manifest.golden.predictions[0] is not None
