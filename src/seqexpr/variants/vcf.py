"""VCF and BCF: records in, records with effects out, through cyvcf2 (htslib)."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np

from seqexpr.errors import InputError, OutputError
from seqexpr.files import atomic_path
from seqexpr.optional import require
from seqexpr.variants.vcf_index import find_index

__all__ = ["PREFIX", "VcfReader", "VcfWriter", "info_name", "info_value", "is_vcf"]

PREFIX = "SEQEXPR"
"""How the INFO fields that are written begin."""

_MODES = {".vcf": "w", ".vcf.gz": "wz", ".vcf.bgz": "wz", ".bcf": "wb"}


def is_vcf(path: str | os.PathLike[str]) -> bool:
    """Whether a name is that of a VCF or BCF file.

    Examples
    --------
    >>> is_vcf("calls.vcf.gz"), is_vcf("library.csv")
    (True, False)
    """
    return Path(path).name.lower().endswith(tuple(_MODES))


def info_name(kind: str, target: str = "") -> str:
    """Return the name of an INFO field, in letters that a VCF allows.

    Examples
    --------
    >>> info_name("effect"), info_name("lower", "YPD (log2)")
    ('SEQEXPR_EFFECT', 'SEQEXPR_LOWER_YPD_log2')
    """
    plain = re.sub(r"[^0-9A-Za-z]+", "_", target).strip("_")
    return "_".join(part for part in (PREFIX, kind.upper(), plain) if part)


class VcfReader:
    """Read the records of a VCF or BCF file, one by one.

    Parameters
    ----------
    path : str or Path
        VCF, plain or compressed, or BCF; "-" is standard input.

    Attributes
    ----------
    name : str
        Name shown to people.
    samples : list of str
        Names of the samples; empty for sites only.
    file : cyvcf2.VCF
        The open file, from which a :class:`VcfWriter` takes its header.

    Raises
    ------
    InputError
        If the file is not there or is no VCF, or a record is damaged.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        cyvcf2 = require("cyvcf2", extra="genome")
        self.name = str(path)
        if self.name != "-" and not Path(path).is_file():
            raise InputError(f"{path}: there is no such file")
        try:
            self.file = cyvcf2.VCF(self.name)
        except OSError as error:
            raise InputError(
                f"{path} is not a VCF: {error}; expected a header that starts with ##fileformat=VCF"
            ) from error
        self.samples: list[str] = list(self.file.samples)

    def __iter__(self) -> Iterator[Any]:
        return self._guarded(self.file)

    def within(self, chromosome: str, start: int, end: int) -> Iterator[Any]:
        """Read the records that touch ``[start, end)``, 0-based; needs an index beside the file.

        Raises
        ------
        InputError
            If there is no index.
        """
        find_index(self.name)
        return self._guarded(self.file(f"{chromosome}:{start + 1}-{end}"))

    def _guarded(self, records: Any) -> Iterator[Any]:
        number = 0
        try:
            for record in records:
                number += 1
                yield record
        except (OSError, UnicodeDecodeError) as error:
            raise _damaged(self.name, number) from error
        except Exception as error:
            # htslib's errors come as plain Exception; others are ours and pass through.
            if type(error) is not Exception:
                raise
            raise _damaged(self.name, number) from error

    @property
    def chromosomes(self) -> tuple[str, ...]:
        """Names in the header, where it lists any."""
        try:
            return tuple(self.file.seqnames)
        except AttributeError:
            return ()

    def lengths(self) -> dict[str, int]:
        """Lengths of chromosomes by name, where the header says them."""
        try:
            return dict(zip(self.file.seqnames, map(int, self.file.seqlens), strict=True))
        except AttributeError:
            return {}

    def close(self) -> None:
        """Close the file."""
        self.file.close()


def _damaged(name: str, number: int) -> InputError:
    return InputError(
        f"{name}: cannot be read after record {number:,}; the file is cut short or a record is "
        "damaged (bcftools view shows where)"
    )


@dataclass(frozen=True)
class _Field:
    name: str
    type: str
    about: str


