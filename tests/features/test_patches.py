from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seqexpr.errors import InputError
from seqexpr.features import patches as module
from seqexpr.features.patches import PatchKernels
from seqexpr.sequences import reverse_complement
from seqexpr.testing.featurizers import check_featurizer

DNA = st.text("ACGTN", max_size=12)


def patches(sequence, k):
    """Every patch of known bases, in order."""
    parts = (sequence[i : i + k] for i in range(len(sequence) - k + 1))
    return [part for part in parts if "N" not in part]


def kernel(one, other, *, beta, canonical=False):
    """The kernel of two patches, from its definition; the mean over the strands of one."""
    strands = [one, reverse_complement(one)] if canonical else [one]
    equal = [np.mean([a == b for a, b in zip(s, other, strict=True)]) for s in strands]
    return float(np.mean(np.exp(beta * (np.array(equal) - 1))))


@settings(max_examples=25)
@given(st.lists(DNA, min_size=2, max_size=3), st.integers(2, 4), st.booleans())
def test_with_every_patch_an_anchor_the_mean_is_the_exact_kernel(sequences, k, canonical):
    """Nyström's approximation is exact on the span of its anchors."""
    if not any(patches(s, k) for s in sequences):
        return
    features = PatchKernels(
        k, n_anchors=99, beta=3.0, pool="mean", strands="canonical" if canonical else "single"
    )
    rows = features.fit_transform(sequences).astype(float)
    for i, one in enumerate(sequences):
        for j, other in enumerate(sequences):
            pairs = [
                kernel(a, b, beta=3.0, canonical=canonical)
                for a in patches(one, k)
                for b in patches(other, k)
            ]
            assert rows[i] @ rows[j] == pytest.approx(np.mean(pairs) if pairs else 0, abs=2e-3)


@given(st.text("ACGTN", min_size=1, max_size=14), st.booleans())
def test_the_largest_is_found_as_by_hand(sequence, canonical):
    strands = "canonical" if canonical else "single"
    features = PatchKernels(3, beta=2.0, pool="max", strands=strands).fit(["ACGTTGCA", "TTTT"])
    anchors = [name.partition(":")[2] for name in features.get_feature_names_out()]
    assert anchors == ["ACG", "CGT", "GCA", "GTT", "TGC", "TTG", "TTT"]
    for anchor, value in zip(anchors, features.transform([sequence])[0], strict=True):
        found = [
            np.exp(2.0 * (np.mean([a == b for a, b in zip(s, anchor, strict=True)]) - 1))
            for patch in patches(sequence, 3)
            for s in ([patch, reverse_complement(patch)] if canonical else [patch])
        ]
        assert value == pytest.approx(max(found, default=0.0), rel=1e-6)


@pytest.mark.parametrize("anchor", ["left", "right"])
def test_places_share_patches_as_by_hand(anchor):
    sequence, width = "ACGTACGGA", 4
    features = PatchKernels(2, beta=2.0, pool="max", width=width, anchor=anchor, n_anchors=99)
    features.fit([sequence + "TT"])  # 11 bases: places 0, 4, 8, 12
    found = dict(
        zip(features.get_feature_names_out(), features.transform([sequence])[0], strict=True)
    )
    shift, zero = (0, 0) if anchor == "left" else (2, 11)
    places = sorted({int(name.partition("~")[2]) for name in found})
    assert places == [place - zero for place in (0, 4, 8, 12)]
    for name, value in found.items():
        spelled, _, place = name.partition(":")[2].partition("~")
        shares = [
            max(0.0, 1 - abs(start + shift + 1 - zero - int(place)) / width)
            * kernel(sequence[start : start + 2], spelled, beta=2.0)
            for start in range(len(sequence) - 1)
        ]
        assert value == pytest.approx(max(shares), rel=1e-6, abs=1e-12)


def test_weights_near_places_sum_to_the_whole():
    """The mean near places, weighted by how much lies there, is the mean of the whole."""
    rng = np.random.default_rng(0)
    rows = ["".join(row) for row in rng.choice(list("ACGT"), size=(20, 21))]
    whole = PatchKernels(2, n_anchors=8, pool="mean").fit(rows)
    near = PatchKernels(2, n_anchors=8, pool="mean", width=5).fit(rows)
    at_places = near.transform(rows).reshape(20, near._n_places, 8)
    middles = np.arange(20) + 1  # of the patches of two bases
    places = 5 * np.arange(near._n_places)
    weights = np.maximum(0, 1 - np.abs(middles - places[:, None]) / 5).sum(axis=1)
    found = (at_places * weights[:, None]).sum(axis=1) / weights.sum()
    np.testing.assert_allclose(found, whole.transform(rows), rtol=1e-4, atol=1e-5)


