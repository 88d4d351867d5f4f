"""The application: routes, what every request passes, and the page."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.openapi.utils import get_openapi
from starlette.exceptions import HTTPException

from seqexpr import __version__
from seqexpr.serve.api import health, v1
from seqexpr.serve.documents import ProblemDocument
from seqexpr.serve.jobs import Jobs
from seqexpr.serve.jobs_api import job_routes
from seqexpr.serve.limits import Limits
from seqexpr.serve.metrics import Metrics
from seqexpr.serve.middleware import Bodies, Gate, Recorder
from seqexpr.serve.models import load_models
from seqexpr.serve.page.routes import add_page
from seqexpr.serve.problems import Problem, problem_response, validation_problem
from seqexpr.serve.service import Service

__all__ = ["create_app"]

_ABOUT = (
    "Predictions of models that seqexpr trained: from DNA sequences to expression, each with an "
    "interval and a word on whether the sequence is like those of training. Errors are problem "
    "documents (RFC 9457)."
)


def create_app(
    *sources: str | Path,
    limits: Limits | None = None,
    token: str | None = None,
    jobs_dir: str | Path | None = None,
) -> FastAPI:
    """Load models, and return the application that serves them.

    Parameters
    ----------
    *sources : str or Path
        Run folders, model folders or .zip files, or NAME=PATH.
    limits : Limits, optional
        What it takes.
    token : str, optional
        What requests must carry as ``Authorization: Bearer TOKEN``. Without one,
        only requests that name this machine are answered.
    jobs_dir : str or Path, optional
        Folder of the jobs; without one, no files are taken.

    Returns
    -------
    FastAPI
        An ASGI application, with everything it holds in ``app.state.service``.

    Raises
    ------
    InputError, BundleError
        If a model cannot be loaded, or two have one name.
    OutputError
        If `jobs_dir` cannot be written, or another service uses it.
    """
    limits, metrics = limits or Limits(), Metrics()
    models = load_models(list(map(str, sources)), limits=limits, on_batch=metrics.note_batch)
    jobs = None
    if jobs_dir is not None:
        places = {name: model.bundle.path.resolve() for name, model in models.items()}
        jobs = Jobs(Path(jobs_dir), models=places, limits=limits)
    service = Service(models, limits, metrics, token=token, jobs=jobs)
    app = FastAPI(
        title="seqexpr", version=__version__, description=_ABOUT, lifespan=_lifespan,
        openapi_url="/v1/openapi.json",
        docs_url=None, redoc_url=None,  # they load scripts from elsewhere
    )  # fmt: skip
    app.state.service = service
    for router in (v1, job_routes, health):
        app.include_router(router)
    add_page(app)
    app.add_exception_handler(HTTPException, _say_no)
    app.add_exception_handler(RequestValidationError, _say_what_is_wrong)
    for layer in (Bodies, Gate, Recorder):  # the last one is met first
        app.add_middleware(layer, service=service)
    app.openapi = lambda: _openapi(app)  # type: ignore[method-assign]
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    yield
    app.state.service.close()


async def _say_no(request: Request, error: Exception) -> Response:
    problem = error
    if not isinstance(problem, Problem):
        found = error if isinstance(error, HTTPException) else HTTPException(500)
        kinds = {404: "not-found", 405: "method"}
        problem = Problem(
            found.status_code,
            kinds.get(found.status_code, "http"),
            str(found.detail),
            headers=dict(found.headers or {}),
            remedy="see /v1/openapi.json for what there is",
        )
    return problem_response(problem, request_id=request.state.request_id)


async def _say_what_is_wrong(request: Request, error: Exception) -> Response:
    errors = error.errors() if isinstance(error, RequestValidationError) else []
    return problem_response(validation_problem(errors), request_id=request.state.request_id)


def _openapi(app: FastAPI) -> dict[str, Any]:
    """Return the OpenAPI document, with the shape of problems and the token."""
    if app.openapi_schema is None:
        document = get_openapi(
            title=app.title, version=app.version, description=app.description, routes=app.routes
        )
        parts = document.setdefault("components", {})
        reference = "#/components/schemas/{model}"
        parts["schemas"]["ProblemDocument"] = ProblemDocument.model_json_schema(
            ref_template=reference
        )
        if app.state.service.token is not None:
            parts["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
            document["security"] = [{"token": []}]
        app.openapi_schema = document
    return app.openapi_schema
