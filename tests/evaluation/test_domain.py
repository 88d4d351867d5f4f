"""The training domain: strangers are flagged, held-out sequences are not, JSON is exact."""

import json

import numpy as np
import pandas as pd
import pytest

from seqexpr.errors import InputError
from seqexpr.evaluation.domain import MAX_SCORE, TrainingDomain, _combine


def _random(rng, n, length, p=None):
    return ["".join(row) for row in rng.choice(list("ACGT"), size=(n, length), p=p)]


def _shuffled(sequences, rng):
    return ["".join(rng.permutation(list(s))) for s in sequences]


def _flanked(rng, n):
    return [f"TGCATTTTGACATC{s}GGTTACGGCTGTT" for s in _random(rng, n, 40)]


def _variants(rng, n, length=75, rate=0.1):
    """Mutants of one promoter."""
    parent = rng.integers(0, 4, length)
    mutated = rng.random((n, length)) < rate
    codes = np.where(mutated, rng.integers(0, 4, (n, length)), parent)
    return ["".join(row) for row in np.array(list("ACGT"))[codes]]


def _genomic(rng, n):
    """Pieces of a genome with a strong grammar: a Markov chain over 3-mers."""
    table = rng.dirichlet(np.full(4, 0.5), size=64).cumsum(axis=1)
    state = rng.integers(0, 4, size=(n, 3))
    columns = [state[:, i] for i in range(3)]
    for _ in range(100):
        word = 16 * columns[-3] + 4 * columns[-2] + columns[-1]
        columns.append((rng.random(n)[:, None] > table[word]).sum(axis=1).clip(0, 3))
    return ["".join(row) for row in np.array(list("ACGT"))[np.column_stack(columns)]]


def test_aspects_are_combined_by_hand():
    # (3⁴ + 4⁴)^¼ = 337^¼; what lies on the usual side counts nothing; a length 0.9 outside is 1.8.
    z = np.array([[3.0, 4.0, -7.0, 0.0], [-1.0, -2.0, 0.0, -3.0], [1.0, 0.0, 0.0, 0.0]])
    np.testing.assert_allclose(_combine(z, np.array([0.0, 0.0, 0.9])), [337**0.25, 0, 1.8])


LIBRARIES = {"flanked": _flanked, "variants": _variants, "genomic": _genomic}


@pytest.mark.parametrize("name", LIBRARIES)
def test_strangers_are_flagged_and_the_like_are_not(name):
    rng = np.random.default_rng(0)
    library = LIBRARIES[name](rng, 1500)
    train, new = library[:1000], library[1000:]
    domain = TrainingDomain.fit(train, rng=rng)
    length = len(new[0])
    others = {
        "scrambles": _shuffled(new[:100], rng),
        "another organism": _random(rng, 100, length, p=[0.15, 0.35, 0.35, 0.15]),
        "poly-A": ["A" * length],
        "too long": [new[0] + new[1]],
        "no bases": ["N" * length, ""],
    }
    for kind, sequences in others.items():
        scores, inside = domain.score(sequences)
        assert inside.mean() < 0.05, kind
        assert np.isfinite(scores).all()
        assert scores.max() <= MAX_SCORE
    _, inside = domain.score(new)
    assert inside.mean() > 1 - 0.05 - 3 * np.sqrt(0.05 * 0.95 / 500)


def test_five_percent_are_flagged_over_many_seeds():
    flagged = []
    for seed in range(25):
        rng = np.random.default_rng(seed)
        domain = TrainingDomain.fit(_random(rng, 100, 30), rng=rng)
        flagged.append(np.mean(~domain.score(_random(rng, 200, 30))[1]))
    error = np.std(flagged, ddof=1) / np.sqrt(len(flagged))
    assert np.mean(flagged) < 0.05 + 3 * error
    assert np.mean(flagged) > 0.005  # it does flag


def test_new_families_are_not_flagged_when_groups_are_named():
    rng = np.random.default_rng(0)

    def families(n):
        parents = rng.integers(0, 4, (n, 60))
        codes = np.repeat(parents, 6, axis=0)
        mutated = rng.random(codes.shape) < 0.03
        codes = np.where(mutated, rng.integers(0, 4, codes.shape), codes)
        return ["".join(row) for row in np.array(list("ACGT"))[codes]]

    groups = np.repeat(np.arange(100), 6).astype(str).astype(object)
    train = families(100)
    new = families(100)
    named = TrainingDomain.fit(train, rng=np.random.default_rng(1), groups=groups)
    ignored = TrainingDomain.fit(train, rng=np.random.default_rng(1))
    assert np.mean(~named.score(new)[1]) < 0.05 + 3 * np.sqrt(0.05 * 0.95 / 100)
    assert np.mean(~ignored.score(new)[1]) > np.mean(~named.score(new)[1])


