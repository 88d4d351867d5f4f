from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

from seqexpr.errors import InputError, SequenceError
from seqexpr.features import onehot as module
from seqexpr.features.onehot import OneHot

MESSY = st.text(alphabet="ACGTacgtUuNRY-", max_size=12)


def encoded_by_hand(sequences, length, anchor):
    rows = np.zeros((len(sequences), length, 4))
    for row, sequence in zip(rows, sequences, strict=True):
        text = sequence.upper().replace("U", "T")
        text = text[:length] if anchor == "left" else text[-length:]
        first = 0 if anchor == "left" else length - len(text)
        for position, base in enumerate(text, start=first):
            if base in "ACGT":
                row[position, "ACGT".index(base)] = 1
    return rows.reshape(len(sequences), -1)


@given(
    st.lists(MESSY, min_size=1, max_size=6), st.integers(1, 14), st.sampled_from(["left", "right"])
)
def test_it_encodes_as_one_encodes_by_hand(sequences, length, anchor):
    found = OneHot(length, anchor=anchor).fit_transform(sequences)
    assert (found.toarray() == encoded_by_hand(sequences, length, anchor)).all()
    assert found.format == "csr"
    assert found.dtype == np.float32
    assert (found.data == 1).all()
    for start, stop in zip(found.indptr, found.indptr[1:], strict=False):
        assert (np.diff(found.indices[start:stop]) > 0).all()


def test_it_encodes_what_scikit_learn_encodes(clean_library):
    letters = np.array([list(sequence) for sequence in clean_library])
    peer = OneHotEncoder(categories=[list("ACGT")] * 80, dtype=np.float32)
    assert (OneHot().fit_transform(clean_library) != peer.fit_transform(letters)).nnz == 0


@given(st.lists(MESSY, min_size=1, max_size=6).filter(any))
def test_the_length_learnt_is_that_of_the_longest(sequences):
    onehot = OneHot().fit(sequences)
    assert onehot.length_ == max(map(len, sequences))
    assert onehot.length is None


def test_longer_sequences_lose_the_end_that_is_not_anchored():
    left = OneHot().fit(["ACG"]).transform(["ACGTTT"]).toarray()
    right = OneHot(anchor="right").fit(["ACG"]).transform(["TTTACG"]).toarray()
    wanted = OneHot().fit_transform(["ACG"]).toarray()
    assert left.tolist() == right.tolist() == wanted.tolist()


def test_names_count_from_the_anchor():
    left = OneHot(2).fit([]).get_feature_names_out()
    assert left.tolist() == [f"pos{i}={base}" for i in (1, 2) for base in "ACGT"]
    right = OneHot(2, anchor="right").fit([]).get_feature_names_out()
    assert right.tolist() == [f"pos{i}={base}" for i in (-2, -1) for base in "ACGT"]


@pytest.mark.parametrize("anchor", ["left", "right"])
def test_batches_change_nothing(monkeypatch, library, anchor):
    onehot = OneHot(anchor=anchor).fit(library)
    whole = onehot.transform(library)
    monkeypatch.setattr(module, "BATCH", 7)
    assert (onehot.transform(library) != whole).nnz == 0
    assert onehot.transform([]).shape == (0, whole.shape[1])


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"length": 0}, r"length must be None or an int >= 1, got 0"),
        ({"length": 2.5}, r"got 2\.5"),
        ({"length": True}, r"got True"),
        ({"anchor": "rigth"}, r"anchor must be .* got 'rigth'; did you mean 'right'\?"),
    ],
)
def test_parameters_are_checked_by_fit(parameters, message):
    with pytest.raises(InputError, match=message):
        OneHot(**parameters).fit(["ACGT"])


def test_what_cannot_be_learnt_or_read():
    for nothing in ([], ["", ""]):
        with pytest.raises(SequenceError, match="every sequence given to fit is empty"):
            OneHot().fit(nothing)
    with pytest.raises(NotFittedError, match="not fitted"):
        OneHot().transform(["A"])
    with pytest.raises(NotFittedError, match="not fitted"):
        OneHot().get_feature_names_out()
    with pytest.raises(SequenceError, match="expected a str, found int"):
        OneHot(length=2).fit([7])


def test_it_works_in_a_search(clean_library):
    y = np.array([sequence[-1] == "A" for sequence in clean_library], dtype=float)
    search = GridSearchCV(
        make_pipeline(OneHot(2), Ridge(alpha=0.1)), {"onehot__anchor": ["left", "right"]}, cv=3
    ).fit(clean_library, y)
    assert search.best_params_ == {"onehot__anchor": "right"}
    assert not search.best_estimator_[0].is_strand_symmetric
