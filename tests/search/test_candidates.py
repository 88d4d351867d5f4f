from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.pipeline import FeatureUnion

from seqexpr.models.registry import MODELS
from seqexpr.search.blocks import Library
from seqexpr.search.candidates import Candidate, registered
from seqexpr.search.learners import LEARNERS
from seqexpr.search.proposals import portfolio

LIBRARY = Library(100, 40, aligned=True)
CHOICES = {"learner": "ridge", "kmers": "1-4", "gapped": "6,4", "strands": "both"}


@settings(max_examples=20)
@given(order=st.permutations(list(CHOICES)))
def test_the_key_does_not_depend_on_the_order_of_the_choices(order):
    shuffled = {name: CHOICES[name] for name in order}
    assert Candidate(shuffled, LIBRARY).key == Candidate(CHOICES, LIBRARY).key


def test_the_key_depends_on_every_choice():
    keys = {Candidate(CHOICES, LIBRARY).key}
    for name, value in [("kmers", "1-5"), ("strands", "single"), ("column_scale", "std")]:
        keys.add(Candidate(CHOICES | {name: value}, LIBRARY).key)
    assert len(keys) == 4


def test_titles_are_sentences_for_people():
    def title(**choices):
        return Candidate(choices, LIBRARY).title

    assert title(learner="ridge", kmers="1-6") == "Ridge on 1- to 6-mers"
    assert title(learner="ridge", kmers="1-6", gapped="7,4", onehot="left", strands="both") == (
        "Ridge on 1- to 6-mers, gapped 7-mers (4 fixed) and bases by position of both strands"
    )
    assert title(learner="ridge") == "Ridge"
    assert title(model="nearest_neighbor") == MODELS["nearest_neighbor"].title


def test_a_registered_model_is_built_as_it_is_registered():
    candidate = registered("gc", LIBRARY)
    assert (candidate.kind, candidate.model, candidate.is_baseline) == ("gc", "gc", True)
    assert not registered("tutorial", LIBRARY).is_baseline
    assert repr(candidate.build(random_state=3, n_jobs=2)) == repr(
        MODELS["gc"].build(random_state=3, n_jobs=2)
    )
    assert candidate.spec("whatever", place=9) is MODELS["gc"]


@pytest.mark.parametrize("candidate", portfolio(LIBRARY), ids=lambda candidate: candidate.title)
def test_every_start_says_what_it_is_and_builds(candidate):
    assert not candidate.title[0].islower()
    assert "none" not in candidate.title
    first, second = (candidate.build(random_state=5, n_jobs=n) for n in (1, 2))
    assert [name for name, _ in first.steps] == ["features", "regressor"]
    assert first.get_params().keys() == second.get_params().keys()
    assert Candidate(dict(candidate.choices), LIBRARY).key == candidate.key
    if candidate.model is None:
        spec = candidate.spec("name_7", place=7)
        assert spec.name == "name_7"
        assert spec.complexity == 1_000 * LEARNERS[candidate.kind].complexity + 7
        assert repr(spec.build(random_state=5, n_jobs=1)) == repr(first)
        assert not spec.is_baseline


def test_one_block_stands_alone_and_several_are_joined():
    one = Candidate({"learner": "ridge", "kmers": "1-4"}, LIBRARY).build(random_state=0, n_jobs=1)
    two = Candidate(CHOICES, LIBRARY).build(random_state=0, n_jobs=1)
    assert type(one.named_steps["features"]).__name__ == "KmerCounter"
    union = two.named_steps["features"]
    assert isinstance(union, FeatureUnion)
    assert [name for name, _ in union.transformer_list] == ["kmers", "gapped"]
    assert union.transformer_list[0][1].strands == "canonical"


def test_only_blocks_by_position_need_equal_lengths():
    assert not Candidate(CHOICES, LIBRARY).spec("a", place=0).needs_equal_length
    by_position = Candidate(CHOICES | {"onehot": "left"}, LIBRARY)
    assert by_position.spec("a", place=0).needs_equal_length


def test_settings_that_are_not_named_are_the_defaults():
    candidate = Candidate({"learner": "trees", "kmers": "1-4", "num_leaves": 7}, LIBRARY)
    known = LEARNERS["trees"].settings
    assert candidate.settings["num_leaves"] == 7
    assert candidate.settings["reg_lambda"] == known["reg_lambda"].default
    assert candidate.regressor(random_state=0, n_jobs=1).num_leaves == 7
