from __future__ import annotations

import pytest

from seqexpr.models.registry import MODELS, make_model


@pytest.mark.parametrize("name", ["kernel_ridge", "gkm_svr", "gaussian_process"])
def test_the_kernel_models_are_rungs_over_strings(name):
    model = make_model(name, random_state=7, n_jobs=2)
    assert list(dict(model.steps)) == ["features", "regressor"]
    parameters = model.get_params()
    assert parameters["regressor__random_state"] == 7
    assert parameters.get("regressor__n_jobs", 2) == 2
    assert MODELS[name].needs_equal_length == (name == "gaussian_process")
    assert not MODELS[name].is_baseline
