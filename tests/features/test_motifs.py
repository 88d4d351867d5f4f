from __future__ import annotations

import pickle

import numpy as np
import pytest
from Bio.motifs.matrix import PositionSpecificScoringMatrix
from Bio.Seq import Seq
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import clone
from skops.io import dumps, loads

from seqexpr.bundle.trust import audit_estimator
from seqexpr.data.motifs import Motif, write_motifs
from seqexpr.data.promoter_elements import ECOLI_MOTIFS
from seqexpr.errors import InputError
from seqexpr.features import motifs as module
from seqexpr.features.motifs import MotifScanner
from seqexpr.features.registry import FEATURIZERS
from seqexpr.sequences import reverse_complement
from seqexpr.testing.featurizers import check_featurizer

ALL = ("best", "occupancy", "hits", "position")
MESSY = st.text(alphabet="ACGTACGTACGTacgtUNR-", max_size=30)


def random_motif(width, seed=0):
    return Motif(f"motif {width}", np.random.default_rng(seed).dirichlet([0.5] * 4, size=width).T)


def biopython_windows(scanner, number, text):
    """Score of each window on each strand by Biopython, shape (strands, windows); NaN with N."""
    start = scanner.widths_[:number].sum()
    width = scanner.widths_[number]
    scores = scanner.scores_[:, start : start + width]
    pssm = PositionSpecificScoringMatrix("ACGT", dict(zip("ACGT", scores.tolist(), strict=True)))
    if len(text) < width:
        return np.empty((2, 0))
    both = [pssm, pssm.reverse_complement()][: 2 if scanner.strands == "both" else 1]
    return np.array([np.atleast_1d(one.calculate(Seq(text))) for one in both])


def features_by_hand(scanner, number, text):
    """What the docstring says, from Biopython's scores."""
    width, threshold = int(scanner.widths_[number]), scanner.thresholds_[number]
    start = scanner.widths_[:number].sum()
    windows = biopython_windows(scanner, number, text)
    known = windows[:, ~np.isnan(windows).any(axis=0)]
    places = np.flatnonzero(~np.isnan(windows).any(axis=0))
    if not known.size:
        lowest = scanner.scores_[:, start : start + width].min(axis=0).sum()
        return [lowest, 0.0, 0.0, 0.0]
    better = known.max(axis=0)
    hits = (better >= threshold).sum()
    middle = places[np.flatnonzero(better >= better.max() - 1e-4)[0]] + width / 2
    anchored = {"left": middle, "right": len(text) - middle, "middle": middle - len(text) / 2}
    position = anchored[scanner.anchor] if hits else 0.0
    return [better.max(), np.log2(1 + np.exp2(known - threshold).sum()), hits, position]


@given(
    st.lists(MESSY, min_size=1, max_size=2),
    st.lists(st.integers(1, 14), min_size=1, max_size=2, unique=True),
    st.integers(0, 1000),
    st.sampled_from(["both", "single"]),
    st.sampled_from(["left", "middle", "right"]),
)
@settings(max_examples=25)
def test_it_scores_as_biopython_does(sequences, widths, seed, strands, anchor):
    motifs = [random_motif(width, seed + width) for width in widths]
    scanner = MotifScanner(motifs, p_value=0.01, strands=strands, anchor=anchor, features=ALL)
    found = scanner.fit(sequences).transform(sequences).reshape(len(sequences), len(widths), 4)
    for row, sequence in zip(found, sequences, strict=True):
        text = sequence.upper().replace("U", "T")
        for number in range(len(widths)):
            wanted = features_by_hand(scanner, number, text)
            np.testing.assert_allclose(row[number], wanted, rtol=1e-4, atol=1e-4)


def test_every_window_of_both_strands_scores_as_biopython_says(clean_library):
    scanner = MotifScanner([random_motif(w) for w in (1, 4, 5, 13, 64)], features=("best",))
    scanner.fit([])
    for number, width in enumerate(scanner.widths_):
        for text in clean_library[:3]:
            windows = [text[i : i + width] for i in range(len(text) - width + 1)]
            wanted = biopython_windows(scanner, number, text).max(axis=0)
            found = scanner.transform(windows)[:, number]
            np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("strands", ["both", "single"])
