from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from Bio.Seq import Seq
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import issparse
from sklearn.base import clone
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline, make_union
from sklearn.preprocessing import MultiLabelBinarizer

from seqexpr.errors import InputError, SequenceError
from seqexpr.features import _counting
from seqexpr.features.composition import Composition
from seqexpr.features.kmers import KmerCounter
from seqexpr.sequences import reverse_complement

MESSY = st.text(alphabet="ACGTacgtUuNRY-", max_size=40)
RANGES = st.tuples(st.integers(1, 4), st.integers(0, 2)).map(lambda p: (p[0], p[0] + p[1]))


def as_dicts(counter, sequences):
    """One dict a sequence: feature name -> value, without zeros."""
    names = counter.get_feature_names_out()
    matrix = counter.transform(sequences)
    return [
        {str(names[j]): matrix.data[e] for e, j in enumerate(matrix.indices[a:b], start=a)}
        for a, b in zip(matrix.indptr, matrix.indptr[1:], strict=False)
    ]


def same_rows(found, wanted):
    assert len(found) == len(wanted)
    for row, other in zip(found, wanted, strict=True):
        assert row == pytest.approx(other)


def canonical_form(matrix):
    assert issparse(matrix)
    assert matrix.format == "csr"
    assert (matrix.data != 0).all()
    for start, stop in zip(matrix.indptr, matrix.indptr[1:], strict=False):
        assert (np.diff(matrix.indices[start:stop]) > 0).all()
    assert matrix.indices.dtype == matrix.indptr.dtype == np.int32


@given(
    st.lists(MESSY, max_size=6), RANGES, st.sampled_from(["count", "presence", "frequency"]),
    st.booleans(),
)  # fmt: skip
def test_it_counts_as_one_counts_by_hand(by_hand, sequences, k, mode, canonical):
    counter = KmerCounter(k=k, mode=mode, strands="canonical" if canonical else "single")
    wanted = by_hand(sequences, range(k[0], k[1] + 1), canonical=canonical, mode=mode)
    same_rows(as_dicts(counter, sequences), wanted)


@pytest.mark.parametrize("k", [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, (1, 6), (6, 9)], ids=str)
@pytest.mark.parametrize("strands", ["single", "canonical"])
@pytest.mark.parametrize("dense_codes", [0, 2**20])
def test_counters_and_sorting_give_what_the_hand_gives(
    monkeypatch, by_hand, library, k, strands, dense_codes
):
    monkeypatch.setattr(_counting, "DENSE_CODES", dense_codes)
    monkeypatch.setattr(_counting, "DENSE_CODES_PER_BASE", 0)
    counter = KmerCounter(k=k, strands=strands)
    ks = range(k[0], k[1] + 1) if isinstance(k, tuple) else [k]
    canonical_form(counter.transform(library))
    wanted = by_hand(library, ks, canonical=strands == "canonical")
    same_rows(as_dicts(counter, library), wanted)


