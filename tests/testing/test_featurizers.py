"""The conformance checks: ours pass, and each check catches its culprit."""

from __future__ import annotations

import re
from typing import ClassVar

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_matrix
from sklearn.base import BaseEstimator, TransformerMixin

from seqexpr.features.composition import Composition
from seqexpr.features.dyads import SpacedDyads
from seqexpr.features.gapped import GappedKmers
from seqexpr.features.gkm_kernel import GkmKernel
from seqexpr.features.group_kernel import GroupKernel
from seqexpr.features.kmers import KmerCounter
from seqexpr.features.nystroem import NystroemKernel
from seqexpr.features.occurrences import Occurrences
from seqexpr.features.onehot import OneHot
from seqexpr.features.pairs import PairedOneHot
from seqexpr.features.positional import PositionalKmers
from seqexpr.features.registry import FEATURIZERS
from seqexpr.sequences import as_strings
from seqexpr.testing import featurizers as suite
from seqexpr.testing.featurizers import CHECKS, check_featurizer


class Letters(TransformerMixin, BaseEstimator):
    """Counts A and C: right in every way; each culprit below differs from it in one."""

    def __init__(self, letters="AC"):
        self.letters = letters

    def fit(self, X, y=None):
        self.n_seen_ = len(as_strings(X))
        return self

    def transform(self, X):
        texts = [text.upper().replace("U", "T") for text in as_strings(X)]
        return np.array(
            [[text.count(base) for base in self.letters] for text in texts], dtype=float
        )

    def get_feature_names_out(self, input_features=None):
        return np.array(list(self.letters), dtype=object)


OURS = [
    KmerCounter(),
    KmerCounter(k=(1, 6)),
    KmerCounter(k=9, strands="canonical"),
    KmerCounter(k=(1, 4), strands="canonical", mode="frequency"),
    KmerCounter(k=(12, 14), mode="frequency", n_features=500),
    KmerCounter(k=2, mode="presence", dense=True, dtype=np.float64),
    Composition(),
    OneHot(),
    OneHot(length=7, anchor="right"),
    PositionalKmers(),
    PositionalKmers(2, width=3, anchor="right", site=4, smooth=False),
    GappedKmers(5, 3, strands="canonical"),
    SpacedDyads(2, gaps=(0, 5), gap_width=2, strands="canonical"),
    PairedOneHot(9, fdr=1.0),
    NystroemKernel(),
    NystroemKernel(GkmKernel(5, 3, strands="both", gamma=1.0), n_landmarks=5),
    NystroemKernel(GroupKernel(), n_landmarks=3),
    Letters(),
]


@pytest.mark.parametrize("featurizer", OURS, ids=repr)
def test_ours_pass(featurizer):
    before = featurizer.get_params()
    check_featurizer(featurizer)
    check_featurizer(featurizer, sequences=["ACGTACGTAC", "GGGTTTACGA", "TTACGATCGA", "CGATTTTACA"])
    assert featurizer.get_params() == before
    assert "n_seen_" not in vars(featurizer)


@pytest.mark.parametrize("name", list(FEATURIZERS))
def test_everything_registered_passes(name):
    check_featurizer(FEATURIZERS[name]())


def test_every_check_is_public_and_run():
    named = {name for name in suite.__all__ if name.startswith("check_")} - {"check_featurizer"}
    assert {check.__name__ for check in CHECKS} == named
    assert all(check.__doc__.startswith("Check that") for check in CHECKS)


# --- culprits ------------------------------------------------------------------------------


class OneRowLess(Letters):
    def transform(self, X):
        return super().transform(X)[1:]


class Flat(Letters):
    def transform(self, X):
        return super().transform(X)[:, 0]


class Frame(Letters):
    def transform(self, X):
        return pd.DataFrame(super().transform(X))


class Texts(Letters):
    def transform(self, X):
        return super().transform(X).astype(str)


class Nan(Letters):
    def transform(self, X):
        return super().transform(X) * np.nan


class SparseInfinity(Letters):
    def transform(self, X):
        return csr_matrix(super().transform(X) + np.inf)


class Unsorted(Letters):
    def transform(self, X):
        n = len(X)
        columns, pointers = np.tile([1, 0], n), np.arange(0, 2 * n + 1, 2)
        return csr_matrix((np.ones(2 * n), columns, pointers), shape=(n, 2))