def test_features_follow_the_strand(clean_library, strands):
    turned = [reverse_complement(sequence) for sequence in clean_library]
    scanner = MotifScanner(strands=strands, features=ALL, p_value=1e-3).fit([])
    # By name: an even split of best hits between places could take the other of two equal ones.
    names = scanner.get_feature_names_out().astype(str)
    position = np.char.endswith(names, "position")
    one, other = scanner.transform(clean_library), scanner.transform(turned)
    same = np.isclose(one[:, ~position], other[:, ~position], rtol=1e-5, atol=1e-5)
    assert same.all() == (strands == "both")
    assert not MotifScanner(features=("hits", "position")).is_strand_symmetric
    assert MotifScanner(features=("hits",)).is_strand_symmetric
    assert not MotifScanner(strands="single", features=("hits",)).is_strand_symmetric


@pytest.fixture(scope="module")
def counting_scanner():
    return MotifScanner(features=("best", "occupancy", "hits")).fit([])


@given(st.text("ACGT", max_size=60), st.text("ACGTN", max_size=20))
@settings(max_examples=25)
def test_more_sequence_lowers_nothing(counting_scanner, sequence, more):
    short, long = counting_scanner.transform([sequence, sequence + more])
    assert (long >= short - 1e-5).all()


def test_a_planted_site_is_found_where_it_is():
    sites = {"TATAAT": 10, "ATTATA": 40}  # the second lies on the other strand
    for anchor, shift in (("left", 0), ("middle", -30), ("right", 60)):
        scanner = MotifScanner([ECOLI_MOTIFS[1]], anchor=anchor, features=ALL).fit([])
        for site, start in sites.items():
            text = "G" * start + site + "G" * (54 - start)
            best, occupancy, hits, position = scanner.transform([text])[0]
            assert best == pytest.approx(6 * np.log2((0.8 + 0.0025) / 1.01 / 0.25), rel=1e-6)
            assert hits == 1
            assert occupancy == pytest.approx(1, abs=0.05)
            assert position == abs(shift) - start - 3 if anchor == "right" else start + 3 + shift


def test_hits_are_as_rare_as_the_p_value_says():
    rng = np.random.default_rng(11)
    sequences = ["".join(row) for row in rng.choice(list("ACGT"), size=(1000, 210))]
    motifs = [random_motif(width, seed=1) for width in (8, 10, 14)]
    for p_value in (1e-2, 3e-3):  # some 2000 and 600 hits of each
        scanner = MotifScanner(motifs, p_value=p_value, strands="single", features=("hits",))
        found = scanner.fit_transform(sequences).mean(axis=0)
        np.testing.assert_allclose(found, p_value * (211 - scanner.widths_), rtol=0.2)


def test_a_site_on_both_strands_is_one_hit_and_the_leftmost_of_equal_ones_is_the_best():
    scanner = MotifScanner([Motif.from_consensus("GAATTC")], anchor="left", features=ALL).fit([])
    best, occupancy, hits, position = scanner.transform(["CCGAATTCCCCGAATTCC"])[0]
    assert (hits, position) == (2, 5)
    assert occupancy == pytest.approx(np.log2(1 + 4), abs=0.01)  # two sites, two strands each
    assert best == pytest.approx(10.01, abs=0.01)


def test_what_has_no_window_has_defined_features():
    scanner = MotifScanner([Motif.from_consensus("TATAAT")], features=ALL).fit([])
    lowest = scanner.scores_.min(axis=0).sum()
    for sequence in ("", "TATAA", "NNNNNNNN", "TATNATA-TA"):
        found = scanner.transform([sequence])[0]
        np.testing.assert_allclose(found, [lowest, 0, 0, 0], rtol=1e-6)
    assert scanner.transform([]).shape == (0, 4)


def test_the_background_moves_scores_and_thresholds():
    motif = Motif.from_consensus("GCGCGC")
    rich = {"A": 0.15, "C": 0.35, "G": 0.35, "T": 0.15}
    even, gc = (MotifScanner([motif], background=b, p_value=0.01).fit([]) for b in (None, rich))
    assert gc.scores_[2, 0] < even.scores_[2, 0]
    # At p = 0.01, 1 of 6 places may differ when all bases are as common: 19 of 4096 words.
    assert even.thresholds_[0] < even.scores_.max(axis=0).sum() - 3
    # 0.35**6 is 0.0018, and each place that differs adds 6 * 0.35**5 * 0.65 = 0.02.
    assert gc.thresholds_[0] > gc.scores_.max(axis=0).sum() - 3


