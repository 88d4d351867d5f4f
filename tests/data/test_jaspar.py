from __future__ import annotations

import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from seqexpr.data.jaspar import jaspar_motifs
from seqexpr.errors import InputError, MissingExtraError, UnknownNameError


@pytest.fixture
def pyjaspar():
    return pytest.importorskip("pyjaspar", reason="pyjaspar (the extra 'motifs') is not installed")


def test_without_pyjaspar_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "pyjaspar", None)
    with pytest.raises(MissingExtraError, match=r'pip install "seqexpr\[motifs\]"'):
        jaspar_motifs("fungi")


def test_what_to_look_for_is_said_once():
    for arguments in ({}, {"taxon": "fungi", "ids": ["MA0139"]}):
        with pytest.raises(InputError, match="give either a taxon, such as 'fungi', or ids"):
            jaspar_motifs(**arguments)


def test_by_id(pyjaspar):
    ctcf, tbp = jaspar_motifs(ids=["ma0139.2", "MA0108"], release="JASPAR2026")
    assert ctcf.name == "MA0139.2 CTCF"
    assert len(ctcf) == 15
    # Its first position was A, C, G, T in 281, 49, 449 and 134 sites.
    np.testing.assert_allclose(ctcf.frequencies[:, 0] * 913, [281, 49, 449, 134])
    assert tbp.name.startswith("MA0108.")
    (older,) = jaspar_motifs(ids=["MA0139.1"], release="JASPAR2020")
    assert len(older) == 19


def test_by_taxon_it_is_the_latest_version_of_each(pyjaspar):
    found = jaspar_motifs("Nematodes", release="JASPAR2024")
    ids = [motif.name.split()[0] for motif in found]
    path = Path(pyjaspar.__file__).parent / "data" / pyjaspar.jaspar_releases["JASPAR2024"]
    with closing(sqlite3.connect(path)) as connection:
        rows = connection.execute(
            "select base_id, max(version) from matrix join matrix_annotation using (id) "
            "where tag = 'tax_group' and val = 'nematodes' and collection = 'CORE' group by base_id"
        ).fetchall()
    assert ids == sorted(f"{base}.{version}" for base, version in rows)
    assert len(ids) > 20


@pytest.mark.parametrize("taxon", [6238, " caenorhabditis BRIGGSAE "])
def test_by_species(pyjaspar, taxon):
    found = jaspar_motifs(taxon, release="JASPAR2026")
    assert 5 <= len(found) <= 16  # 16 matrices, several of them older versions


def test_unknown_names_get_a_hint(pyjaspar):
    with pytest.raises(UnknownNameError, match=r"no taxon 'Fungus'.*did you mean 'fungi'"):
        jaspar_motifs("Fungus")
    with pytest.raises(UnknownNameError, match=r"holds no bacteria; .* MotifScanner"):
        jaspar_motifs("bacteria")
    with pytest.raises(UnknownNameError, match=r"no taxon 562 .*holds no bacteria"):
        jaspar_motifs(562)
    with pytest.raises(UnknownNameError, match=r"has no matrix 'MA9999\.1'; IDs look like"):
        jaspar_motifs(ids=["MA9999.1"])
    with pytest.raises(UnknownNameError, match="release 'JASPAR2O24'; did you mean 'JASPAR2024'"):
        jaspar_motifs("fungi", release="JASPAR2O24")
    with pytest.raises(UnknownNameError, match="collection 'core'; did you mean 'CORE'"):
        jaspar_motifs("fungi", collection="core")
    with pytest.raises(UnknownNameError, match="no motif of 'trematodes' in the collection 'PBM'"):
        jaspar_motifs("trematodes", collection="PBM", release="JASPAR2020")


def test_the_first_and_the_last_release_can_be_read(pyjaspar):
    releases = list(pyjaspar.jaspar_releases)
    for release in (releases[0], releases[-1]):
        assert jaspar_motifs("urochordates", release=release)