def test_the_largest_exact_k(by_hand, clean_library):
    counter = KmerCounter(k=12)
    matrix = counter.transform(clean_library)
    assert matrix.shape == (60, 4**12)
    row = by_hand(clean_library[:1], [12])[0]
    columns = [int(kmer.translate(str.maketrans("ACGT", "0123")), 4) for kmer in row]
    assert sorted(columns) == matrix[0].indices.tolist()
    folded = KmerCounter(k=12, strands="canonical").transform(clean_library)
    assert folded.shape == (60, (4**12 + 4**6) // 2)
    assert folded.sum() == matrix.sum()


@pytest.mark.parametrize("k", [1, 2, 3, 4])
def test_it_counts_what_biopython_counts(library, k):
    counter = KmerCounter(k=k, dense=True)
    counts = counter.transform(library)
    for sequence, row in zip(library[:40], counts, strict=False):
        text = Seq(sequence.upper().replace("U", "T"))
        wanted = [text.count_overlap(kmer) for kmer in counter.get_feature_names_out()]
        assert row.tolist() == wanted


@pytest.mark.parametrize("k", [3, 5])
def test_it_counts_what_scikit_learn_counts(clean_library, k):
    peer = CountVectorizer(analyzer="char", ngram_range=(k, k), lowercase=False)
    wanted = peer.fit_transform(clean_library)
    counter = KmerCounter(k=k)
    place = {name: j for j, name in enumerate(counter.get_feature_names_out())}
    columns = [place[name] for name in peer.get_feature_names_out()]
    found = counter.transform(clean_library)[:, columns]
    assert (found != wanted).nnz == 0
    assert found.sum() == counter.transform(clean_library).sum()


def test_presence_is_the_tutorials_encoding(clean_library):
    kmers = [[seq[i : i + 3] for i in range(len(seq) - 2)] for seq in clean_library]
    peer = MultiLabelBinarizer()
    wanted = peer.fit_transform(kmers)
    counter = KmerCounter(k=3, mode="presence", dense=True)
    assert counter.get_feature_names_out().tolist() == peer.classes_.tolist()
    assert (counter.fit_transform(clean_library) == wanted).all()


@given(MESSY, st.integers(1, 5))
def test_both_strands_have_the_same_canonical_counts(sequence, k):
    counter = KmerCounter(k=(1, k), strands="canonical", dense=True)
    forward, backward = counter.transform([sequence, reverse_complement(sequence)])
    assert forward.tolist() == backward.tolist()
    assert counter.is_strand_symmetric
    assert not KmerCounter(k=k).is_strand_symmetric


@given(MESSY, st.integers(1, 5))
def test_canonical_counts_are_sums_over_the_strands(sequence, k):
    single = KmerCounter(k=k)
    counts = dict.fromkeys(single.get_feature_names_out(), 0)
    counts |= as_dicts(single, [sequence])[0]
    folded = KmerCounter(k=k, strands="canonical")
    row = folded.transform([sequence]).toarray()[0]
    for kmer, n in zip(folded.get_feature_names_out(), row, strict=True):
        assert n == sum(counts[strand] for strand in {kmer, reverse_complement(kmer)})


@given(st.lists(MESSY, max_size=5), st.integers(1, 6))
def test_counts_sum_to_the_windows(windows, sequences, k):
    sums = KmerCounter(k=k).transform(sequences).sum(axis=1)
    assert sums.ravel().tolist()[0] == [len(windows(sequence, k)) for sequence in sequences]


@given(MESSY, MESSY, st.integers(1, 4))
def test_n_between_two_sequences_adds_their_counts(first, second, k):
    counter = KmerCounter(k=k, dense=True)
    a, b, joined = counter.transform([first, second, f"{first}N{second}"])
    assert (a + b).tolist() == joined.tolist()


@given(st.lists(MESSY, max_size=5), RANGES)
def test_presence_is_a_count_above_zero(sequences, k):
    counts = KmerCounter(k=k, dense=True).transform(sequences)
    presence = KmerCounter(k=k, mode="presence", dense=True).transform(sequences)
    assert ((counts > 0) == presence).all()


@pytest.mark.parametrize("n_features", [None, 50])
def test_frequencies_of_each_k_sum_to_one_or_zero(windows, library, n_features):
    counter = KmerCounter(
        k=(2, 4), mode="frequency", dtype="float64", dense=True, n_features=n_features
    )
    rows = counter.transform(library)
    some = [[len(windows(sequence, k)) > 0 for k in (2, 3, 4)] for sequence in library]
    assert rows.sum(axis=1) == pytest.approx(np.sum(some, axis=1))
    if n_features is None:
        blocks = np.split(rows, [16, 16 + 64], axis=1)
        found = np.column_stack([block.sum(axis=1) for block in blocks])
        assert found == pytest.approx(np.array(some, dtype=float))


def test_long_k_mers_are_hashed(library, windows):
    counter = KmerCounter(k=14)
    matrix = counter.transform(library)
    canonical_form(matrix)
    assert matrix.shape == (200, 2**20)
    assert matrix.sum(axis=1).ravel().tolist()[0] == [len(windows(s, 14)) for s in library]
    assert KmerCounter(k=(1, 13)).transform(["ACGT"]).shape == (1, 2**20)


def splitmix_column(kmer, n_features):
    """The documented hash, in whole numbers of Python."""
    value = 4 ** len(kmer) + int(kmer.translate(str.maketrans("ACGT", "0123")), 4)
    value = (value ^ value >> 30) * 0xBF58476D1CE4E5B9 % 2**64
    value = (value ^ value >> 27) * 0x94D049BB133111EB % 2**64
    value ^= value >> 31
    return (value >> 32) * n_features >> 32


@pytest.mark.parametrize("k", [3, 15, 31, (2, 3), (11, 14)], ids=str)
@pytest.mark.parametrize("mode", ["count", "presence", "frequency"])
@pytest.mark.parametrize("strands", ["single", "canonical"])
@pytest.mark.parametrize("n_features", [1, 97, 2**31 - 1])
def test_the_hash_is_the_documented_one(by_hand, library, k, mode, strands, n_features):
    counter = KmerCounter(k=k, mode=mode, strands=strands, n_features=n_features)
    ks = range(k[0], k[1] + 1) if isinstance(k, tuple) else [k]
    matrix = counter.transform(library[:50])
    canonical_form(matrix)
    rows = by_hand(library[:50], ks, canonical=strands == "canonical", mode=mode)
    for i, row in enumerate(rows):
        wanted = {}
        for kmer, value in row.items():
            column = splitmix_column(kmer, n_features)
            wanted[column] = 1 if mode == "presence" else wanted.get(column, 0) + value
        start, stop = matrix.indptr[i : i + 2]
        found = dict(
            zip(matrix.indices[start:stop].tolist(), matrix.data[start:stop].tolist(), strict=True)
        )
        assert found == pytest.approx(wanted)


def test_hashed_columns_have_plain_names():
    counter = KmerCounter(k=3, n_features=4)
    assert counter.get_feature_names_out().tolist() == ["hash_0", "hash_1", "hash_2", "hash_3"]


@pytest.mark.parametrize("strands", ["single", "canonical"])
def test_names_are_sorted_blocks_of_each_k(strands):
    names = KmerCounter(k=(1, 4), strands=strands).get_feature_names_out()
    assert names.dtype == object
    for k in range(1, 5):
        block = [name for name in names if len(name) == k]
        assert block == sorted(block)
        if strands == "canonical":
            assert all(name <= reverse_complement(name) for name in block)
            assert {n for b in block for n in (b, reverse_complement(b))} == set(
                KmerCounter(k=k).get_feature_names_out()
            )
    assert sorted(map(len, names)) == list(map(len, names))
    assert names.tolist() == [*dict.fromkeys(names)]


def test_short_and_empty_sequences_give_rows_of_zeros():
    assert KmerCounter(k=3).transform(["", "AC", "NNNNN", "ACG"]).getnnz(axis=1).tolist() == [
        0,
        0,
        0,
        1,
    ]
    assert KmerCounter(k=12).transform(["", "AC"]).nnz == 0
    for k in (3, 9, 20):
        nothing = KmerCounter(k=k).transform([])
        assert nothing.shape == (0, min(4**k, 2**20))
        assert nothing.nnz == 0
    assert KmerCounter(k=2, dense=True).transform([]).shape == (0, 16)


def test_one_long_sequence_beside_short_ones(by_hand):
    """Longer than a chunk, so that chunks of one row occur; and k = 9 has a counter a code."""
    rng = np.random.default_rng(3)
    long = "".join(rng.choice(list("ACGTN"), size=150_000, p=[0.24] * 4 + [0.04]))
    sequences = ["ACG", long, "", long[:70_000], "TTT"]
    for k in (3, 9):
        wanted = by_hand(sequences, [k])
        same_rows(as_dicts(KmerCounter(k=k, n_jobs=2), sequences), wanted)


def test_a_count_that_no_small_integer_holds():
    poly_a = "A" * 70_002
    assert KmerCounter(k=3).transform([poly_a]).data.tolist() == [70_000.0]
    assert KmerCounter(k=11).transform([poly_a]).data.tolist() == [69_992.0]


@pytest.mark.parametrize("n_jobs", [None, 2, 3, -1])
def test_threads_change_nothing(monkeypatch, n_jobs):
    monkeypatch.setattr(_counting, "CHUNK_BASES", 2**12)
    rng = np.random.default_rng(5)
    sequences = ["".join(row) for row in rng.choice(list("ACGT"), size=(3000, 90))]
    for k in (4, 14):
        one = KmerCounter(k=k, n_jobs=1).transform(sequences)
        many = KmerCounter(k=k, n_jobs=n_jobs).transform(sequences)
        assert (one != many).nnz == 0
        canonical_form(many)


@pytest.mark.parametrize(
    "dtype", ["float32", "float64", "int32", "int64", np.float64, np.dtype("i8")]
)
def test_dtype(dtype):
    for dense in (False, True):
        counts = KmerCounter(k=2, dtype=dtype, dense=dense).transform(["ACACAC"])
        assert counts.dtype == np.dtype(dtype)
        assert counts.max() == 3


def test_dense_is_the_same_matrix(library):
    sparse = KmerCounter(k=3).transform(library)
    dense = KmerCounter(k=3, dense=True).transform(library)
    assert type(dense) is np.ndarray
    assert (sparse.toarray() == dense).all()


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"k": 0}, r"k must be an int in \[1, 31\]"),
        ({"k": 32}, r"got 32"),
        ({"k": 2.0}, r"got 2\.0"),
        ({"k": True}, r"got True"),
        ({"k": (4, 2)}, r"low <= high, got \(4, 2\)"),
        ({"k": (1, 2, 3)}, r"got \(1, 2, 3\)"),
        ({"k": "3"}, r"got '3'"),
        ({"mode": "counts"}, r"mode must be one of .* got 'counts'; did you mean 'count'\?"),
        ({"strands": "both"}, r"strands must be one of 'single', 'canonical', got 'both'"),
        ({"n_features": 0}, r"n_features must be an int in \[1, 2\*\*31 - 1\], got 0"),
        ({"n_features": 2**31}, r"got 2147483648"),
        ({"n_features": 1.5}, r"got 1\.5"),
        ({"dtype": "int8"}, r"dtype for mode='count' must be one of .* got 'int8'"),
        ({"dtype": "flaot"}, r"got 'flaot'"),
        ({"dtype": None}, r"got 'None'"),
        ({"dtype": "int64", "mode": "frequency"}, r"must be one of 'float32', 'float64', got"),
        ({"n_jobs": 0}, r"n_jobs must be None, -1 or a positive int, got 0"),
    ],
)  # fmt: skip
def test_parameters_are_checked_where_they_are_used(parameters, message):
    counter = KmerCounter(**parameters)
    assert counter.get_params()[next(iter(parameters))] == next(iter(parameters.values()))
    for use in (counter.fit, counter.transform):
        with pytest.raises(InputError, match=message):
            use(["ACGT"])
    with pytest.raises(InputError, match=message):
        counter.get_feature_names_out()


