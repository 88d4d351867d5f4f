"""Feature matrices on disk: computed once, shared by folds, trials and processes."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse

from seqexpr import __version__

__all__ = ["MatrixStore"]

_WHOLE = "whole"  # the last file that is written into a matrix's folder


class MatrixStore:
    """Keeps feature matrices in a folder, by the digest of what they are made of.

    A matrix is addressed by its featurizer's class and parameters, the
    sequences, and, for a featurizer that learns from them, the rows it was
    fitted on. Matrices are opened as memory maps, so that processes share one
    copy. When the folder grows beyond `max_bytes`, the matrices that were not
    used for the longest time are removed.

    Parameters
    ----------
    folder : Path
        Where they are kept; made if it is not there.
    max_bytes : int
        Largest size of all matrices together, at least 0. Default 8 GiB.

    Examples
    --------
    >>> from seqexpr.features.kmers import KmerCounter
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     store = MatrixStore(Path(folder))
    ...     first = store.get(KmerCounter(k=1), ["ACGT", "AA"]).toarray().tolist()
    ...     first == store.get(KmerCounter(k=1), ["ACGT", "AA"]).toarray().tolist()
    True
    """

    def __init__(self, folder: Path, *, max_bytes: int = 8 * 2**30) -> None:
        self.folder = folder
        self.max_bytes = max_bytes
        self._digests: dict[int, tuple[Any, str]] = {}
        folder.mkdir(parents=True, exist_ok=True)

    def get(
        self,
        featurizer: Any,
        sequences: Sequence[str],
        *,
        fit_rows: npt.NDArray[np.int64] | None = None,
        targets: Any = None,
    ) -> Any:
        """Return the features of all sequences.

        Parameters
        ----------
        featurizer : transformer
            Unfitted; its class and parameters say what it does.
        sequences : sequence of str, length n
            All of them.
        fit_rows : ndarray of int64, optional
            Rows it is fitted on, where it learns; all by default.
        targets : array-like, shape (n,) or (n, t), optional
            What it is fitted with, where it needs them.

        Returns
        -------
        CSR matrix or ndarray of float32, shape (n, p)
            Not writable where it comes from disk.
        """
        place = self.folder / self._key(featurizer, sequences, fit_rows, targets)
        found = self._open(place)
        if found is None:
            rows = slice(None) if fit_rows is None else fit_rows
            texts = sequences if fit_rows is None else [sequences[i] for i in fit_rows]
            featurizer.fit(texts, None if targets is None else np.asarray(targets)[rows])
            found = featurizer.transform(list(sequences))
            self._keep(found, place)
        return found

    def _key(self, featurizer: Any, sequences: Any, rows: Any, targets: Any) -> str:
        kind = f"{type(featurizer).__module__}.{type(featurizer).__qualname__}"
        parameters = {k: v for k, v in featurizer.get_params().items() if k != "n_jobs"}
        known = self._digests.get(id(sequences))
        if known is None or known[0] is not sequences:  # the object may be gone, and its id reused
            text = "\n".join(sequences).encode()
            known = (sequences, hashlib.sha256(text).hexdigest())
            self._digests[id(sequences)] = known
        digest = hashlib.sha256()
        for part in (__version__, kind, json.dumps(parameters, sort_keys=True, default=_plain),
                     known[1]):  # fmt: skip
            digest.update(part.encode() + b"\0")
        if rows is not None:
            digest.update(np.ascontiguousarray(rows, dtype=np.int64).tobytes())
        if targets is not None:
            digest.update(np.ascontiguousarray(targets, dtype=np.float64).tobytes())
        return digest.hexdigest()[:24]

    def _open(self, place: Path) -> Any:
        if not place.exists():  # nothing to remove: another process may be putting it there
            return None
        try:
            shape = json.loads((place / _WHOLE).read_text(encoding="utf-8"))
            os.utime(place)  # the time of its last use
            if not shape:
                return np.load(place / "dense.npy", mmap_mode="r")
            parts = [np.load(place / f"{name}.npy", mmap_mode="r") for name in _CSR]
            matrix = sparse.csr_matrix(tuple(parts), shape=tuple(shape), copy=False)
        except (OSError, ValueError, EOFError):  # damaged: written anew
            shutil.rmtree(place, ignore_errors=True)
            return None
        matrix.has_sorted_indices = True
        return matrix

    def _keep(self, matrix: Any, place: Path) -> None:
        """Write a matrix, whole or not at all; without room for it, do not."""
        is_sparse = sparse.issparse(matrix)
        arrays = {n: getattr(matrix, n) for n in _CSR} if is_sparse else {"dense": matrix}
        size = sum(array.nbytes for array in arrays.values())
        if size > self.max_bytes or size > shutil.disk_usage(self.folder).free // 2:
            return
        self._make_room(size)
        draft = Path(tempfile.mkdtemp(prefix=".draft-", dir=self.folder))
        try:
            if is_sparse:
                matrix.sort_indices()
            for name, array in arrays.items():
                np.save(draft / f"{name}.npy", array, allow_pickle=False)
            shape = json.dumps(list(matrix.shape) if is_sparse else [])
            (draft / _WHOLE).write_text(shape, encoding="utf-8")
            draft.rename(place)
        except OSError:  # another process was first, or the disk is full: a cache can do without
            shutil.rmtree(draft, ignore_errors=True)

    def _make_room(self, size: int) -> None:
        kept = [place for place in self.folder.iterdir() if (place / _WHOLE).exists()]
        sizes = {place: _size(place) for place in kept}
        total = sum(sizes.values())
        for place in sorted(kept, key=_last_use):
            if total + size <= self.max_bytes:
                return
            shutil.rmtree(place, ignore_errors=True)
            total -= sizes[place]


def _plain(value: Any) -> Any:
    """Return what a parameter is made of, to the last digit."""
    if isinstance(value, np.ndarray):
        return value.tolist()
    return (
        {"type": type(value).__qualname__} | vars(value)
        if hasattr(value, "__dict__")
        else repr(value)
    )


_CSR = ("data", "indices", "indptr")


def _size(place: Path) -> int:
    """Return the bytes of a matrix, 0 where another process is removing it."""
    try:
        return sum(file.stat().st_size for file in place.iterdir())
    except OSError:
        return 0


def _last_use(place: Path) -> float:
    try:
        return place.stat().st_mtime
    except OSError:
        return 0.0
