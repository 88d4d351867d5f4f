"""Motifs: which bases a protein prefers, position by position; read from and written to files.

Files are in the minimal MEME format, which every motif database exports. They
are read here rather than by Biopython, whose reader turns the frequencies into
whole counts of (by default) twenty sites and so loses them.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from seqexpr.errors import InputError
from seqexpr.files import atomic_path
from seqexpr.sequences import BASES, IUPAC, normalize

__all__ = ["Motif", "read_motifs", "write_motifs"]

_ALLOWED = dict(zip(IUPAC, ("A", "C", "G", "T", "AG", "CT", "CG", "AT", "GT", "AC", "CGT", "AGT",
                            "ACT", "ACG", "ACGT"), strict=True))  # fmt: skip
_LETTERS = {bases: letter for letter, bases in _ALLOWED.items()}
_MATRIX = "letter-probability matrix"
_TOLERANCE = 0.02
"""How far from 1 the frequencies of a position may add up to, as files are rounded."""


@dataclass(frozen=True, eq=False)
class Motif:
    """A named table of base frequencies: one column a position, one row a base.

    Parameters
    ----------
    name : str
        What the features are called after, such as "MA0139.2 CTCF"; runs of
        white space become one space.
    frequencies : array-like of float, shape (4, w), w >= 1
        Shares of A, C, G, T at each position, in ``[0, 1]``; each column adds
        up to 1 within 0.02, and is divided by its sum. Kept read-only.

    Raises
    ------
    InputError
        If the name is empty or the numbers are not frequencies.

    References
    ----------
    Stormo, Bioinformatics 16 (2000) 16-23 (position frequency and weight
    matrices).

    Examples
    --------
    >>> Motif("box", [[0.9, 0.0], [0.1, 0.0], [0.0, 0.5], [0.0, 0.5]])
    Motif('box', w=2, 'AK')
    """

    name: str
    frequencies: npt.NDArray[np.float64]

    def __post_init__(self) -> None:
        name = " ".join(str(self.name).split())
        if not name:
            raise InputError("Motif: the name is empty; give it one, such as 'sigma70 -10'")
        try:
            given = np.array(self.frequencies, dtype=np.float64)
        except (TypeError, ValueError) as error:
            raise InputError(f"motif {name!r}: frequencies must be numbers ({error})") from error
        if given.ndim != 2 or given.shape[0] != 4 or given.shape[1] == 0:
            raise InputError(
                f"motif {name!r}: frequencies must have shape (4, w) with w >= 1, rows A, C, G, T, "
                f"got {given.shape}"
            )
        sums = given.sum(axis=0)
        wrong = np.flatnonzero(~((given >= 0).all(axis=0) & (np.abs(sums - 1) <= _TOLERANCE)))
        if len(wrong):
            found = ", ".join(f"{value:g}" for value in given[:, wrong[0]])
            raise InputError(
                f"motif {name!r}: position {wrong[0] + 1} must hold four frequencies that add up "
                f"to 1, found {found}; for counts use Motif.from_counts"
            )
        # What adds up to 1 already stays as it is, so that saving and loading change nothing.
        given /= np.where(np.abs(sums - 1) > 1e-12, sums, 1.0)
        given.flags.writeable = False
        object.__setattr__(self, "name", name)
        object.__setattr__(self, "frequencies", given)

    @classmethod
    def from_counts(cls, name: str, counts: npt.ArrayLike) -> Self:
        """Make a motif from how often each base was seen at each position.

        Parameters
        ----------
        name : str
            Its name.
        counts : array-like of float, shape (4, w), w >= 1
            Non-negative; no position without any. Rows are A, C, G, T.

        Examples
        --------
        >>> Motif.from_counts("two sites", [[2, 0], [0, 1], [0, 1], [0, 0]]).consensus
        'AS'
        """
        found = np.array(counts, dtype=np.float64)
        with np.errstate(invalid="ignore", divide="ignore"):
            return cls(name, found / found.sum(axis=0, keepdims=True))

    @classmethod
    def from_consensus(
        cls, consensus: str, *, name: str | None = None, conservation: float = 0.8
    ) -> Self:
        """Make a motif from a consensus in IUPAC letters.

        The bases that a letter stands for share `conservation` equally, and the
        others share the rest, so that each mismatch costs the same.

        Parameters
        ----------
        consensus : str
            Letters of :data:`seqexpr.sequences.IUPAC`; N means any base.
        name : str, optional
            By default the consensus.
        conservation : float, default 0.8
            How often a site agrees with the consensus at a position, in
            ``[0.75, 1]``: below, three bases of four would be rarer than the
            fourth.

        Raises
        ------
        InputError
            If a letter is not of IUPAC, or `conservation` is out of range.

        Examples
        --------
        >>> Motif.from_consensus("TW").frequencies.round(3).tolist()
        [[0.067, 0.4], [0.067, 0.1], [0.067, 0.1], [0.8, 0.4]]
        """
        letters = normalize(consensus)
        unknown = sorted(set(letters) - set(IUPAC))
        if unknown or not letters:
            found = f"found {unknown[0]!r} in {consensus!r}" if unknown else "it is empty"
            raise InputError(f"Motif: a consensus is spelled in the letters {IUPAC}; {found}")
        if not 0.75 <= conservation <= 1:
            raise InputError(f"Motif: conservation must be in [0.75, 1], got {conservation!r}")
        columns = []
        for letter in letters:
            allowed = np.array([base in _ALLOWED[letter] for base in BASES])
            n = allowed.sum()
            rest = (1 - conservation) / max(4 - n, 1)
            columns.append(np.where(allowed, conservation / n, rest) if n < 4 else np.full(4, 0.25))
        return cls(name or letters, np.array(columns).T)

    @property
    def consensus(self) -> str:
        """The bases at least half as frequent as the commonest, in IUPAC letters.

        Examples
        --------
        >>> Motif.from_consensus("TGNTATAAT").consensus
        'TGNTATAAT'
        """
        common = self.frequencies >= 0.5 * self.frequencies.max(axis=0)
        bases = np.array(list(BASES))
        return "".join(_LETTERS["".join(bases[column])] for column in common.T)

    @property
    def best_word(self) -> str:
        """The most frequent base of each position.

        >>> Motif.from_counts("box", [[9, 0], [0, 2], [0, 8], [1, 0]]).best_word
        'AG'
        """
        return "".join(BASES[base] for base in np.asarray(self.frequencies).argmax(axis=0))

    def __len__(self) -> int:
        return int(self.frequencies.shape[1])

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Motif):
            return NotImplemented
        return self.name == other.name and np.array_equal(self.frequencies, other.frequencies)

    def __hash__(self) -> int:
        return hash((self.name, self.frequencies.tobytes()))

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return self  # it cannot change

    def __repr__(self) -> str:
        return f"Motif({self.name!r}, w={len(self)}, {self.consensus!r})"


def read_motifs(path: str | os.PathLike[str]) -> tuple[Motif, ...]:
    """Read the motifs of a file in MEME format.

    Parameters
    ----------
    path : str or Path
        A text file of MEME version 4 or later: what the MEME suite writes, and
        JASPAR, HOCOMOCO, CIS-BP and others offer for download. Its letters are
        ACGT or ACGU.

    Returns
    -------
    tuple of Motif
        In the order of the file, named by all that follows MOTIF.

    Raises
    ------
    InputError
        If it cannot be read, is in another format, holds proteins, no motif,
        one name twice, or a matrix that is not one; with the line.

    References
    ----------
    https://meme-suite.org/meme/doc/meme-format.html

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_motifs(Path(folder, "boxes.meme"), [Motif.from_consensus("TATAAT")])
    ...     read_motifs(Path(folder, "boxes.meme"))
    (Motif('TATAAT', w=6, 'TATAAT'),)
    """
    name = Path(path).name
    try:
        lines = Path(path).read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise InputError(f"cannot read the motifs {path}: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{name} is not a text file; give a file in MEME format") from error
    if not any(line.startswith("MEME version") for line in lines):
        first = next((line for line in lines if line.strip()), "")
        raise InputError(
            f"{name}: no line 'MEME version ...', it begins with {first[:40]!r}; "
            "download or convert the motifs in MEME format"
        )
    motifs = tuple(_parsed(lines, name))
    if not motifs:
        raise InputError(f"{name}: it holds no motif (no line 'MOTIF name' with a matrix)")
    _check_names(motifs, name)
    return motifs


def write_motifs(path: str | os.PathLike[str], motifs: Iterable[Motif]) -> None:
    """Write motifs to a file in the minimal MEME format.

    Parameters
    ----------
    path : str or Path
        Written whole or not at all.
    motifs : iterable of Motif
        Reading the file gives the same, to about nine digits.

    Raises
    ------
    OutputError
        If it cannot be written there.
    """
    parts = ["MEME version 4", "ALPHABET= ACGT", "strands: + -"]
    # Biopython reads the pairs as divided by single blanks.
    parts.append("Background letter frequencies\nA 0.25 C 0.25 G 0.25 T 0.25")
    for motif in motifs:
        head = f"MOTIF {motif.name}\n{_MATRIX}: alength= 4 w= {len(motif)}"
        rows = (" ".join(f"{value:.10f}" for value in column) for column in motif.frequencies.T)
        parts.append("\n".join([head, *rows]))
    with atomic_path(path) as temporary:
        temporary.write_text("\n\n".join(parts) + "\n", encoding="utf-8")


def _parsed(lines: list[str], file: str) -> Iterator[Motif]:
    """Yield the motif of each matrix."""
    name = None
    for number, line in enumerate(lines):
        if line.startswith("ALPHABET"):
            _check_alphabet(line, f"{file}, line {number + 1}")
        elif line.startswith("MOTIF"):
            # MEME's own output goes on with the width and the sites, on the same line.
            name = re.split(r"\s(?:MEME-\d+|width\s*=)", line.removeprefix("MOTIF"))[0].strip()
            if not name:
                raise InputError(f"{file}, line {number + 1}: a MOTIF has no name")
        elif line.startswith(_MATRIX):
            if name is None:
                raise InputError(f"{file}, line {number + 1}: a matrix comes before any MOTIF")
            rows = _matrix(lines, number, f"{file}: motif {name!r}")
            try:
                yield Motif(name, np.array(rows).T)
            except InputError as error:
                raise InputError(f"{file}, line {number + 1}: {error}") from error
            name = None


def _matrix(lines: list[str], head: int, where: str) -> list[list[float]]:
    """Return the rows of numbers that follow the line `head`, as many as it says."""
    rows: list[list[float]] = []
    stated = re.search(r"\bw\s*=\s*(\d+)", lines[head])
    for number in range(head + 1, len(lines)):
        fields = lines[number].split()
        if not fields or (stated and len(rows) == int(stated[1])):
            break
        try:
            row = [float(field) for field in fields]
        except ValueError:
            row = []
        if len(row) != 4:
            if rows and not row and not stated:
                break  # a matrix of unstated width ends at the first line of another kind
            raise InputError(
                f"{where}: line {number + 1} should hold four frequencies, "
                f"found {lines[number].strip()[:40]!r}"
            )
        rows.append(row)
    if not rows or (stated and len(rows) != int(stated[1])):
        wanted = f"w= {stated[1]} rows" if stated else "rows of four frequencies"
        raise InputError(f"{where}: line {head + 1} announces {wanted}, found {len(rows)}")
    return rows


def _check_alphabet(line: str, where: str) -> None:
    said = line.removeprefix("ALPHABET").lstrip("= ").strip()
    if said.upper() not in ("ACGT", "ACGU") and not re.search(r'^"?(DNA|RNA)\b|[DR]NA-LIKE', said):
        raise InputError(f"{where}: the letters must be ACGT or ACGU, found {said[:40]!r}")


def _check_names(motifs: Iterable[Motif], where: str) -> None:
    seen: set[str] = set()
    for motif in motifs:
        if motif.name in seen:
            raise InputError(f"{where}: two motifs are named {motif.name!r}; rename one")
        seen.add(motif.name)