def test_what_is_not_a_sequence_is_refused():
    for use in (KmerCounter().fit, KmerCounter().transform):
        with pytest.raises(SequenceError, match="sequence 1: expected a str, found float"):
            use(["A", float("nan")])
        with pytest.raises(SequenceError, match="got one str"):
            use("ACGT")


def test_lists_of_k_and_numpy_numbers_are_fine():
    assert KmerCounter(k=[1, 2]).transform(["A"]).shape == (1, 20)
    assert KmerCounter(k=np.int64(2), n_features=np.int32(7)).transform(["A"]).shape == (1, 7)


def test_clone_and_parameters():
    counter = KmerCounter(k=(1, 2), strands="canonical").set_params(mode="presence")
    copy = clone(counter)
    assert copy.get_params() == counter.get_params()
    assert repr(copy) == "KmerCounter(k=(1, 2), mode='presence', strands='canonical')"


def test_pandas_output(clean_library):
    index = [f"s{i}" for i in range(60)]
    series = pd.Series(clean_library, index=index)
    frame = KmerCounter(k=1, dense=True).set_output(transform="pandas").fit_transform(series)
    assert frame.columns.tolist() == ["A", "C", "G", "T"]
    assert frame.index.tolist() == index
    assert (frame.sum(axis=1) == 80).all()


