"""Predict a Parquet table of any size: block by block, on any backend, each row once."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from seqexpr.bundle.prediction import PredictionSummary, join_summaries, predict_table
from seqexpr.bundle.store import load_bundle
from seqexpr.data.columns import ColumnRoles
from seqexpr.data.parquet_blocks import ParquetBlock, find_blocks, iter_block
from seqexpr.data.parquet_folder import count_parquet_rows
from seqexpr.data.table import Table, iter_tables
from seqexpr.data.writer import TableWriter
from seqexpr.errors import InputError, OutputError
from seqexpr.files import atomic_path, check_writable, replace_folder, sha256_of_file
from seqexpr.models.fitting import set_jobs
from seqexpr.scale.backend import Backend, LocalBackend

if TYPE_CHECKING:
    from seqexpr.bundle.bundle import Bundle

__all__ = ["PredictBlocks", "predict_blocks"]

_JOB, _MODEL = "job.json", "model.zip"
_BATCH = 10_000
"""Rows that a worker predicts at a time."""


def predict_blocks(
    bundle: Bundle,
    source: str | os.PathLike[str],
    destination: str | os.PathLike[str],
    *,
    backend: Backend | None = None,
    block_rows: int = 100_000,
    sequence: str | None = None,
    id: str | None = None,
    resume: bool = False,
    on_rows: Callable[[int], None] = lambda n_rows: None,
) -> PredictionSummary:
    """Predict each sequence of a Parquet table, the same as :func:`predict_file` does.

    Each block becomes a file beside the destination, written whole or not at
    all. When all are there, each is checked against the count and the digest
    that its worker gave, and they are moved to their place as a folder, or
    joined to one file.

    Parameters
    ----------
    bundle : Bundle
        A loaded model; workers read a copy of it beside the destination.
    source : str or Path
        A Parquet file or a folder of them, where every worker can read it.
    destination : str or Path
        A folder, for a name without an ending: ``part-000000.parquet``, … in
        the order of the rows. Or one file, as for :func:`predict_file`. Where
        every worker can write.
    backend : Backend, optional
        Who does it. Default one block after the other, here.
    block_rows : int
        Rows of a block, about. Default 100,000.
    sequence, id : str, optional
        Column names; recognised on the first rows if not given.
    resume : bool
        Whether blocks that an interrupted job finished are taken up, if it was
        this job. Default False.
    on_rows : callable
        Told the number of rows done after each block.

    Returns
    -------
    PredictionSummary
        As :func:`predict_file` gives it.

    Raises
    ------
    TableError, ColumnError
        If the input is no Parquet, cannot be read, or lacks a covariate.
    OutputError
        If the output cannot be written, or a block is not as its worker left it.
    """
    target = Path(destination)
    if str(destination) == "-":
        raise InputError("blocks are written to files; name one with -o, not standard output")
    if target.is_file() and not target.suffix:
        raise OutputError(f"{target} is a file; name a folder, or a file with an ending")
    if not target.suffix and count_parquet_rows(source) is None:
        raise OutputError(
            f"{target}: the name does not say a format; end it in .csv, .tsv, .parquet or .fasta "
            "(only a table in Parquet is predicted into a folder)"
        )
    check_writable(target)
    blocks = find_blocks(source, rows=block_rows)
    first = next(iter_tables(source, batch_size=1_000, sequence=sequence, id=id,
                             covariate=tuple(item.name for item in bundle.covariates)))  # fmt: skip
    parts = target.absolute().with_name(f".{target.name}.blocks")
    ending = "fasta" if target.suffix in (".fasta", ".fa", ".fna") else "parquet"
    packed = _packed(bundle)
    model = hashlib.sha256(packed).hexdigest()
    work = PredictBlocks(str(parts), model, first.roles, first.source, ending)
    _open_folder(parts, work.key(blocks), packed, resume=resume)
    done = {} if not resume else _finished(parts, blocks)
    counted = sum(block.n_rows for block in blocks if block.index in done)
    left = [block for block in blocks if block.index not in done]
    for text in (backend or LocalBackend()).run(work, left) if left else ():
        result = json.loads(text)
        done[result["index"]] = result
        counted += result["n_rows"]
        on_rows(counted)
    _check(parts, blocks, done, ending=work.ending)
    _publish(parts, target, [parts / _name(block.index, work.ending) for block in blocks])
    return join_summaries(
        [PredictionSummary.from_dict(done[block.index]["summary"]) for block in blocks],
        notes=first.notes,
    )


@dataclass(frozen=True)
class PredictBlocks:
    """What is sent to workers: the model, and how its blocks are read and written.

    Attributes
    ----------
    folder : str
        Where the blocks are written; holds the model too.
    model : str
        SHA-256 of the model's .zip.
    roles : ColumnRoles
        What the columns are.
    source : str
        Name of the table.
    ending : {"parquet", "fasta"}
        What the blocks are written as.
    """

    folder: str
    model: str
    roles: ColumnRoles
    source: str
    ending: str

    def key(self, blocks: Sequence[ParquetBlock]) -> str:
        """Return a digest of the job: of all that the blocks' predictions depend on."""
        digest = hashlib.sha256(self.model.encode())
        for block in blocks:
            at = Path(block.path).stat()
            digest.update(repr((block, at.st_size, at.st_mtime_ns)).encode())
        digest.update(repr((self.roles, self.ending)).encode())
        return digest.hexdigest()

    def open(self, *, n_jobs: int | None = None) -> Callable[[ParquetBlock], str]:
        """Load the model, with all that is checked on the way."""
        file = Path(self.folder, _MODEL)
        if not file.is_file() or sha256_of_file(file) != self.model:
            raise InputError(
                f"a worker does not find the model in {self.folder}; name an output that all "
                "machines share"
            )
        bundle = load_bundle(file)
        if n_jobs is not None:
            set_jobs(bundle.model, n_jobs)

        def do(block: ParquetBlock) -> str:
            return json.dumps(self._do(bundle, block))

        return do

    def _do(self, bundle: Bundle, block: ParquetBlock) -> dict[str, Any]:
        """Predict a block, and say what its file is."""
        file = Path(self.folder, _name(block.index, self.ending))
        summaries = []
        with TableWriter(file) as writer:
            for first_row, frame in iter_block(block, batch_size=_BATCH):
                table = Table(frame, self.roles, self.source, "parquet", first_row=first_row)
                predicted, summary = predict_table(
                    bundle, table, with_sequence=self.ending == "fasta"
                )
                writer.write(predicted)
                summaries.append(summary)
        result = {
            "index": block.index,
            "n_rows": block.n_rows,
            "sha256": sha256_of_file(file),
            "summary": asdict(join_summaries(summaries)),
        }
        with atomic_path(file.with_suffix(".json")) as temporary:
            temporary.write_text(json.dumps(result))
        return result