def test_anchors_find_planted_motifs_without_labels():
    """Half of the patches of these are near TGACTCAC, one other base in ten: so is an anchor."""
    rng = np.random.default_rng(1)
    rows = []
    for _ in range(300):
        motif = [b if rng.random() > 0.1 else rng.choice(list("ACGT")) for b in "TGACTCAC"]
        rows.append("".join(motif) + "N" + "".join(rng.choice(list("ACGT"), size=8)))
    features = PatchKernels(8, n_anchors=10, pool="max").fit(rows)
    spelled = [name.partition(":")[2] for name in features.get_feature_names_out()]
    assert "TGACTCAC" in spelled
    np.testing.assert_allclose(np.linalg.norm(features.anchors_, axis=(1, 2)), 1.0)


def test_the_whitening_undoes_the_kernel_between_anchors():
    rng = np.random.default_rng(2)
    rows = ["".join(row) for row in rng.choice(list("ACGT"), size=(50, 30))]
    features = PatchKernels(6, n_anchors=20).fit(rows)
    flat = features.anchors_.reshape(20, -1)
    between = np.exp(features.beta * (flat @ flat.T - 1))
    root = features.whitening_
    np.testing.assert_allclose(root @ between @ root, np.eye(20), atol=1e-8)


def test_the_seed_decides_and_nothing_else():
    rng = np.random.default_rng(3)
    rows = ["".join(row) for row in rng.choice(list("ACGT"), size=(40, 30))]
    first, second = (PatchKernels(6, n_anchors=9).fit(rows).transform(rows) for _ in range(2))
    np.testing.assert_array_equal(first, second)
    other = PatchKernels(6, n_anchors=9, random_state=1).fit(rows).transform(rows)
    assert not np.allclose(first, other)


def test_centres_without_patches_move():
    """Two groups of patches and three centres: none is left without a patch, or undefined."""
    one, other = np.eye(8)[[0, 4]].sum(axis=0), np.eye(8)[[1, 5]].sum(axis=0)
    third = np.eye(8)[[2, 6]].sum(axis=0)
    fourth = np.eye(8)[[3, 7]].sum(axis=0)
    cloud = np.array([one] * 50 + [other] * 50 + [third, fourth]) / np.sqrt(2)
    centres = module._spherical_means(cloud, 3, np.random.default_rng(0))
    assert np.isfinite(centres).all()
    np.testing.assert_allclose(np.linalg.norm(centres, axis=1), 1.0)


@pytest.mark.parametrize(
    "features",
    [
        PatchKernels(6, n_anchors=10, strands="canonical"),
        PatchKernels(5, n_anchors=10, width=10, anchor="right", pool="mean"),
    ],
    ids=repr,
)
def test_they_pass_the_suite(features):
    check_featurizer(features)


def test_batches_change_nothing(monkeypatch, library):
    features = PatchKernels(6, n_anchors=10).fit(library)
    whole = features.transform(library)
    monkeypatch.setattr(module, "BATCH", 7)
    np.testing.assert_allclose(features.transform(library), whole, rtol=1e-6, atol=1e-7)
    assert features.transform([]).shape == (0, whole.shape[1])


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"k": 1}, r"k must be an int in \[2, 31\], got 1"),
        ({"n_anchors": 0}, "n_anchors must be an int >= 1, got 0"),
        ({"width": 0}, "width must be an int >= 1, got 0"),
        ({"beta": 0.0}, "beta must be positive, got 0.0"),
        ({"pool": "maxx"}, "pool must be one of 'mean', 'max', 'both', got 'maxx'; did you mean"),
        ({"strands": "both"}, "strands must be one of"),
        ({"anchor": 3}, "anchor must be one of 'left', 'right', got 3"),
        ({}, "no sequence given to fit holds k=10 known bases in a row"),
    ],
)
def test_parameters_are_checked_by_fit(parameters, message):
    with pytest.raises(InputError, match=message):
        PatchKernels(**parameters).fit(["ACGTNACGT"])
