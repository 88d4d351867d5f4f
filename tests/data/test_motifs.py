from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest
from Bio import motifs as biopython
from Bio.Data.IUPACData import ambiguous_dna_values
from hypothesis import given, settings
from hypothesis import strategies as st

from seqexpr.data.motifs import Motif, read_motifs, write_motifs
from seqexpr.errors import InputError

MINIMAL = """MEME version 5

ALPHABET= ACGT

strands: + -

Background letter frequencies
A 0.3 C 0.2 G 0.2 T 0.3

MOTIF MA0001.1 first
letter-probability matrix: alength= 4 w= 2 nsites= 10 E= 0
 0.900000  0.100000  0.000000  0.000000
 0.000000  0.000000  0.500000  0.500000
URL http://example.org

MOTIF second
letter-probability matrix:
0.25 0.25 0.25 0.25
1 0 0 0

"""


def frequencies(width, seed=0):
    return np.random.default_rng(seed).dirichlet(np.full(4, 0.5), size=width).T


@pytest.fixture
def write(tmp_path):
    def written(text):
        path = tmp_path / "some.meme"
        path.write_text(text, encoding="utf-8")
        return path

    return written


# --- motifs --------------------------------------------------------------------------------


def test_frequencies_are_checked_normalised_and_kept_read_only():
    given_columns = np.array([[0.5, 0.99], [0.5, 0.0], [0.0, 0.0], [0.0, 0.0]])
    motif = Motif("  a \t motif ", given_columns)
    assert motif.name == "a motif"
    np.testing.assert_array_equal(motif.frequencies.sum(axis=0), 1.0)
    assert motif.frequencies[0, 1] == 1.0
    assert given_columns[0, 1] == 0.99
    with pytest.raises(ValueError, match="read-only"):
        motif.frequencies[0, 0] = 1.0


def test_motifs_are_values():
    one, same, other = (Motif("m", frequencies(5, seed)) for seed in (0, 0, 1))
    assert one == same
    assert hash(one) == hash(same)
    assert one != other
    assert one != Motif("n", one.frequencies)
    assert one != "m"
    assert copy.deepcopy(one) is one
    assert pickle.loads(pickle.dumps(one)) == one
    assert len(one) == 5
    assert repr(Motif.from_consensus("TGN")) == "Motif('TGN', w=3, 'TGN')"


@pytest.mark.parametrize(
    ("name", "given_columns", "message"),
    [
        (" ", np.ones((4, 1)) / 4, "the name is empty"),
        ("m", np.ones((3, 2)) / 3, r"shape \(4, w\) .* got \(3, 2\)"),
        ("m", np.ones((4, 0)), r"got \(4, 0\)"),
        ("m", [["x"]] * 4, "frequencies must be numbers"),
        ("m", [[0.25, 3], [0.25, 1], [0.25, 0], [0.25, 0]], "position 2 .* found 3, 1, 0, 0; for"),
        ("m", [[1.1], [-0.1], [0], [0]], "position 1 must hold four frequencies"),
        ("m", [[np.nan], [0.5], [0.5], [0]], "position 1 must hold four frequencies"),
    ],
)
def test_what_is_no_motif_is_refused(name, given_columns, message):
    with pytest.raises(InputError, match=message):
        Motif(name, given_columns)


def test_counts_become_shares():
    motif = Motif.from_counts("m", [[8, 0], [1, 0], [1, 0], [0, 3]])
    np.testing.assert_allclose(motif.frequencies, [[0.8, 0], [0.1, 0], [0.1, 0], [0, 1]])
    with pytest.raises(InputError, match="position 2 must hold four frequencies"):
        Motif.from_counts("m", [[8, 0], [1, 0], [1, 0], [0, 0]])


@given(st.text("ACGTRYSWKMBDHVN", min_size=1, max_size=12), st.floats(0.75, 1))
@settings(max_examples=50)
def test_a_consensus_favours_what_its_letters_stand_for(consensus, conservation):
    motif = Motif.from_consensus(consensus, conservation=conservation)
    for letter, column in zip(consensus, motif.frequencies.T, strict=True):
        allowed = np.array([base in ambiguous_dna_values[letter] for base in "ACGT"])
        assert column[allowed].sum() == pytest.approx(conservation if letter != "N" else 1)
        assert np.ptp(column[allowed]) < 1e-12
        if not allowed.all():
            assert np.ptp(column[~allowed]) < 1e-12
            assert column[~allowed].max() <= column[allowed].min() + 1e-12
    if conservation > 0.9:
        assert motif.consensus == consensus


def test_a_consensus_is_folded_and_checked():
    assert Motif.from_consensus("ugac a").name == "TGACA"
    assert Motif.from_consensus("TATAAT", name="sigma70 -10").name == "sigma70 -10"
    with pytest.raises(InputError, match="found 'X' in 'ACXT'"):
        Motif.from_consensus("ACXT")
    with pytest.raises(InputError, match="it is empty"):
        Motif.from_consensus("")
    with pytest.raises(InputError, match=r"conservation must be in \[0.75, 1\], got 0.5"):
        Motif.from_consensus("A", conservation=0.5)


