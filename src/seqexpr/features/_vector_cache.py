"""Vectors of sequences on disk: found again by content, bounded in size, never trusted blindly."""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np
import numpy.typing as npt

from seqexpr.files import atomic_path

__all__ = ["MAX_BYTES", "VectorCache", "user_cache_folder"]

MAX_BYTES = 2 * 2**30
"""Size of a cache folder in bytes, above which the files not used for longest are removed."""
_NAME = 32  # bytes of a SHA-256 digest
_writing = threading.Lock()  # atomic_path names its temporary file by process, not by thread


class VectorCache:
    """Float32 vectors of one length under the digests of what they describe.

    The vectors of one `key` lie in one subfolder of `folder`, in up to 256 files
    by the first byte of the name. A file is the SHA-256 digest of the rest of
    it, then one record a vector: its name and its numbers. A file that is not
    what its digest says counts as empty and is written anew.

    Parameters
    ----------
    folder : Path
        Made when something is written.
    key : str
        Digest, in hexadecimal digits, of everything but the sequence that the
        vectors depend on.
    width : int
        Numbers in a vector, at least 1.
    max_bytes : int, default 2 GiB
        Bound on all files of `folder`, whatever their key.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     cache = VectorCache(Path(folder), "ab12", width=2)
    ...     cache.write([b"x" * 32], np.ones((1, 2), np.float32))
    ...     vectors, found = cache.read([b"y" * 32, b"x" * 32])
    >>> vectors.tolist(), found.tolist()
    ([[0.0, 0.0], [1.0, 1.0]], [False, True])
    """

    def __init__(self, folder: Path, key: str, *, width: int, max_bytes: int = MAX_BYTES) -> None:
        self.folder = folder
        self.key = key
        self.width = width
        self.max_bytes = max_bytes
        self._record = np.dtype([("name", f"V{_NAME}"), ("vector", "<f4", (width,))])

    def read(self, names: Sequence[bytes]) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.bool_]]:
        """Return what is there.

        Parameters
        ----------
        names : sequence of bytes, length n
            Digests of 32 bytes.

        Returns
        -------
        vectors : ndarray of float32, shape (n, width)
            Zeros where nothing was found.
        found : ndarray of bool, shape (n,)
            Whether it was.
        """
        vectors = np.zeros((len(names), self.width), dtype=np.float32)
        found = np.zeros(len(names), dtype=bool)
        for file, rows in self._by_file(names).items():
            records = self._load(file)
            places = {name: place for place, name in enumerate(records["name"].tolist())}
            for row in rows:
                place = places.get(names[row])
                if place is not None:
                    vectors[row], found[row] = records["vector"][place], True
            with suppress(OSError):
                os.utime(file)  # what is used stays longest
        return vectors, found

    def write(self, names: Sequence[bytes], vectors: npt.NDArray[np.float32]) -> None:
        """Add vectors, and remove what was not used for longest where the folder grows too large.

        Parameters
        ----------
        names : sequence of bytes, length n
            Digests of 32 bytes.
        vectors : ndarray of float32, shape (n, width)
            Their vectors.

        Raises
        ------
        OutputError
            If the operating system refuses.
        """
        new = np.zeros(len(names), dtype=self._record)
        new["name"] = np.frombuffer(b"".join(names), dtype=f"V{_NAME}")
        new["vector"] = vectors
        with _writing:
            for file, rows in self._by_file(names).items():
                old = self._load(file)
                taken = {names[row] for row in rows}
                kept = np.array([name not in taken for name in old["name"].tolist()], dtype=bool)
                content = np.concatenate([old[kept], new[rows]]).tobytes()
                with atomic_path(file) as temporary:
                    temporary.write_bytes(hashlib.sha256(content).digest() + content)
            self._prune()

    def _by_file(self, names: Sequence[bytes]) -> dict[Path, list[int]]:
        rows: dict[Path, list[int]] = {}
        for row, name in enumerate(names):
            file = self.folder / self.key[:32] / f"{name[0]:02x}.vectors"
            rows.setdefault(file, []).append(row)
        return rows

    def _load(self, file: Path) -> npt.NDArray[np.void]:
        """Return the records of a file; none if it is not there or damaged."""
        try:
            data = file.read_bytes()
        except OSError:
            data = b""
        content = data[_NAME:]
        whole = hashlib.sha256(content).digest() == data[:_NAME]
        if not whole or len(content) % self._record.itemsize:
            content = b""
        return np.frombuffer(content, dtype=self._record)

    def _prune(self) -> None:
        files = []
        for file in self.folder.glob("*/??.vectors"):
            with suppress(OSError):  # another process may have removed it
                status = file.stat()
                files.append((status.st_mtime_ns, status.st_size, file))
        excess = sum(size for _, size, _ in files) - self.max_bytes
        for _, size, file in sorted(files):
            if excess <= 0:
                return
            with suppress(OSError):
                file.unlink()
            excess -= size


def user_cache_folder() -> Path:
    """Return the folder under which this user's programs keep what they can make again.

    ``LOCALAPPDATA`` on Windows; elsewhere ``XDG_CACHE_HOME``, and ``~/.cache``
    where that is not set to an absolute path.

    References
    ----------
    XDG Base Directory Specification 0.8, section 3.

    Examples
    --------
    >>> user_cache_folder().name
    'seqexpr'
    """
    given = os.environ.get("LOCALAPPDATA" if os.name == "nt" else "XDG_CACHE_HOME", "")
    base = Path(given) if given and Path(given).is_absolute() else Path.home() / ".cache"
    return base / "seqexpr"
