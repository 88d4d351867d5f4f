"""A job in blocks: each block a file beside the output; checked, then moved to its place."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import tempfile
import zipfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeAlias

from seqexpr.bundle.store import load_bundle
from seqexpr.data.parquet_folder import count_parquet_rows
from seqexpr.data.writer import TableWriter
from seqexpr.errors import InputError, OutputError
from seqexpr.files import atomic_path, check_writable, replace_folder, sha256_of_file
from seqexpr.models.fitting import set_jobs
from seqexpr.scale.backend import Backend, Block, LocalBackend

if TYPE_CHECKING:
    from seqexpr.bundle.bundle import Bundle

__all__ = ["BlockResult", "BlockTask", "JobBlock", "check_destination", "run_job"]

BlockResult: TypeAlias = tuple[int, dict[str, Any]]
"""How many rows were written, and a summary that JSON can hold."""
Format: TypeAlias = Literal["csv", "tsv", "parquet", "fasta"]

_JOB, _MODEL = "job.json", "model.zip"
_PART = re.compile(r"part-\d+\.parquet")


class JobBlock(Block, Protocol):
    """A block of a job."""

    @property
    def files(self) -> tuple[str, ...]:
        """What it is read from; if a file has changed, what was done with it is done again."""
        ...

    @property
    def n_rows(self) -> int | None:
        """Rows that are to be written; None where that is not known before."""
        ...


class BlockTask(Protocol):
    """What is done with each block; sent to workers, so that it can be pickled and hashed.

    Its ``repr`` is part of the key of the job: everything that results depend on stands in it.
    """

    def start(self, bundle: Bundle) -> Callable[[Any, Path], BlockResult]:
        """Get ready, once a worker, and return what writes a block to a file.

        Of a block without rows no file need be written.
        """
        ...


def check_destination(
    destination: str | os.PathLike[str],
    *,
    formats: tuple[Format, ...],
    source: str | os.PathLike[str] | None = None,
) -> Path:
    """Return where blocks are written, if they can be.

    Parameters
    ----------
    destination : str or Path
        A folder, for a name without an ending, or one file.
    formats : tuple of str
        What one file may be.
    source : str or Path, optional
        A table that must be Parquet to be written into a folder.

    Raises
    ------
    InputError
        If it is standard output.
    OutputError
        If the name does not say a format, the place is not writable, or a folder that is there
        holds anything but parts of such a job.
    """
    target = Path(destination)
    if str(destination) == "-":
        raise InputError("blocks are written to files; name one with -o, not standard output")
    if target.suffix:
        if TableWriter(target).format not in formats:  # which says if the name is of no format
            raise OutputError(
                f"{target}: blocks are written as a folder, or as one file that ends in "
                f".{', .'.join(formats)}"
            )
        return check_writable(target)
    if target.is_file():
        raise OutputError(f"{target} is a file; name a folder, or a file with an ending")
    if source is not None and count_parquet_rows(source) is None:
        raise OutputError(
            f"{target}: the name does not say a format; end it in .{', .'.join(formats)} "
            "(only a table in Parquet is written into a folder)"
        )
    strange = [] if not target.is_dir() else sorted(path.name for path in target.iterdir())
    strange = [name for name in strange if not _PART.fullmatch(name)]
    if strange:
        raise OutputError(
            f"{target} is a folder that holds other files than parts ({', '.join(strange[:3])}); "
            "name another one, since it would be replaced"
        )
    return check_writable(target)


def run_job(
    bundle: Bundle,
    task: BlockTask,
    blocks: Sequence[JobBlock],
    *,
    target: Path,
    backend: Backend | None = None,
    resume: bool = False,
    check: Callable[[list[dict[str, Any]]], None] = lambda summaries: None,
    on_rows: Callable[[int], None] = lambda n_rows: None,
) -> list[dict[str, Any]]:
    """Do every block, each once, and put what was written to its place.

    Each block becomes a file beside the target, written whole or not at all.
    When all are there, each is checked against the count and the digest that
    its worker gave, and they are moved to their place as a folder, or joined to
    one file.

    Parameters
    ----------
    bundle : Bundle
        A loaded model; workers read a copy of it beside the target.
    task : BlockTask
        What is done with each.
    blocks : sequence of JobBlock
        Numbered 0, 1, …
    target : Path
        As from :func:`check_destination`, where every worker can write.
    backend : Backend, optional
        Who does it. Default processes of this machine, from four blocks on.
    resume : bool
        Whether blocks that an interrupted job finished are taken up, if it was
        this job. Default False.
    check : callable
        Given the summaries before anything is moved to its place; raises if they
        are not those of the whole. Default believes them.
    on_rows : callable
        Told the number of rows done after each block.

    Returns
    -------
    list of dict
        The summary of each block, in their order.

    Raises
    ------
    OutputError
        If the output cannot be written, or a block is not as its worker left it.
    """
    parts = target.absolute().with_name(f".{target.name}.blocks")
    packed = _packed(bundle)
    work = _Work(str(parts), hashlib.sha256(packed).hexdigest(), task)
    _open_folder(parts, work.key(blocks), packed, resume=resume)
    done = _finished(parts, blocks) if resume else {}
    counted = sum(result["n_rows"] for result in done.values())
    left = [block for block in blocks if block.index not in done]
    for text in (backend or LocalBackend()).run(work, left) if left else ():
        result = json.loads(text)
        done[result["index"]] = result
        counted += result["n_rows"]
        on_rows(counted)
    files = [_check(parts, block, done) for block in blocks]
    summaries = [done[block.index]["summary"] for block in blocks]
    check(summaries)
    _publish(parts, target, [file for file in files if file is not None])
    return summaries


@dataclass(frozen=True)
class _Work:
    """What is sent to workers: where the model lies, and what is done with it.

    Attributes
    ----------
    folder : str
        Where the blocks are written; holds the model too.
    model : str
        SHA-256 of the model's .zip.
    task : BlockTask
        What is done with each block.
    """

    folder: str
    model: str
    task: BlockTask

    def key(self, blocks: Sequence[JobBlock]) -> str:
        """Return a digest of the job: of all that its results depend on."""
        digest = hashlib.sha256(self.model.encode())
        seen: dict[str, tuple[int, int]] = {}
        for block in blocks:
            for file in block.files:
                if file not in seen:
                    at = Path(file).stat()
                    seen[file] = (at.st_size, at.st_mtime_ns)
            digest.update(repr((block, [seen[file] for file in block.files])).encode())
        digest.update(repr(self.task).encode())
        return digest.hexdigest()

    def open(self, *, n_jobs: int | None = None) -> Callable[[JobBlock], str]:
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
        write = self.task.start(bundle)

        def do(block: JobBlock) -> str:
            return json.dumps(self._do(write, block))

        return do

    def _do(self, write: Callable[[JobBlock, Path], BlockResult], block: JobBlock) -> Any:
        """Write a block, and say what its file is."""
        file = Path(self.folder, _name(block))
        n_rows, summary = write(block, file)
        result = {
            "index": block.index,
            "n_rows": n_rows,
            "sha256": sha256_of_file(file) if n_rows else None,
            "summary": summary,
        }
        with atomic_path(file.with_suffix(".json")) as temporary:
            temporary.write_text(json.dumps(result))
        return result


def _name(block: Block) -> str:
    return f"part-{block.index:06d}.parquet"


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


def _finished(parts: Path, blocks: Iterable[Block]) -> dict[int, dict[str, Any]]:
    """Return what an interrupted job has finished, as its workers said it."""
    done = {}
    for block in blocks:
        file = parts / _name(block)
        said = file.with_suffix(".json")
        result = json.loads(said.read_text()) if said.is_file() else None
        if result is not None and (file.is_file() or not result["n_rows"]):
            done[block.index] = result
    return done


def _check(parts: Path, block: JobBlock, done: Mapping[int, dict[str, Any]]) -> Path | None:
    """Return a block's file if it is there with all its rows, as its worker left it."""
    file = parts / _name(block)
    result = done.get(block.index)
    if result is None or (result["n_rows"] and not file.is_file()):
        raise OutputError(f"block {block.index} was not written; run it again with --resume")
    is_whole = block.n_rows in (None, result["n_rows"])
    if result["n_rows"] and is_whole:
        is_whole = sha256_of_file(file) == result["sha256"]
    if not is_whole:
        file.with_suffix(".json").unlink(missing_ok=True)  # not to be believed by the next run
        raise OutputError(
            f"{file} is not as its worker left it; run it again with --resume, which writes it anew"
        )
    return file if result["n_rows"] else None


def _publish(parts: Path, target: Path, files: Sequence[Path]) -> None:
    """Move the blocks to their place as a folder, or join them to one file."""
    if not files:
        raise OutputError(f"{target}: there are no rows to write")
    if not target.suffix:
        for beside in set(parts.iterdir()) - set(files):  # what killed workers had begun, too
            beside.unlink()
        replace_folder(parts, target.absolute())
        return
    if TableWriter(target).format == "parquet":
        _join_parquet(files, target)
    else:
        from pyarrow import parquet

        with TableWriter(target) as writer:
            for file in files:
                with parquet.ParquetFile(file, pre_buffer=False) as part:
                    for batch in part.iter_batches():
                        writer.write(batch.to_pandas())
    shutil.rmtree(parts, ignore_errors=True)


def _join_parquet(files: Sequence[Path], target: Path) -> None:
    """Write the groups of rows of some files to one, as they are."""
    from pyarrow import parquet

    schema = parquet.read_schema(files[0])
    with atomic_path(target) as temporary, parquet.ParquetWriter(temporary, schema) as writer:
        for file in files:
            with parquet.ParquetFile(file, pre_buffer=False) as part:
                for group in range(part.num_row_groups):
                    writer.write_table(part.read_row_group(group))