class ChangesItsConstructor(Letters):
    def __init__(self, letters="AC"):
        self.letters = letters + "G"


class ChangesParameters(Letters):
    def fit(self, X, y=None):
        self.letters = "AG"
        return self


class FitGivesNothing(Letters):
    def fit(self, X, y=None):
        pass


class BornFitted(Letters):
    def __init__(self, letters="AC"):
        self.letters = letters
        self.n_seen_ = 0


class KeepsNoParameters(Letters):
    def set_params(self, **params):
        return Composition()


class Noisy(Letters):
    def transform(self, X):
        return super().transform(X) + np.random.default_rng().normal(size=(len(X), 1))


class NoisyFit(Letters):
    def fit(self, X, y=None):
        self.shift_ = float(np.random.default_rng().normal())
        return self

    def transform(self, X):
        return super().transform(X) + self.shift_


class NeverForgets(Letters):
    def fit(self, X, y=None):
        self.most_ = max(getattr(self, "most_", 0), len(X))
        return self

    def transform(self, X):
        return super().transform(X) + self.most_


class CentresBatches(Letters):
    def transform(self, X):
        found = super().transform(X)
        return found - found.mean(axis=0)


class NumbersRows(Letters):
    """Right for one row at a time only."""

    def transform(self, X):
        return super().transform(X) + np.arange(len(X))[:, None]


class GrowsWider(Letters):
    def transform(self, X):
        return np.hstack([super().transform(X), np.zeros((len(X), len(X)))])


class NotSymmetric(Letters):
    is_strand_symmetric = True


class CaseSensitive(Letters):
    def transform(self, X):
        return np.array([[text.count("A"), 1] for text in as_strings(X)], dtype=float)


class NoRna(Letters):
    def transform(self, X):
        return np.array([[text.upper().count("T"), 1] for text in as_strings(X)], dtype=float)


class DividesByLength(Letters):
    def transform(self, X):
        lengths = np.array([[len(text)] for text in as_strings(X)])
        with np.errstate(invalid="ignore"):
            return super().transform(X) / lengths


class RefusesN(Letters):
    def transform(self, X):
        if any("N" in text for text in as_strings(X)):
            raise KeyError("N")
        return super().transform(X)


class AsLongAsTheLongest(Letters):
    """Wider for long sequences only."""

    def transform(self, X):
        width = max(max(map(len, as_strings(X))) - 99, 0)
        return np.hstack([super().transform(X), np.zeros((len(X), width))])


class ListsOnly(Letters):
    def transform(self, X):
        if not isinstance(X, list):
            raise TypeError("a list, please")
        return super().transform(X)


class MisreadsTuples(Letters):
    def transform(self, X):
        return super().transform(X) * (2 if isinstance(X, tuple) else 1)


class UppersInPlace(Letters):
    def transform(self, X):
        if isinstance(X, list):
            X[:] = [text.upper() for text in X]
        return super().transform(X)


class SortsArraysInFit(Letters):
    def fit(self, X, y=None):
        if isinstance(X, np.ndarray):
            X.sort()
        return self


class OneNameTooMany(Letters):
    def get_feature_names_out(self, input_features=None):
        return np.array(["A", "C", "G"], dtype=object)


class NumbersAsNames(Letters):
    def get_feature_names_out(self, input_features=None):
        return np.arange(2)


class SameName(Letters):
    def get_feature_names_out(self, input_features=None):
        return np.array(["A", "A"], dtype=object)


class CountsCalls(Letters):
    def transform(self, X):
        self.n_calls_ = getattr(self, "n_calls_", 0) + 1
        return super().transform(X)


class FillsAnArray(Letters):
    def fit(self, X, y=None):
        self.seen_ = np.zeros(1)
        return self

    def transform(self, X):
        self.seen_ += len(X)
        return super().transform(X)


class RemembersElsewhere(Letters):
    """Keeps what it has seen outside its attributes, from one transform to the next."""

    seen: ClassVar = []

    def transform(self, X):
        self.seen.extend(as_strings(X))
        return super().transform(X) + len(self.seen)


class KeepsAFunction(Letters):
    def fit(self, X, y=None):
        self.count_ = str.count
        return self


class KeepsObjects(Letters):
    def fit(self, X, y=None):
        self.texts_ = {"all": [np.array(list(X), dtype=object)]}
        return self


