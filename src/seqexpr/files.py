"""Atomic writes and digests: a file or a folder is there whole, or not at all."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from seqexpr.errors import OutputError

__all__ = ["atomic_path", "check_writable", "replace_folder", "sha256_of_file"]


def sha256_of_file(path: str | os.PathLike[str]) -> str:
    """Return the SHA-256 digest of a file as 64 hexadecimal digits.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder, "a"); _ = file.write_bytes(b"ACGT")
    ...     sha256_of_file(file)[:12]
    '1dff3e84fe78'
    """
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _reason(error: OSError) -> str:
    return error.strerror or str(error)


def check_writable(path: str | os.PathLike[str]) -> Path:
    """Return `path` if something can be written there, creating its parent.

    Raises
    ------
    OutputError
        If the parent folder cannot be made or is not writable.
    """
    target = Path(path)
    parent = target.absolute().parent
    try:
        parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=parent):
            pass
    except OSError as error:
        message = f"cannot write {target}: {_reason(error)}; choose another place with -o"
        raise OutputError(message) from error
    return target


@contextmanager
def atomic_path(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Yield a temporary file name that becomes `path` when the block succeeds.

    The temporary file lies in the same folder, is flushed to disk and renamed.
    If the block raises, it is removed and whatever was at `path` stays.

    Raises
    ------
    OutputError
        If the operating system refuses (no space, no permission).

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with atomic_path(Path(folder, "a.txt")) as temporary:
    ...         _ = temporary.write_text("whole")
    ...     Path(folder, "a.txt").read_text()
    'whole'
    """
    target = check_writable(path)
    # The suffix stays last, since writers choose a format by it.
    temporary = target.with_name(f".{target.stem}.{os.getpid()}.partial{target.suffix}")
    try:
        yield temporary
        with open(temporary, "rb+") as file:
            os.fsync(file.fileno())
        os.replace(temporary, target)
    except OSError as error:
        if isinstance(error, OutputError):
            raise
        message = f"cannot write {target}: {_reason(error)}; nothing was left there"
        raise OutputError(message) from error
    finally:
        temporary.unlink(missing_ok=True)


def replace_folder(finished: Path, target: Path) -> None:
    """Rename the folder `finished` to `target`, replacing what is there.

    The old folder is moved aside first and removed last, so that a whole
    folder lies at `target` or beside it at any moment.

    Raises
    ------
    OutputError
        If the operating system refuses.
    """
    aside = target.with_name(f".{target.name}.{os.getpid()}.old")
    try:
        for file in finished.rglob("*"):
            if file.is_file():
                with open(file, "rb+") as handle:
                    os.fsync(handle.fileno())
        if target.exists():
            os.replace(target, aside)
        os.replace(finished, target)
    except OSError as error:
        if aside.exists() and not target.exists():
            os.replace(aside, target)
        message = f"cannot write {target}: {_reason(error)}"
        raise OutputError(message) from error
    shutil.rmtree(aside, ignore_errors=True)
