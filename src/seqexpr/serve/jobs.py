"""Files that are predicted one after the other, kept on disk: what is done survives any kill.

Each job is a folder: ``job.json`` says how far it is, ``input`` is the file
that was sent, and the predictions lie beside it once they are whole. A job
that was not done when the service ended is run again.
"""

from __future__ import annotations

import os
import re
import secrets
import shutil
import threading
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import IO, Any, Literal, TypeAlias, get_args

from pydantic import BaseModel, ConfigDict, ValidationError

from seqexpr.bundle.manifest import utc_now
from seqexpr.errors import InputError, OutputError
from seqexpr.files import atomic_path, check_writable
from seqexpr.serve.job_runner import run_child
from seqexpr.serve.limits import Limits
from seqexpr.serve.logs import LOGGER, failure

__all__ = ["Format", "Job", "Jobs", "State", "Upload"]

State: TypeAlias = Literal["queued", "running", "done", "failed"]
Format: TypeAlias = Literal["csv", "tsv", "parquet", "fasta"]
STATES: tuple[State, ...] = get_args(State)
INPUT, RECORD = "input", "job.json"
_PARTIAL = ".partial"
_LEFT_OVER = re.compile(rf"[0-9a-f]{{16}}(\.[0-9a-f]{{8}})?{re.escape(_PARTIAL)}")