@pytest.mark.parametrize("batch", [1, 7, 64])
def test_batches_and_threads_change_nothing(monkeypatch, library, batch):
    wanted = MotifScanner(features=ALL).fit(library).transform(library)
    monkeypatch.setattr(module, "BATCH", batch)
    scanner = MotifScanner(features=ALL, n_jobs=2).fit(library)
    np.testing.assert_array_equal(scanner.transform(library), wanted)


def test_motifs_come_from_a_file_a_list_or_the_built_in_set(tmp_path, clean_library):
    path = tmp_path / "ecoli.meme"
    write_motifs(path, ECOLI_MOTIFS)
    wanted = MotifScanner().fit_transform(clean_library)
    for motifs in (path, str(path), list(ECOLI_MOTIFS), ECOLI_MOTIFS):
        scanner = MotifScanner(motifs).fit(clean_library)
        np.testing.assert_allclose(scanner.transform(clean_library), wanted, atol=1e-3)
    names = list(MotifScanner().fit([]).get_feature_names_out()[:3])
    assert names == ["sigma70 -35 best", "sigma70 -35 occupancy", "sigma70 -35 position"]
    assert FEATURIZERS["motifs"] is MotifScanner


@pytest.mark.parametrize("form", ["list", "tuple", "path", "none"])
def test_a_saved_scanner_is_plain_and_needs_no_file(tmp_path, clean_library, form):
    path = tmp_path / "two.meme"
    own = [random_motif(6), random_motif(9)]
    write_motifs(path, own)
    motifs = {"list": own, "tuple": tuple(own), "path": path, "none": None}[form]
    scanner = MotifScanner(motifs).fit(clean_library)
    saved = dumps(scanner)
    types = audit_estimator(saved, where="here")
    assert types == ("seqexpr.features.motifs.MotifScanner",)
    path.unlink()
    for loaded in (loads(saved, trusted=list(types)), pickle.loads(pickle.dumps(scanner))):
        np.testing.assert_array_equal(
            loaded.transform(clean_library), scanner.transform(clean_library)
        )
        if form in ("list", "tuple"):
            again = clone(loaded).fit(clean_library)
            assert list(again.motifs) == own
            np.testing.assert_array_equal(again.scores_, scanner.scores_)


def test_it_conforms_with_other_parameters():
    check_featurizer(MotifScanner([random_motif(5)], features=("hits", "best"), p_value=0.01))
    check_featurizer(MotifScanner((random_motif(5),), strands="single", anchor="right"))


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"motifs": []}, "motifs is empty"),
        ({"motifs": ["TATAAT"]}, "must be a sequence of Motif, or the path .* found a str"),
        ({"motifs": [random_motif(65)]}, "'motif 65' has 65 positions, more than 64"),
        ({"motifs": [random_motif(3)] * 2}, "two motifs are named 'motif 3'"),
        ({"motifs": "nowhere.meme"}, "cannot read the motifs nowhere.meme"),
        ({"p_value": 0}, r"p_value must be a number in \(0, 0.5\], got 0"),
        ({"p_value": 0.6}, r"p_value must be a number in \(0, 0.5\], got 0.6"),
        ({"p_value": True}, r"p_value must be a number in \(0, 0.5\], got True"),
        ({"pseudocount": 0}, r"pseudocount must be a number in \[0.0001, 1\], got 0"),
        ({"strands": "boht"}, "strands must be one of 'both', 'single', got 'boht'; did you mean"),
        ({"anchor": "centre"}, "anchor must be one of 'left', 'middle', 'right', got 'centre'"),
        ({"features": ("hit",)}, "features must be one of .* got 'hit'; did you mean 'hits'"),
        ({"features": "best"}, "features must be a sequence of some of .* got 'best'"),
        ({"features": ()}, "features must be a sequence of some of"),
        ({"features": ("best", "best")}, "each once"),
        ({"background": {"A": 1.0}}, "background must map A, C, G and T"),
        ({"background": dict.fromkeys("ACGT", 0.3)}, "background must map .* add up to 1"),
        ({"background": [0.25] * 4}, "background must map A, C, G and T"),
        ({"n_jobs": 0}, "n_jobs must be None, -1 or a positive int, got 0"),
    ],
)
def test_parameters_are_checked_by_fit(parameters, message):
    with pytest.raises(InputError, match=message):
        MotifScanner(**parameters).fit(["ACGT"])
