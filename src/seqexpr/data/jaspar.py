"""The motifs of JASPAR, from the copies of its releases that pyjaspar brings."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from contextlib import closing
from typing import Any

from seqexpr.data.motifs import Motif
from seqexpr.errors import InputError, UnknownNameError, did_you_mean
from seqexpr.optional import require

__all__ = ["JASPAR_TAXA", "jaspar_motifs"]

JASPAR_TAXA = ("vertebrates", "fungi", "plants", "insects", "nematodes", "urochordates")
"""Groups that every release of its core collection has motifs of."""


def jaspar_motifs(
    taxon: str | int | None = None,
    *,
    ids: Sequence[str] | None = None,
    collection: str = "CORE",
    release: str | None = None,
) -> tuple[Motif, ...]:
    """Return motifs of the JASPAR database, the latest version of each.

    Needs ``pip install "seqexpr[motifs]"`` and no network. JASPAR holds
    eukaryotes only.

    Parameters
    ----------
    taxon : str or int, optional
        A group ("vertebrates", "fungi", "plants", "insects", "nematodes", ...),
        a species ("Saccharomyces cerevisiae", "human") or its NCBI taxonomy
        number (4932). Case does not matter.
    ids : sequence of str, optional
        In place of a taxon: matrix IDs, such as "MA0139.2", or "MA0139" for the
        latest version.
    collection : str, default "CORE"
        Which collection a taxon's motifs come from: "CORE", "UNVALIDATED"; the
        releases before 2022 have more.
    release : str, optional
        Such as "JASPAR2024"; by default the latest that pyjaspar knows, so name
        it where a result is to be repeated.

    Returns
    -------
    tuple of Motif
        Named by ID and protein, such as "MA0139.2 CTCF"; sorted by ID for a
        taxon, in the order given for `ids`.

    Raises
    ------
    MissingExtraError
        If pyjaspar is not installed.
    UnknownNameError
        If JASPAR has no such taxon, matrix, collection or release.
    InputError
        If neither or both of `taxon` and `ids` are given.

    References
    ----------
    Rauluseviciute et al., Nucleic Acids Research 52 (2024) D174-D182 (JASPAR 2024).

    Examples
    --------
    >>> jaspar_motifs(ids=["MA0108.3"])  # doctest: +SKIP
    (Motif('MA0108.3 TBP', w=7, 'TATAAAW'),)
    """
    if (taxon is None) == (ids is None):
        raise InputError(
            "jaspar_motifs: give either a taxon, such as 'fungi', or ids, such as ['MA0139']"
        )
    pyjaspar = require("pyjaspar", extra="motifs")
    releases = list(pyjaspar.jaspar_releases)
    release = release or pyjaspar.JASPAR_LATEST_RELEASE
    _check_choice("release", release, releases)
    database = pyjaspar.jaspardb(release=release)
    with closing(database.conn):
        if ids is not None:
            return tuple(_by_id(database, identifier) for identifier in ids)
        _check_choice("collection", collection, _column(database, "collection from matrix"))
        selection = _selection(database, taxon)
        found = _quietly(lambda: database.fetch_motifs(collection=collection, **selection))
        if not found:
            raise UnknownNameError(
                f"jaspar_motifs: {release} has no motif of {taxon!r} in the collection "
                f"{collection!r}; take another collection, or a wider taxon"
            )
        return tuple(sorted(map(_motif, found), key=lambda motif: motif.name))


def _motif(record: Any) -> Motif:
    counts = [record.counts[base] for base in "ACGT"]
    return Motif.from_counts(f"{record.matrix_id} {record.name}", counts)


def _quietly(fetch: Callable[[], Any]) -> Any:
    """Return what is fetched; finding nothing is a warning of pyjaspar and an error of ours."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return fetch()


def _by_id(database: Any, identifier: str) -> Motif:
    record = _quietly(lambda: database.fetch_motif_by_id(str(identifier).strip().upper()))
    if record is None:
        raise UnknownNameError(
            f"jaspar_motifs: {database.release} has no matrix {identifier!r}; IDs look like "
            "'MA0139.2', or 'MA0139' for the latest version"
        )
    return _motif(record)


def _column(database: Any, what: str) -> list[str]:
    """Return the different values of a column of the database."""
    rows = database.conn.execute(f"select distinct {what}")
    return sorted(str(value) for (value,) in rows if value)


def _selection(database: Any, taxon: object) -> dict[str, str]:
    """Return what pyjaspar calls the taxon: a group, or the number of a species."""
    wanted = str(taxon).strip().lower()
    groups = _column(database, "val from matrix_annotation where tag = 'tax_group'")
    if wanted in groups:
        return {"tax_group": wanted}
    species = {number: number for number in _column(database, "tax_id from matrix_species")}
    for table, name in (("tax_ext", "name"), ("tax", "species")):
        rows = database.conn.execute(f"select {name}, tax_id from {table}")  # noqa: S608 - names of ours
        species |= {name.lower(): str(number) for name, number in rows if name}
    if wanted in species:
        return {"species": species[wanted]}
    hint = did_you_mean(wanted, [*groups, *(name for name in species if not name.isdigit())])
    remedy = hint or (
        ", which holds no bacteria; for them take the built-in motifs of MotifScanner(), or read "
        "a file of RegulonDB, PRODORIC or your own with read_motifs"
    )
    raise UnknownNameError(
        f"jaspar_motifs: no taxon {taxon!r} among the species and groups ({', '.join(groups)}) "
        f"of {database.release}{remedy}"
    )


def _check_choice(what: str, name: str, choices: list[str]) -> None:
    if name not in choices:
        raise UnknownNameError(
            f"jaspar_motifs: unknown {what} {name!r}{did_you_mean(str(name), choices)}; "
            f"known: {', '.join(choices)}"
        )