class Job(BaseModel):
    """How far a job is.

    Attributes
    ----------
    id : str
        16 hexadecimal digits.
    model : str
        Name of the model.
    name : str
        What the file was called.
    format : {"csv", "tsv", "parquet", "fasta"}
        Of the predictions.
    state : {"queued", "running", "done", "failed"}
        How far it is.
    created, finished : str
        UTC, ISO 8601.
    bytes : int
        Size of the file.
    rows_done : int
        Rows predicted so far.
    summary : dict or None
        What became of the rows.
    error : str or None
        Why it failed.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", protected_namespaces=())

    id: str
    model: str
    name: str
    format: Format
    state: State
    created: str
    finished: str | None = None
    bytes: int = 0
    rows_done: int = 0
    summary: dict[str, Any] | None = None
    error: str | None = None


@dataclass(eq=False)
class Upload:
    """A file that is being received."""

    job: Job
    folder: Path
    file: IO[bytes]


class Jobs:
    """The jobs of a service, and the thread that has one after the other done.

    Parameters
    ----------
    folder : Path
        Where they are kept; made if it is not there. One service at a time.
    models : mapping of str to Path
        Where each model was loaded from.
    limits : Limits
        Number, time and memory.

    Raises
    ------
    OutputError
        If the folder cannot be written, or another service uses it.
    """

    def __init__(self, folder: Path, *, models: dict[str, Path], limits: Limits) -> None:
        self.folder, self._models, self._limits = folder, models, limits
        self._lock_file = _lock(check_writable(folder / ".lock"))
        self._changed = threading.Condition()
        self._jobs: dict[str, Job] = {}
        self._stop = threading.Event()
        self._unwanted: dict[str, threading.Event] = {}
        self._n_uploads = 0
        try:
            self._read()
        except BaseException:
            self._lock_file.close()
            raise
        self._thread = threading.Thread(target=self._run, name="jobs", daemon=True)
        self._thread.start()

    def _read(self) -> None:
        """Take up what an earlier service left."""
        found = []
        for place in self.folder.iterdir():
            if _LEFT_OVER.fullmatch(place.name):
                shutil.rmtree(place, ignore_errors=True)
            elif (place / RECORD).is_file():
                try:
                    found.append(Job.model_validate_json((place / RECORD).read_bytes()))
                except ValidationError as error:
                    raise InputError(
                        f"{place / RECORD} is no job of this version of seqexpr "
                        f"({error.errors()[0]['msg']}); move {place} away"
                    ) from error
        for job in sorted(found, key=lambda job: (job.created, job.id)):
            again = {"state": "queued", "rows_done": 0} if job.state == "running" else {}
            self._jobs[job.id] = job.model_copy(update=again)

    def list(self) -> list[Job]:
        """Return all jobs, the newest first."""
        with self._changed:
            return list(reversed(self._jobs.values()))

    def get(self, identifier: str) -> Job | None:
        """Return a job, or None if there is none of that id."""
        with self._changed:
            return self._jobs.get(identifier)

    def counts(self) -> dict[State, int]:
        """Return how many jobs there are in each state."""
        states = [job.state for job in self.list()]
        return {state: states.count(state) for state in STATES}

    def place(self, job: Job) -> Path:
        """Return where the predictions of a job are, once it is done."""
        return self.folder / job.id / f"predictions.{job.format}"

    @property
    def is_full(self) -> bool:
        """Whether no more jobs are kept, those that are being received among them."""
        return len(self._jobs) + self._n_uploads >= self._limits.jobs

    def begin(self, model: str, name: str, format: Format) -> Upload:
        """Begin to receive a file. End it with :meth:`commit` or :meth:`abort`.

        Parameters
        ----------
        model : str
            Name of the model.
        name : str
            What the file is called; a folder before it is left out.
        format : {"csv", "tsv", "parquet", "fasta"}
            Of the predictions.
        """
        job = Job(
            id=secrets.token_hex(8), model=model, name=_plain_name(name), format=format,
            state="queued", created=utc_now(),
        )  # fmt: skip
        folder = self.folder / f"{job.id}{_PARTIAL}"
        try:
            folder.mkdir()
            upload = Upload(job, folder, (folder / INPUT).open("wb"))
        except OSError as error:
            raise OutputError(f"cannot keep the file: {error.strerror}") from error
        self._n_uploads += 1
        return upload

    def commit(self, upload: Upload) -> Job:
        """Queue a file that was received whole."""
        with upload.file as file:
            size = file.tell()
            file.flush()
            os.fsync(file.fileno())
        job = upload.job.model_copy(update={"bytes": size})
        _write(job, upload.folder)
        os.replace(upload.folder, self.folder / job.id)
        with self._changed:
            self._n_uploads -= 1
            self._jobs[job.id] = job
            self._changed.notify()
        return job

    def abort(self, upload: Upload) -> None:
        """Forget a file that did not come whole."""
        with self._changed:
            self._n_uploads -= 1
        upload.file.close()
        shutil.rmtree(upload.folder, ignore_errors=True)

    def delete(self, identifier: str) -> bool:
        """Delete a job and its files, and stop it if it runs; return whether it was there."""
        with self._changed:
            job = self._jobs.pop(identifier, None)
            running = self._unwanted.get(identifier)
        if job is None:
            return False
        if running is not None:
            running.set()
        away = self.folder / f"{identifier}.{secrets.token_hex(4)}{_PARTIAL}"
        with suppress(OSError):
            os.replace(self.folder / identifier, away)
        shutil.rmtree(away, ignore_errors=True)
        return True

    def close(self, timeout: float = 5.0) -> None:
        """Stop; what runs is stopped and will be run again after the next start."""
        with self._changed:
            self._stop.set()
            for event in self._unwanted.values():
                event.set()
            self._changed.notify()
        self._thread.join(timeout)
        self._lock_file.close()

    def _run(self) -> None:
        while (taken := self._take()) is not None:
            job, unwanted = taken
            try:
                self._do(job, unwanted)
            except Exception as error:  # the next job may do better
                LOGGER.error("job failed", extra={"fields": {"job": job.id} | failure(error)})
                self._give_up(job.id)
            finally:
                self._unwanted.pop(job.id, None)

    def _take(self) -> tuple[Job, threading.Event] | None:
        """Wait for a job to do, and return it with the event that ends it; None at the end."""
        with self._changed:
            while not self._stop.is_set():
                for job in self._jobs.values():
                    if job.state == "queued":
                        unwanted = self._unwanted[job.id] = threading.Event()
                        return job, unwanted
                self._changed.wait()
        return None

    def _do(self, job: Job, unwanted: threading.Event) -> None:
        if job.model not in self._models:
            error = f"the model {job.model!r} is not served any more; send the file again"
            self._update(job.id, state="failed", error=error, finished=utc_now())
            return
        self._update(job.id, state="running", rows_done=0)
        ended = run_child(
            self._models[job.model],
            source=self.folder / job.id / INPUT,
            destination=self.place(job),
            limits=self._limits,
            unwanted=unwanted,
            on_rows=lambda n: self._note_rows(job.id, n),
        )
        if ended is None:  # deleted, or the service stops: the next one runs it again
            return
        state = "done" if ended.error is None else "failed"
        n = job.rows_done if ended.summary is None else ended.summary["n_rows"]
        error_text = (
            None
            if ended.error is None
            else ended.error.replace(str(self.folder / job.id / INPUT), job.name)
        )
        self._update(
            job.id, state=state, summary=ended.summary, error=error_text, finished=utc_now(),
            **({} if ended.summary is None else {"rows_done": n}),
        )  # fmt: skip
        LOGGER.info("job ended", extra={"fields": {"job": job.id, "state": state, "rows": n}})

    def _give_up(self, identifier: str) -> None:
        """Mark a job as failed, on disk if that can be; else it is run again after a restart."""
        changes = {"state": "failed", "error": "the service failed to run the job"}
        with self._changed:
            if identifier in self._jobs:
                job = self._jobs[identifier].model_copy(update=changes)
                self._jobs[identifier] = job
                with suppress(OutputError):
                    _write(job, self.folder / identifier)

    def _note_rows(self, identifier: str, n: int) -> None:
        with self._changed:
            if identifier in self._jobs:
                job = self._jobs[identifier]
                self._jobs[identifier] = job.model_copy(update={"rows_done": n})

    def _update(self, identifier: str, **changes: Any) -> None:
        """Change a job, on disk first."""
        with self._changed:
            if identifier not in self._jobs:
                return
            job = self._jobs[identifier].model_copy(update=changes)
            _write(job, self.folder / identifier)
            self._jobs[identifier] = job


def _write(job: Job, folder: Path) -> None:
    with atomic_path(folder / RECORD) as temporary:
        temporary.write_text(job.model_dump_json(), encoding="utf-8")


def _plain_name(name: str) -> str:
    r"""Return a file's name without folders and what cannot be printed, at most 100 letters.

    Examples
    --------
    >>> _plain_name("../../lib\x00rary.csv"), _plain_name("")
    ('library.csv', 'table')
    """
    base = PurePath(name.replace("\\", "/")).name
    return "".join(letter for letter in base if letter.isprintable())[:100].strip() or "table"


def _lock(path: Path) -> IO[bytes]:
    """Hold a file that one service at a time can hold; a killed one lets go of it."""
    file = path.open("wb")
    try:
        import fcntl
    except ImportError:  # Windows: two services in one folder are up to the user
        return file
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        file.close()
        raise OutputError(
            f"{path.parent} is used by another service; give each its own --jobs-dir"
        ) from error
    return file