class VcfWriter:
    """Write the records of a VCF again, with effects in their INFO; whole or not at all.

    For each alternative allele there are, for each target, ``SEQEXPR_EFFECT``,
    ``SEQEXPR_LOWER``, ``SEQEXPR_UPPER``, ``SEQEXPR_REF`` and ``SEQEXPR_ALT`` (the two
    predictions); then ``SEQEXPR_IN_DOMAIN``, ``SEQEXPR_WINDOW`` and
    ``SEQEXPR_PROBLEM``. Where an allele is seen in several windows, they are those of
    the window in which the effect is strongest, and ``SEQEXPR_ALL`` lists all.

    Parameters
    ----------
    path : str or Path
        .vcf, .vcf.gz (by bgzip) or .bcf by its name.
    reader : VcfReader
        Whose records are written.
    targets : sequence of (str, str)
        Name (empty for a single target) and unit of each target.

    Raises
    ------
    OutputError
        If the name says another format, or the place is not writable.
    """

    def __init__(
        self, path: str | os.PathLike[str], reader: VcfReader, targets: Sequence[tuple[str, str]]
    ) -> None:
        self.path = Path(path)
        self._reader = reader
        self._fields = _fields(targets)
        self._stack = ExitStack()
        self._mode = next(
            (mode for end, mode in _MODES.items() if str(path).lower().endswith(end)), ""
        )
        if not self._mode:
            raise OutputError(f"{path}: the name is none of .vcf, .vcf.gz and .bcf")

    def __enter__(self) -> Self:
        cyvcf2 = require("cyvcf2", extra="genome")
        header = self._reader.file
        for field in self._fields:
            number = "." if field.name == info_name("all") else "A"
            header.add_info_to_header(
                {"ID": field.name, "Number": number, "Type": field.type, "Description": field.about}
            )
        temporary = self._stack.enter_context(atomic_path(self.path))
        try:
            self._writer = cyvcf2.Writer(str(temporary), header, mode=self._mode)
        except OSError as error:
            self._stack.__exit__(type(error), error, error.__traceback__)
            raise OutputError(f"{self.path} cannot be written: {error}") from error
        self._writer.write_header()
        self._stack.callback(self._writer.close)
        return self

    def write(self, record: Any, values: dict[str, list[str]]) -> None:
        """Write a record with INFO values.

        Parameters
        ----------
        record : cyvcf2.Variant
            As it was read.
        values : dict of str to list of str
            By name of the INFO field, as :func:`info_value` gives them; "." is
            missing. A field without any value is left away.
        """
        cells = str(record).rstrip("\n").split("\t")
        kept = [part for part in cells[7].split(";") if not part.startswith(f"{PREFIX}_")]
        added = [
            f"{name}={','.join(items)}"
            for name, items in values.items()
            if any(item != "." for item in items)
        ]
        parts = [part for part in (*kept, *added) if part not in ("", ".")]
        cells[7] = ";".join(parts) or "."
        self._writer.write_record(self._writer.variant_from_string("\t".join(cells)))

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.__exit__(kind, error, trace)


def info_value(value: object) -> str:
    """Return a value as INFO holds it; "." where it is missing.

    Examples
    --------
    >>> info_value(0.25), info_value(True), info_value(float("nan")), info_value("a, b")
    ('0.25', '1', '.', 'a_b')
    """
    if isinstance(value, (bool, np.bool_)):
        return str(int(value))
    if isinstance(value, (float, np.floating)):
        return "." if np.isnan(value) else f"{value:.6g}"
    if value is None or str(value) in ("<NA>", ""):
        return "."
    return re.sub(r"[\s,;=%]+", "_", str(value))


def _fields(targets: Sequence[tuple[str, str]]) -> list[_Field]:
    fields: list[_Field] = []
    for name, unit in targets:
        of = f" of {name}" if name else ""
        by = f" ({unit})" if unit else ""
        texts = {
            "effect": f"Predicted effect{of}: alternative less reference{by}",
            "lower": f"Lower end of the interval of the effect{of}",
            "upper": f"Upper end of the interval of the effect{of}",
            "ref": f"Prediction{of} with the reference allele{by}",
            "alt": f"Prediction{of} with the alternative allele{by}",
        }
        fields += [
            _Field(info_name(kind, name), "Float", text.replace('"', "'"))
            for kind, text in texts.items()
        ]
    return [
        *fields,
        _Field(info_name("in_domain"), "Integer", "1: both sequences are like those of training"),
        _Field(info_name("window"), "String", "Where the allele was seen"),
        _Field(info_name("problem"), "String", "Why there is no effect"),
        _Field(
            info_name("all"), "String",
            "Each window: allele|window|effect|lower|upper|in_domain, of the first target",
        ),
    ]  # fmt: skip