def test_it_works_in_scikit_learns_tools(clean_library):
    y = KmerCounter(k=2, dense=True).transform(clean_library)[:, 1]
    pipeline = make_pipeline(KmerCounter(), Ridge())
    search = GridSearchCV(
        pipeline,
        {"kmercounter__k": [1, 2, (3, 4)], "kmercounter__mode": ["count", "frequency"]},
        cv=3,
    ).fit(clean_library, y)
    assert search.best_params_ == {"kmercounter__k": 2, "kmercounter__mode": "count"}
    assert cross_val_score(search.best_estimator_, clean_library, y, cv=3).mean() > 0.9
    union = make_union(KmerCounter(k=2), Composition()).fit(clean_library)
    assert union.transform(clean_library).shape == (60, 20)
    assert union.get_feature_names_out()[[0, 16]].tolist() == ["kmercounter__AA", "composition__gc"]


@pytest.mark.real_data
def test_measured_sequences_with_u(real_data, by_hand):
    frame = pd.read_csv(real_data("ecoli_kuo2020_sd_dmsC.tsv.gz"), sep="\t", nrows=2000)
    column = next(name for name in frame if frame[name].astype(str).str.fullmatch("[ACGU]+").all())
    sequences = frame[column].tolist()
    same_rows(as_dicts(KmerCounter(k=(1, 5)), sequences), by_hand(sequences, range(1, 6)))