class LosesItsState(Letters):
    def fit(self, X, y=None):
        self.scale_ = 2.0
        return self

    def transform(self, X):
        return super().transform(X) * getattr(self, "scale_", 1.0)

    def __getstate__(self):
        return {"letters": self.letters}


class LosesAPlace(KmerCounter):
    def locate(self, X):
        places = super().locate(X)
        fewer = [part[1:] for part in vars(places).values() if isinstance(part, np.ndarray)]
        return Occurrences(*fewer, places.shape)


class MissesAChange(KmerCounter):
    def word_scores(self, weights):
        return super().word_scores(2 * weights)


CULPRITS = [
    (OneRowLess(), "check_output", r"shape \(12, n_features\), got \(11, 2\)"),
    (Flat(), "check_output", r"got \(12,\)"),
    (Frame(), "check_output", "ndarray or a sparse matrix, got .*DataFrame"),
    (Texts(), "check_output", "must be numbers, got dtype <U"),
    (Nan(), "check_output", "must be finite"),
    (SparseInfinity(), "check_output", "must be finite"),
    (Unsorted(), "check_output", "must be sorted in each row"),
    (ChangesItsConstructor(), "check_cloning", "keep every parameter as given"),
    (ChangesParameters(), "check_cloning", "fit must not change parameters, letters was 'AC': 'AG'"),
    (FitGivesNothing(), "check_cloning", "fit must return the featurizer itself"),
    (BornFitted(), "check_cloning", "must be unfitted, but has n_seen_"),
    (KeepsNoParameters(), "check_cloning", "set_params must take what get_params gives"),
    (Noisy(), "check_determinism", "transform varies"),
    (NoisyFit(), "check_determinism", "fitting twice on the same data"),
    (NeverForgets(), "check_refitting", "a second fit must forget the first"),
    (CentresBatches(), "check_batches", "must not depend on the other rows"),
    (NumbersRows(), "check_permutation", "rows in another order"),
    (GrowsWider(), "check_batches", r"the shapes are \(12, 3\) and \(12, 14\)"),
    (NotSymmetric(), "check_reverse_complement", "is_strand_symmetric, but"),
    (CaseSensitive(), "check_letters", "lower case must be read as upper case"),
    (NoRna(), "check_letters", "U must be read as T"),
    (DividesByLength(), "check_odd_sequences", "an empty sequence must give finite features"),
    (RefusesN(), "check_odd_sequences", "a sequence of N only, but raised KeyError"),
    (AsLongAsTheLongest(), "check_odd_sequences", r"longer than any in fit must give shape \(1, 2\)"),
    (ListsOnly(), "check_input_types", "must take a tuple, but raised TypeError"),
    (MisreadsTuples(), "check_input_types", "a tuple must give the same as a list"),
    (UppersInPlace(), "check_input_unchanged", "transform must not change the list"),
    (SortsArraysInFit(), "check_input_unchanged", "fit must not change the array"),
    (OneNameTooMany(), "check_feature_names", "3 names for 2 columns"),
    (NumbersAsNames(), "check_feature_names", "must be str, got .*0"),
    (SameName(), "check_feature_names", "'A' occurs twice"),
    (CountsCalls(), "check_stateless_transform", r"it changed \['n_calls_'\]"),
    (FillsAnArray(), "check_stateless_transform", r"it changed \['seen_'\]"),
    (RemembersElsewhere(), "check_stateless_transform", "must not remember what it has seen"),
    (LosesAPlace(), "check_places", "values of all places must add up to the features"),
    (MissesAChange(), "check_places", "must tell how a change of a base counts, off by"),
    (KeepsAFunction(), "check_safe_state", "count_ is a method_descriptor"),
    (KeepsObjects(), "check_safe_state", "texts_ is a dict; keep what is fitted"),
    (LosesItsState(), "check_safe_state", "saved and loaded, it gives other features"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("culprit", "check", "message"), CULPRITS, ids=[type(c[0]).__name__ for c in CULPRITS]
)
def test_each_check_catches_its_culprit(culprit, check, message):
    with pytest.raises(AssertionError, match=message) as caught:
        getattr(suite, check)(culprit, suite._example_sequences())
    assert re.match(f"{type(culprit).__name__}: ", str(caught.value))
    with pytest.raises(AssertionError, match=type(culprit).__name__):
        check_featurizer(culprit)


def test_every_check_has_a_culprit():
    assert {check for _, check, _ in CULPRITS} == {check.__name__ for check in CHECKS}