# --- files ---------------------------------------------------------------------------------


def test_a_minimal_file_is_read(write):
    first, second = read_motifs(write(MINIMAL))
    assert first.name == "MA0001.1 first"
    np.testing.assert_allclose(first.frequencies.T, [[0.9, 0.1, 0, 0], [0, 0, 0.5, 0.5]])
    assert second.name == "second"
    np.testing.assert_allclose(second.frequencies.T, [[0.25] * 4, [1, 0, 0, 0]])


def test_the_output_of_meme_itself_is_read(write):
    text = (
        "********\nMEME - Motif discovery tool\n********\nMEME version 5.5.5 (Release date)\n\n"
        "ALPHABET \"DNA\" DNA-LIKE\nA \"Adenine\" CC0000 ~ T \"Thymine\" 008000\nEND ALPHABET\n\n"
        "MOTIF TATAAT MEME-1\twidth =   2  sites =  10  llr = 9  E-value = 1.0e-9\n"
        "log-odds matrix: alength= 4 w= 2 n= 99 bayes= 1 E= 1.0e-9\n  10 -20 -20 -20\n  -20 9 9 1\n"
        "letter-probability matrix: alength= 4 w= 2 nsites= 10 E= 1.0e-9\n"
        " 0.1 0.2 0.3 0.4\n 0.4 0.3 0.2 0.1\n-----------\n"
    )  # fmt: skip
    (motif,) = read_motifs(write(text))
    assert motif.name == "TATAAT"
    np.testing.assert_allclose(motif.frequencies.T, [[0.1, 0.2, 0.3, 0.4], [0.4, 0.3, 0.2, 0.1]])


@given(st.lists(st.integers(1, 30), min_size=1, max_size=4), st.integers(0, 99))
@settings(max_examples=20)
def test_what_is_written_is_read_back(tmp_path_factory, widths, seed):
    motifs = [Motif(f"MA{i} TF ({i})", frequencies(w, seed + i)) for i, w in enumerate(widths)]
    path = tmp_path_factory.mktemp("round") / "some.meme"
    write_motifs(path, motifs)
    back = read_motifs(path)
    assert [motif.name for motif in back] == [motif.name for motif in motifs]
    for found, wanted in zip(back, motifs, strict=True):
        np.testing.assert_allclose(found.frequencies, wanted.frequencies, atol=1e-9)


def test_biopython_reads_the_same(tmp_path):
    # It turns frequencies into counts of 20 sites, so these are whole counts of 20.
    counts = np.random.default_rng(5).multinomial(20, [0.4, 0.3, 0.2, 0.1], size=9).T
    write_motifs(tmp_path / "some.meme", [Motif.from_counts("one", counts)])
    with open(tmp_path / "some.meme") as file:
        (theirs,) = biopython.parse(file, "minimal")
    np.testing.assert_array_equal([theirs.counts[base] for base in "ACGT"], counts)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("MEME version 5", ">MA0139.1 CTCF", "no line 'MEME version ...', it begins with '>MA0139"),
        ("ALPHABET= ACGT", "ALPHABET= ACDEFGHIKLMNPQRSTVWY", "line 3: the letters must be ACGT"),
        (" 0.000000  0.000000  0.500000  0.500000\n", "", "line 13 should hold .* found 'URL"),
        ("w= 2", "w= 3", "motif 'MA0001.1 first': line 14 should hold four frequencies"),
        ("w= 2", "w= 0", "line 11 announces w= 0 rows, found 0"),
        ("1 0 0 0\n", "1 0 0\n", "motif 'second': line 19 should hold .* found '1 0 0'"),
        ("0.900000  0.1", "0.900000  0.9", "line 11: motif .* position 1 must hold .* found 0.9"),
        ("0.900000  0.1", "0.9x  0.1", "line 12 should hold four frequencies, found '0.9x"),
        ("MOTIF second", "MOTIF MA0001.1 first", "two motifs are named 'MA0001.1 first'"),
        ("MOTIF second", "MOTIF", "line 16: a MOTIF has no name"),
        ("MOTIF second", "", "line 17: a matrix comes before any MOTIF"),
    ],
)
def test_a_broken_file_is_refused(write, old, new, message):
    assert old in MINIMAL
    with pytest.raises(InputError, match=message):
        read_motifs(write(MINIMAL.replace(old, new, 1)))


def test_a_file_without_motifs_or_that_is_none_is_refused(write, tmp_path):
    with pytest.raises(InputError, match=r"some.meme: it holds no motif"):
        read_motifs(write("MEME version 4\n"))
    with pytest.raises(InputError, match=r"cannot read the motifs .*nowhere\.meme: No such file"):
        read_motifs(tmp_path / "nowhere.meme")
    (tmp_path / "image").write_bytes(b"\x89PNG\xff\xfe")
    with pytest.raises(InputError, match="image is not a text file"):
        read_motifs(tmp_path / "image")
    with pytest.raises(InputError, match="it begins with ''"):
        read_motifs(write("\n"))
