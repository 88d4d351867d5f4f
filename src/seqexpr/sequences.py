"""DNA as bytes: alphabet, normalising, encoding, reverse complement.

A set of sequences is encoded once, into one flat array of base codes with the
offset of each sequence, and every kernel reads that. There is no Python loop
over bases.

Codes are A = 0, C = 1, G = 2, T = 3 and everything else = 4 ("unknown": N, the
other IUPAC codes, gaps). Lower case and U are folded on the way in.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from string import ascii_lowercase, ascii_uppercase
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from seqexpr.errors import SequenceError

__all__ = [
    "BASES",
    "CODES",
    "IUPAC",
    "UNKNOWN",
    "EncodedSequences",
    "StringsLike",
    "as_strings",
    "encode",
    "join_ascii",
    "normalize",
    "reverse_complement",
    "reverse_complements",
]

BASES = "ACGT"
IUPAC = "ACGTRYSWKMBDHVN"
UNKNOWN = 4

StringsLike: TypeAlias = Sequence[str] | npt.NDArray[np.object_] | npt.NDArray[np.str_]
"""What counts as n sequences: a list, a tuple, an array or a pandas Series of str."""

CODES = np.full(256, UNKNOWN, dtype=np.uint8)
"""Base code of each ASCII character, shape (256,)."""
for _code, _letters in enumerate(("Aa", "Cc", "Gg", "TtUu")):
    for _letter in _letters:
        CODES[ord(_letter)] = _code
CODES.flags.writeable = False
_LETTERS = ("ACGTUNRYSWKMBDHVacgtunryswkmbdhv", "TGCAANYRSWMKVHDBtgcaanyrswmkvhdb")
_COMPLEMENT = str.maketrans(*_LETTERS)
_COMPLEMENT_BYTES = bytes.maketrans(*(letters.encode() for letters in _LETTERS))
_FOLD = str.maketrans(ascii_lowercase + "uU", ascii_uppercase + "TT")


@dataclass(frozen=True)
class EncodedSequences:
    """Base codes of n sequences, one after the other.

    Attributes
    ----------
    codes : ndarray of uint8, shape (total length,)
        Base codes in 0..4. Read-only.
    offsets : ndarray of int64, shape (n + 1,)
        Sequence i is ``codes[offsets[i]:offsets[i + 1]]``.
    """

    codes: npt.NDArray[np.uint8]
    offsets: npt.NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.offsets) - 1

    @property
    def lengths(self) -> npt.NDArray[np.int64]:
        """Length of each sequence in bases, shape (n,)."""
        return np.diff(self.offsets)


def as_strings(sequences: object) -> list[str]:
    """Return `sequences` as a list of str, or say what is wrong with it.

    Accepts a list, a tuple, a numpy array or a pandas Series of str, and
    two-dimensional input of a single column, as scikit-learn tools pass on.

    Raises
    ------
    SequenceError
        If `sequences` is a single string, or an element is not a str.

    Examples
    --------
    >>> as_strings(("ACGT", "A"))
    ['ACGT', 'A']
    >>> as_strings("ACGT")
    Traceback (most recent call last):
        ...
    seqexpr.errors.SequenceError: expected a list of sequences, got one str; wrap it: ['ACGT']
    """
    if isinstance(sequences, str):
        shown = sequences if len(sequences) <= 12 else sequences[:9] + "..."
        raise SequenceError(f"expected a list of sequences, got one str; wrap it: [{shown!r}]")
    if isinstance(sequences, list):
        strings = sequences
    else:
        array = np.asarray(sequences, dtype=object)
        if array.ndim == 2 and array.shape[1] == 1:
            array = array[:, 0]
        if array.ndim != 1:
            raise SequenceError(f"expected one sequence a row, got an array of shape {array.shape}")
        strings = array.tolist()
    if not all(map(str.__instancecheck__, strings)):
        where, found = next((i, s) for i, s in enumerate(strings) if not isinstance(s, str))
        raise SequenceError(
            f"sequence {where}: expected a str, found {type(found).__name__} ({found!r}); "
            "drop or fill missing sequences first"
        )
    return strings


def join_ascii(strings: list[str]) -> npt.NDArray[np.uint8]:
    """Return the characters of all strings one after the other, as one read-only array.

    Each character outside ASCII becomes one "?", so lengths hold.

    Examples
    --------
    >>> join_ascii(["AC", "", "\u00e9g"]).tobytes()
    b'AC?g'
    """
    return np.frombuffer(_ascii(strings), dtype=np.uint8)


def _ascii(strings: list[str]) -> bytes:
    return "".join(strings).encode("ascii", "replace")


def encode(sequences: object) -> EncodedSequences:
    """Encode sequences as base codes.

    Parameters
    ----------
    sequences : list, array or Series of str, length n
        Lower case and U are folded to upper-case DNA; every character other
        than A, C, G, T becomes :data:`UNKNOWN`.

    Returns
    -------
    EncodedSequences
        Codes and offsets of the n sequences.

    Raises
    ------
    SequenceError
        If an element is not a str.

    Examples
    --------
    >>> encoded = encode(["ACgu", "", "NT"])
    >>> encoded.codes.tolist(), encoded.offsets.tolist()
    ([0, 1, 2, 3, 4, 3], [0, 4, 4, 6])
    """
    strings = as_strings(sequences)
    offsets = np.zeros(len(strings) + 1, dtype=np.int64)
    np.cumsum(np.fromiter(map(len, strings), dtype=np.int64, count=len(strings)), out=offsets[1:])
    codes = _ascii(strings).translate(CODES.tobytes())  # quicker than indexing CODES
    return EncodedSequences(np.frombuffer(codes, dtype=np.uint8), offsets)


def normalize(sequence: str) -> str:
    """Return `sequence` in upper case, U as T, without white space; only ASCII is changed.

    Examples
    --------
    >>> normalize(" acg uN ")
    'ACGTN'
    """
    return "".join(sequence.split()).translate(_FOLD)


def reverse_complement(sequence: str) -> str:
    """Return the reverse complement; IUPAC codes are complemented, case is kept.

    Examples
    --------
    >>> reverse_complement("AACGTN"), reverse_complement("aRY")
    ('NACGTT', 'RYt')
    """
    return sequence.translate(_COMPLEMENT)[::-1]


def reverse_complements(sequences: Sequence[str]) -> list[str]:
    """Return :func:`reverse_complement` of each of many, turned all at once.

    Parameters
    ----------
    sequences : sequence of str, length n
        ASCII without line ends.

    Examples
    --------
    >>> reverse_complements(["AACGTN", "", "aRY"])
    ['NACGTT', '', 'RYt']
    """
    if not sequences:
        return []
    joined = "\n".join(sequences).encode("ascii").translate(_COMPLEMENT_BYTES)
    return joined[::-1].decode("ascii").split("\n")[::-1]
