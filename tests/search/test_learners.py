from __future__ import annotations

import numpy as np
import pytest

from seqexpr.optional import has_extra
from seqexpr.search.blocks import BLOCKS, NONE, Library
from seqexpr.search.learners import LEARNERS
from seqexpr.testing import models as suite

# What goes on from another run has its tests where there is one: tests/workflow/test_networks.py.
NAMES = [name for name, learner in LEARNERS.items() if not learner.transfers]
CHEAP = (
    suite.check_clones,
    suite.check_is_deterministic,
    suite.check_row_by_row,
    suite.check_several_targets,
    suite.check_weights,
    suite.check_saves,
)
# The library of the checks: 80 rows of 40 bases.
LIBRARY = Library(80, 40, aligned=True)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("check", CHEAP, ids=lambda check: check.__name__)
def test_every_learner_passes_the_checks_of_models(name, check, default_of):
    check(default_of(name, LIBRARY).build(random_state=1, n_jobs=1))


@pytest.mark.parametrize("name", NAMES)
def test_what_a_learner_says_of_itself_agrees(name):
    learner = LEARNERS[name]
    assert learner.name == name
    assert learner.title
    assert set(learner.blocks) <= set(BLOCKS)
    for choices in learner.blocks.values():
        assert len(set(choices)) == len(choices)
        assert NONE in choices or len(choices) >= 1
    for setting in learner.settings.values():
        if setting.choices:
            assert setting.default in setting.choices
        else:
            assert setting.low <= setting.default <= setting.high
            assert not setting.log or setting.low > 0
            assert type(setting.default) in {int, float}
            if isinstance(setting.default, int):
                assert isinstance(setting.low, int)
                assert isinstance(setting.high, int)
    # A setting and a block of one name would be one choice.
    assert not set(learner.settings) & {*learner.blocks, "learner", "strands", "model"}


def test_learners_are_in_the_order_of_their_complexity():
    order = [learner.complexity for learner in LEARNERS.values()]
    assert order == sorted(order)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("end", ["low", "high"])
def test_the_ends_of_every_range_can_be_built(name, end):
    learner = LEARNERS[name]
    settings = {
        key: (setting.choices[0 if end == "low" else -1] if setting.choices
              else getattr(setting, end))
        for key, setting in learner.settings.items()
    }  # fmt: skip
    model = learner.build(settings, 3, 1)
    assert model.get_params()
    same = learner.build(settings, 3, 1)
    assert repr(model) == repr(same)
    if "random_state" in model.get_params():
        assert model.get_params()["random_state"] == 3
    assert np.isfinite(learner.complexity)


@pytest.mark.skipif(not has_extra("deep"), reason='needs PyTorch: pip install "seqexpr[deep]"')
@pytest.mark.parametrize(("n_epochs", "patience"), [(4, 3), (12, 6)])
def test_a_network_waits_until_its_rate_falls(n_epochs, patience):
    settings = {name: one.default for name, one in LEARNERS["network"].settings.items()}
    network = LEARNERS["network"].build(settings | {"n_epochs": n_epochs}, 0, 1)
    assert network.training.patience == patience
