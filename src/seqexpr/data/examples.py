"""The embedded example data: what there is, where it lies, and a copy of it."""

from __future__ import annotations

import os
import shutil
from dataclasses import asdict, dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from seqexpr.errors import UnknownNameError, did_you_mean
from seqexpr.files import atomic_path

__all__ = ["EXAMPLES", "Example", "copy_example", "example_path"]


@dataclass(frozen=True)
class Example:
    """An embedded data set.

    Attributes
    ----------
    name, file : str
        Its name, and the file inside the package.
    title, description : str
        One line each, for people: what was measured.
    n_rows : int
        Number of sequences.
    organism, reference, licence : str
        Where it comes from and what may be done with it; the full text of both
        lies beside the file.
    """

    name: str
    file: str
    title: str
    description: str
    n_rows: int
    organism: str
    reference: str
    licence: str

    def to_dict(self) -> dict[str, Any]:
        """Return the attributes, JSON-ready."""
        return asdict(self)


EXAMPLES: dict[str, Example] = {
    "lac": Example(
        name="lac",
        file="lac.tsv.gz",
        title="E. coli lac promoter variants, sort-seq",
        description="50,518 variants of 75 bases with the mean bin (0 to 9) each was sorted into",
        n_rows=50_518,
        organism="Escherichia coli",
        reference="Kinney et al. 2010, PNAS 107:9158, doi:10.1073/pnas.1004290107",
        licence="MIT (from mavenn 1.1.4)",
    )
}


def example_path(name: str) -> Path:
    """Return the path of an embedded table.

    Parameters
    ----------
    name : str
        One of :data:`EXAMPLES`.

    Returns
    -------
    Path
        Of a file inside the installed package; read it, do not change it.

    Raises
    ------
    UnknownNameError
        If there is no such data set.

    Examples
    --------
    >>> example_path("lac").name
    'lac.tsv.gz'
    >>> example_path("lca")
    Traceback (most recent call last):
        ...
    seqexpr.errors.UnknownNameError: no embedded data set 'lca'; did you mean 'lac'? Known: lac
    """
    if name not in EXAMPLES:
        hint = did_you_mean(name, EXAMPLES) or ";"
        known = ", ".join(EXAMPLES)
        raise UnknownNameError(f"no embedded data set {name!r}{hint} Known: {known}")
    return Path(str(files("seqexpr.data") / "embedded" / EXAMPLES[name].file))


def copy_example(name: str, destination: str | os.PathLike[str]) -> Path:
    """Copy an embedded table to a file, atomically.

    Parameters
    ----------
    name : str
        One of :data:`EXAMPLES`.
    destination : str or Path
        File to write; one that is there is replaced. The copy is compressed
        like the original (gzip).

    Returns
    -------
    Path
        The destination.

    Raises
    ------
    UnknownNameError
        If there is no such data set.
    OutputError
        If the file cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     copy_example("lac", f"{folder}/lac.tsv.gz").stat().st_size < 1_000_000
    True
    """
    source = example_path(name)
    with atomic_path(destination) as temporary:
        shutil.copyfile(source, temporary)
    return Path(destination)
