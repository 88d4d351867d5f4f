from __future__ import annotations

import pytest
from sklearn.exceptions import NotFittedError
from sklearn.utils import get_tags
from sklearn.utils.validation import check_is_fitted

from seqexpr.errors import UnknownNameError
from seqexpr.features.composition import Composition
from seqexpr.features.kmers import KmerCounter
from seqexpr.features.onehot import OneHot
from seqexpr.features.registry import FEATURIZERS


def test_ours_are_there_by_name():
    assert FEATURIZERS["kmers"] is KmerCounter
    assert FEATURIZERS["composition"] is Composition
    assert FEATURIZERS["onehot"] is OneHot
    assert set(FEATURIZERS) >= {"pairs", "dyads", "windows", "energy", "patches"}
    assert FEATURIZERS.group == "seqexpr.features"


def test_an_unknown_name_gets_a_hint():
    with pytest.raises(UnknownNameError, match="unknown featurizer 'kmer'; did you mean 'kmers'"):
        FEATURIZERS["kmer"]


@pytest.mark.parametrize("name", ["kmers", "composition", "onehot", "motifs"])
def test_scikit_learn_is_told_that_they_read_strings(name):
    tags = get_tags(FEATURIZERS[name]())
    assert tags.input_tags.string
    assert not tags.input_tags.two_d_array
    assert not tags.target_tags.required
    if name in ("onehot", "motifs"):
        with pytest.raises(NotFittedError, match="not fitted"):
            check_is_fitted(FEATURIZERS[name]())
    else:
        assert not tags.requires_fit
        check_is_fitted(FEATURIZERS[name]())
