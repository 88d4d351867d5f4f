"""The routes of jobs: a file comes in, is predicted in the background, and is fetched."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response
from starlette.concurrency import run_in_threadpool
from starlette.responses import FileResponse

from seqexpr.serve.answering import note
from seqexpr.serve.api import ServiceDependency, answer, problems
from seqexpr.serve.documents import JobDocument, JobList
from seqexpr.serve.jobs import Format, Job, Jobs, Upload
from seqexpr.serve.problems import Problem
from seqexpr.serve.service import Service

__all__ = ["job_routes"]

job_routes = APIRouter(prefix="/v1/jobs", tags=["jobs"])

Identifier = Annotated[str, Path(pattern="^[0-9a-f]{16}$", examples=["0f3a5c7e9b1d2f40"])]
_FILE = {
    "requestBody": {
        "required": True,
        "description": "The file itself: CSV, TSV, Parquet, Excel, FASTA or GenBank, compressed "
        "or not.",
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}
_MEDIA_TYPES = {
    "csv": "text/csv", "tsv": "text/tab-separated-values", "fasta": "text/x-fasta",
    "parquet": "application/vnd.apache.parquet",
}  # fmt: skip
_PREDICTIONS: dict[int | str, dict[str, Any]] = {
    200: {
        "content": {
            kind: {"schema": {"type": "string", "format": "binary"}}
            for kind in _MEDIA_TYPES.values()
        }
    }
}


def _jobs(service: Service) -> Jobs:
    if service.jobs is None:
        raise Problem(
            404,
            "no-jobs",
            "this service takes no jobs",
            remedy="start it with --jobs-dir FOLDER",
        )
    return service.jobs


def _find(service: Service, identifier: str) -> tuple[Jobs, Job]:
    jobs = _jobs(service)
    job = jobs.get(identifier)
    if job is None:
        raise Problem(
            404,
            "unknown-job",
            "there is no such job",
            where="path",
            found=identifier,
            remedy="GET /v1/jobs lists those that are there",
        )
    return jobs, job


def _document(job: Job) -> JobDocument:
    result = f"/v1/jobs/{job.id}/predictions" if job.state == "done" else None
    return JobDocument(**job.model_dump(), result=result)


async def _receive(request: Request, jobs: Jobs, upload: Upload) -> Job:
    """Write a body to disk as it comes, and queue it once it is whole."""
    try:
        size = 0
        async for piece in request.stream():
            await run_in_threadpool(upload.file.write, piece)
            size += len(piece)
        if size == 0:
            raise Problem(400, "empty", "the file is empty", where="body", remedy="send a table")
    except BaseException:
        jobs.abort(upload)
        raise
    return await run_in_threadpool(jobs.commit, upload)


@job_routes.post(
    "",
    response_model=JobDocument,
    status_code=202,
    responses=problems(400, 404, 408, 409, 413, 415, 422, 429),
    openapi_extra=_FILE,
)
async def create_job(
    request: Request,
    service: ServiceDependency,
    model: Annotated[str | None, Query(description="Name of the model.")] = None,
    name: Annotated[str, Query(max_length=255, description="What the file is called.")] = "table",
    format: Annotated[Format, Query(description="Of the predictions.")] = "csv",
) -> Response:
    """Send a file to be predicted. It is on disk when the answer comes, and survives a kill."""
    jobs, served = _jobs(service), service.model(model, where="query.model")
    if jobs.is_full:
        raise Problem(
            409,
            "too-many-jobs",
            f"{service.limits.jobs} jobs are kept, which is the most",
            remedy="delete one: DELETE /v1/jobs/ID",
        )
    try:
        job = await _receive(request, jobs, jobs.begin(served.name, name, format))
    except OSError as error:
        raise Problem(
            507,
            "no-room",
            f"the file cannot be kept: {error.strerror or error}",
            remedy="delete jobs that are done: DELETE /v1/jobs/ID",
        ) from error
    note(request, model=served.name, job=job.id, bytes=job.bytes)
    response = answer(_document(job), 202)
    response.headers["Location"] = f"/v1/jobs/{job.id}"
    return response


@job_routes.get("", response_model=JobList, responses=problems(404))
async def list_jobs(service: ServiceDependency) -> Response:
    """List the jobs, the newest first."""
    return answer(JobList(jobs=[_document(job) for job in _jobs(service).list()]))


@job_routes.get("/{identifier}", response_model=JobDocument, responses=problems(404, 422))
async def get_job(identifier: Identifier, service: ServiceDependency) -> Response:
    """Say how far a job is."""
    return answer(_document(_find(service, identifier)[1]))


@job_routes.get(
    "/{identifier}/predictions",
    response_class=Response,
    responses=problems(404, 409, 422) | _PREDICTIONS,
)
async def get_predictions(identifier: Identifier, service: ServiceDependency) -> Response:
    """Fetch the predictions of a job that is done: one row for each row of the file."""
    jobs, job = _find(service, identifier)
    if job.state != "done":
        raise Problem(
            409,
            "not-done",
            f"the job is {job.state}" + (f": {job.error}" if job.error else ""),
            remedy="send the file again" if job.error else "ask again later",
            retry_after=None if job.error else 1,
        )
    stem = job.name.partition(".")[0] or "table"
    return FileResponse(
        jobs.place(job),
        media_type=_MEDIA_TYPES[job.format],
        filename=f"{stem}-predictions.{job.format}",
    )


@job_routes.delete("/{identifier}", status_code=204, responses=problems(404, 422))
async def delete_job(identifier: Identifier, service: ServiceDependency) -> Response:
    """Delete a job with its files; one that runs is stopped."""
    jobs, job = _find(service, identifier)
    await run_in_threadpool(jobs.delete, job.id)
    return Response(status_code=204)