def test_held_out_scores_of_the_train_rows():
    rng = np.random.default_rng(0)
    library = _flanked(rng, 400)
    folds = np.where(np.arange(400) < 100, -1, np.arange(400) % 4)
    domain = TrainingDomain.fit(library, rng=rng, folds=folds)
    assert np.isnan(domain.out_of_fold[:100]).all()
    held = domain.out_of_fold[100:]
    # By the rank of the threshold, ceil(0.95 * 301) = 286 of the 300 lie in the domain.
    assert (held <= 1).sum() == 286
    one = TrainingDomain.fit(library, rng=rng, folds=np.minimum(folds, 0))
    assert np.isfinite(one.out_of_fold[100:]).all()


def test_one_sequence_equals_its_row_in_a_batch():
    rng = np.random.default_rng(0)
    domain = TrainingDomain.fit(_flanked(rng, 200), rng=rng)
    mixed = [*_flanked(rng, 5), "ACGT", "NNACGTNN" * 9, *_random(rng, 3, 300)]
    together, _ = domain.score(mixed)
    np.testing.assert_allclose([domain.score([s])[0][0] for s in mixed], together, rtol=1e-9)
    assert domain.score([])[0].shape == (0,)


def test_the_round_trip_through_json_is_bit_for_bit():
    rng = np.random.default_rng(0)
    first = TrainingDomain.fit(_flanked(rng, 300), rng=rng)
    text = json.dumps(first.to_dict(), allow_nan=False)
    assert len(text) < 1_000_000
    again = TrainingDomain.from_dict(json.loads(text))
    new = _flanked(rng, 50) + _random(rng, 50, 67)
    np.testing.assert_array_equal(first.score(new)[0], again.score(new)[0])
    assert json.dumps(again.to_dict()) == text


def test_libraries_without_variety():
    rng = np.random.default_rng(0)
    domain = TrainingDomain.fit(["ACGTACGTTACG"] * 40, rng=rng)
    scores, inside = domain.score(["ACGTACGTTACG", "ACGGACCTTACG"])
    assert inside.tolist() == [True, False]
    assert np.isfinite(scores).all()


def test_too_few_sequences_are_refused():
    with pytest.raises(InputError, match=r"at least 19 held-out sequences .* found 10"):
        TrainingDomain.fit(["ACGT" * 5] * 10, rng=np.random.default_rng(0))


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("format_version", 2, "format 2"),
        ("center", [0.0], "odd numbers"),
        ("scale", [0.0] * 4, "above 0"),
        ("threshold", "x", "not a training domain"),
        ("strangeness", {}, "not a training domain"),
    ],
)
def test_damaged_documents_are_refused(key, value, message):
    rng = np.random.default_rng(0)
    document = TrainingDomain.fit(_random(rng, 50, 20), rng=rng).to_dict()
    with pytest.raises(InputError, match=message):
        TrainingDomain.from_dict(document | {key: value})


def test_a_damaged_table_is_refused():
    rng = np.random.default_rng(0)
    document = TrainingDomain.fit(_random(rng, 50, 20), rng=rng).to_dict()
    document["strangeness"]["markov"] = document["strangeness"]["markov"][:-1]
    with pytest.raises(InputError, match="markov has odd numbers"):
        TrainingDomain.from_dict(document)


@pytest.mark.real_data
@pytest.mark.parametrize(
    ("name", "told"),
    [("ecoli_lafleur2022.tsv.gz", 0.98), ("ecoli_urtecho2020_tss.tsv.gz", 0.55)],
)
def test_measured_libraries(real_data, name, told):
    """Designed parts are told from scrambles fully, native promoters mostly; see the docs' table."""
    table = pd.read_csv(real_data(name), sep="\t", usecols=["sequence"])
    sequences = table["sequence"].drop_duplicates().sample(2_000, random_state=0).tolist()
    train, new = sequences[:1_600], sequences[1_600:]
    rng = np.random.default_rng(0)
    domain = TrainingDomain.fit(train, rng=rng)

    def share_outside(rows):
        return 1 - domain.score(rows)[1].mean()

    assert share_outside(new) <= 0.05 + 3.3 * np.sqrt(0.05 * 0.95 / len(new))
    assert share_outside(_shuffled(new, rng)) >= told
    assert share_outside(["A" * len(sequence) for sequence in new[:50]]) == 1