def _name(index: int, ending: str) -> str:
    return f"part-{index:06d}.{ending}"


def _packed(bundle: Bundle) -> bytes:
    """Return the bundle as the bytes of a .zip, the same for the same bundle."""
    if bundle.path.is_file():
        return bundle.path.read_bytes()
    with tempfile.TemporaryFile() as file:
        with zipfile.ZipFile(file, "w") as archive:
            for path in sorted(bundle.path.rglob("*")):
                if path.is_file():
                    name = path.relative_to(bundle.path).as_posix()
                    archive.writestr(zipfile.ZipInfo(name), path.read_bytes())
        file.seek(0)
        return file.read()


def _open_folder(parts: Path, key: str, model: bytes, *, resume: bool) -> None:
    """Make the folder of the blocks; one of another job, or of no interest, is emptied."""
    job = parts / _JOB
    is_same = job.is_file() and json.loads(job.read_text()).get("key") == key
    if parts.exists() and not (resume and is_same):
        shutil.rmtree(parts)
    try:
        parts.mkdir(parents=True, exist_ok=True)
        with atomic_path(parts / _MODEL) as temporary:
            temporary.write_bytes(model)
        with atomic_path(job) as temporary:
            temporary.write_text(json.dumps({"key": key}))
    except OSError as error:
        raise OutputError(f"cannot write {parts}: {error.strerror or error}") from error


def _finished(parts: Path, blocks: Sequence[ParquetBlock]) -> dict[int, dict[str, Any]]:
    """Return what an interrupted job has finished and left as it was."""
    done = {}
    for block in blocks:
        said = parts / f"part-{block.index:06d}.json"
        if said.is_file():
            done[block.index] = json.loads(said.read_text())
    return done


def _check(
    parts: Path, blocks: Sequence[ParquetBlock], done: dict[int, dict[str, Any]], *, ending: str
) -> None:
    """Check that each block is there once, with all its rows, as its worker left it."""
    for block in blocks:
        file = parts / _name(block.index, ending)
        result = done.get(block.index)
        if result is None or not file.is_file():
            raise OutputError(f"block {block.index} was not written; run it again with --resume")
        if result["n_rows"] != block.n_rows or sha256_of_file(file) != result["sha256"]:
            raise OutputError(
                f"{file} is not as its worker left it; remove it, and run again with --resume"
            )


def _publish(parts: Path, target: Path, files: Sequence[Path]) -> None:
    """Move the blocks to their place as a folder, or join them to one file."""
    if not target.suffix:
        for beside in set(parts.iterdir()) - set(files):  # what killed workers had begun, too
            beside.unlink()
        replace_folder(parts, target.absolute())
        return
    if files[0].suffix == ".fasta":
        with atomic_path(target) as temporary, temporary.open("wb") as whole:
            for file in files:
                with file.open("rb") as part:
                    shutil.copyfileobj(part, whole)
    else:
        from pyarrow import parquet

        with TableWriter(target) as writer:
            for file in files:
                with parquet.ParquetFile(file, pre_buffer=False) as part:
                    for batch in part.iter_batches():
                        writer.write(batch.to_pandas())
    shutil.rmtree(parts, ignore_errors=True)
