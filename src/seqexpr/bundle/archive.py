"""Read the files of a bundle from a folder or a .zip, and write the .zip.

Nothing is unpacked to disk: a .zip is read in memory, so no name in it can
lead out of a folder. Names, links and sizes are checked before a byte is read.
"""

from __future__ import annotations

import re
import stat
import zipfile
import zlib
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from seqexpr.errors import BundleError, InputError
from seqexpr.files import atomic_path

__all__ = ["MAX_BYTES", "BundleFiles", "FolderFiles", "ZipFiles", "zip_bundle"]

MAX_BYTES = 4 * 2**30
"""Largest bundle that is read, in bytes after decompression."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,200}")
# Left by file browsers and model hubs; never read.
_LITTER = re.compile(r"(.*/)?(\.DS_Store|Thumbs\.db|desktop\.ini|\.gitattributes|\.cache)(/.*)?")


class BundleFiles(Protocol):
    """The files of a bundle: their sizes, and their bytes on request."""

    sizes: dict[str, int]

    def read(self, name: str) -> bytes:
        """Return the content of a file."""

    def close(self) -> None:
        """Let go of the files."""


def _check_sizes(where: str, sizes: dict[str, int], max_bytes: int) -> None:
    total = sum(sizes.values())
    if total > max_bytes:
        raise BundleError(
            f"{where}: its files come to {total:,} bytes, more than the {max_bytes:,} that are "
            "read; if that is right, raise max_bytes"
        )


class FolderFiles:
    """The files of a bundle in a folder.

    Parameters
    ----------
    path : Path
        The folder.
    max_bytes : int
        Limit of the total size.

    Raises
    ------
    BundleError
        If a link or a folder lies in it, or it is too large.
    """

    def __init__(self, path: Path, *, max_bytes: int = MAX_BYTES) -> None:
        self.path = path
        self.sizes: dict[str, int] = {}
        for entry in sorted(path.iterdir()):
            if _LITTER.fullmatch(entry.name):
                continue
            status = entry.lstat()
            if not stat.S_ISREG(status.st_mode):
                kind = "link" if stat.S_ISLNK(status.st_mode) else "folder or device"
                raise BundleError(
                    f"{path}: {entry.name!r} is a {kind}; a bundle holds plain files only"
                )
            self.sizes[entry.name] = status.st_size
        _check_sizes(str(path), self.sizes, max_bytes)

    def read(self, name: str) -> bytes:
        """Return the content of a file.

        Raises
        ------
        BundleError
            If the operating system refuses.
        """
        try:
            return (self.path / name).read_bytes()
        except OSError as error:
            raise BundleError(f"{self.path}: cannot read {name!r}: {error.strerror}") from error

    def close(self) -> None:
        """Let go of the files (nothing is held open)."""


class ZipFiles:
    """The files of a bundle in a .zip, at its top or in its one folder.

    Parameters
    ----------
    path : Path
        The .zip.
    max_bytes : int
        Limit of the total size after decompression.

    Raises
    ------
    BundleError
        If it is not a .zip, a name leads out of it, a name occurs twice, a
        member is a link or encrypted, or it is too large.
    """

    def __init__(self, path: Path, *, max_bytes: int = MAX_BYTES) -> None:
        self.path = path
        self.sizes: dict[str, int] = {}
        self._members: dict[str, zipfile.ZipInfo] = {}
        try:
            self._zip = zipfile.ZipFile(path)
        except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
            raise BundleError(
                f"{path} is not a whole .zip file ({error}); copy it again from its source"
            ) from error
        try:
            self._list_members()
            _check_sizes(str(path), self.sizes, max_bytes)
        except BundleError:
            self._zip.close()
            raise

    def _list_members(self) -> None:
        infos = [
            info
            for info in self._zip.infolist()
            if not info.is_dir()
            and not info.filename.startswith("__MACOSX/")
            and not _LITTER.fullmatch(info.filename)
        ]
        tops = {info.filename.partition("/")[0] for info in infos}
        # As file browsers do it: everything in one folder named like the bundle.
        prefix = ""
        if len(tops) == 1 and all("/" in info.filename for info in infos):
            prefix = f"{tops.pop()}/"
            if not _NAME.fullmatch(prefix[:-1]):
                raise self._refuse(infos[0].filename, "would be written outside the bundle")
        for info in infos:
            name = info.filename.removeprefix(prefix)
            # zipfile cuts names at NUL; orig_filename still shows what was there.
            if not _NAME.fullmatch(name) or "\0" in info.orig_filename:
                raise self._refuse(info.orig_filename, "would be written outside the bundle")
            if stat.S_ISLNK(info.external_attr >> 16):
                raise self._refuse(name, "is a link")
            if info.flag_bits & 0x1:
                raise self._refuse(name, "is encrypted")
            if name in self.sizes:
                raise self._refuse(name, "is there twice")
            self.sizes[name] = info.file_size
            self._members[name] = info

    def _refuse(self, name: str, what: str) -> BundleError:
        return BundleError(f"{self.path}: refused: {name!r} in it {what}")

    def read(self, name: str) -> bytes:
        """Return the content of a file.

        Raises
        ------
        BundleError
            If it is damaged, or longer than the .zip says.
        """
        info = self._members[name]
        try:
            with self._zip.open(info) as file:
                data = file.read(info.file_size + 1)
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError) as error:
            raise BundleError(f"{self.path}: {name!r} is damaged ({error})") from error
        if len(data) != info.file_size:
            raise self._refuse(name, f"is not the {info.file_size:,} bytes long that the .zip says")
        return data

    def close(self) -> None:
        """Close the .zip."""
        self._zip.close()


def zip_bundle(folder: str | Path, destination: str | Path) -> Path:
    """Pack a bundle into one .zip, the same bytes for the same files.

    Parameters
    ----------
    folder : str or Path
        A model folder, or a run folder that holds one.
    destination : str or Path
        The .zip to write; replaced if it is there.

    Returns
    -------
    Path
        `destination`.

    Raises
    ------
    BundleError
        If `folder` holds no bundle.
    InputError
        If `destination` does not end in .zip.
    OutputError
        If it cannot be written.

    Examples
    --------
    >>> zip_bundle("run/model", "model.tar")
    Traceback (most recent call last):
        ...
    seqexpr.errors.InputError: 'model.tar' does not end in .zip; a bundle is packed as a .zip
    """
    source, target = Path(folder), Path(destination)
    if target.suffix.lower() != ".zip":
        raise InputError(f"{target.name!r} does not end in .zip; a bundle is packed as a .zip")
    if not (source / "manifest.json").is_file():
        source = source / "model"
    if not (source / "manifest.json").is_file():
        raise BundleError(f"{folder} holds no manifest.json; pass a run folder or its model folder")
    files = FolderFiles(source)
    with atomic_path(target) as temporary, zipfile.ZipFile(temporary, "w") as archive:
        for name in sorted(files.sizes):
            info = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
            info.external_attr = (stat.S_IFREG | 0o644) << 16
            info.create_system = 3  # the same bytes on every system
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, files.read(name))
    with suppress(OSError):
        target.chmod(0o644)
    return target
