"""The routes of the API: what is asked, what is answered, and with which problems."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from seqexpr.serve.answering import explain, note, predict
from seqexpr.serve.comparing import compare
from seqexpr.serve.describing import describe
from seqexpr.serve.designing import search_designs
from seqexpr.serve.documents import HealthDocument, ModelList
from seqexpr.serve.metrics import MEDIA_TYPE as METRICS_TYPE
from seqexpr.serve.problems import MEDIA_TYPE, Problem
from seqexpr.serve.reading import read_text
from seqexpr.serve.schemas import (
    DesignAnswer,
    DesignRequest,
    ExplainAnswer,
    ExplainRequest,
    PredictAnswer,
    PredictRequest,
    ReadAnswer,
    VariantsAnswer,
    VariantsRequest,
)
from seqexpr.serve.service import Service

if TYPE_CHECKING:
    from pydantic import BaseModel

__all__ = ["PROBLEMS", "ServiceDependency", "answer", "health", "problems", "v1"]

_MEANINGS = {
    400: "The request cannot be read.",
    401: "The token is missing or wrong.",
    403: "The request names another host, or comes from a page of another place.",
    404: "There is nothing of that name.",
    408: "The body came too slowly.",
    409: "Not as things stand.",
    413: "The request is larger than is allowed.",
    415: "The body has a type or an encoding that is not read.",
    422: "The request has the wrong fields, types or values.",
    429: "There is no room for more; Retry-After says when to ask again.",
    503: "The answer took too long, or the service is being stopped.",
}
_SCHEMA = {"schema": {"$ref": "#/components/schemas/ProblemDocument"}}


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return what OpenAPI says of these statuses, and of those that every route has."""
    return {
        status: {"description": _MEANINGS[status], "content": {MEDIA_TYPE: _SCHEMA}}
        for status in sorted({401, 403, 503, *statuses})
    }


PROBLEMS = problems(400, 404, 408, 413, 415, 422, 429)


def _service(request: Request) -> Service:
    service: Service = request.app.state.service
    return service


ServiceDependency = Annotated[Service, Depends(_service)]


def answer(document: BaseModel, status: int = 200) -> Response:
    """Return a document as JSON; numbers that are missing are null."""
    return Response(document.model_dump_json(), status, media_type="application/json")


v1 = APIRouter(prefix="/v1")
health = APIRouter()


@v1.get("/models", response_model=ModelList, responses=problems(), tags=["models"])
async def list_models(service: ServiceDependency) -> Response:
    """List the models that are served, and what a request may hold."""
    return answer(describe(service))


@v1.post("/predict", response_model=PredictAnswer, responses=PROBLEMS, tags=["predictions"])
async def predict_sequences(
    asked: PredictRequest, request: Request, service: ServiceDependency
) -> Response:
    """Predict sequences, each with an interval and whether it is like those of training.

    A sequence that cannot be predicted has a problem in the answer; the others are predicted.
    """
    model = service.model(asked.model)
    note(request, model=model.name, sequences=len(asked.sequences))
    return answer(await predict(service, model, asked))


@v1.post("/explain", response_model=ExplainAnswer, responses=PROBLEMS, tags=["predictions"])
async def explain_sequences(
    asked: ExplainRequest, request: Request, service: ServiceDependency
) -> Response:
    """Explain a few sequences base by base: what each base contributes, what each change does.

    In-silico mutagenesis: every base is changed to every other one, and predicted again.
    """
    model = service.model(asked.model)
    note(request, model=model.name, sequences=len(asked.sequences))
    return answer(await explain(service, model, asked))


@v1.post("/variants", response_model=VariantsAnswer, responses=PROBLEMS, tags=["predictions"])
async def score_variants(
    asked: VariantsRequest, request: Request, service: ServiceDependency
) -> Response:
    """Predict what changes of a sequence do: each effect with the interval of a difference.

    A variant that does not fit has a problem in the answer; the others are scored.
    """
    model = service.model(asked.model)
    note(request, model=model.name, sequences=len(asked.variants or ()))
    return answer(await compare(service, model, asked))


@v1.post("/design", response_model=DesignAnswer, responses=PROBLEMS, tags=["predictions"])
async def design_sequences(
    asked: DesignRequest, request: Request, service: ServiceDependency
) -> Response:
    """Search for sequences that do what is wanted, by what the model is sure of.

    A small search, of some seconds; `seqexpr design` takes longer and knows more constraints.
    """
    model = service.model(asked.model)
    note(request, model=model.name, sequences=asked.n)
    return answer(await search_designs(service, model, asked))


_TEXT = {
    "requestBody": {
        "required": True,
        "content": {
            "text/plain": {
                "schema": {"type": "string", "minLength": 1},
                "example": ">promoter_1\nACGTTGACTCAACGTACGTACGATCG\n",
            }
        },
    }
}


@v1.post(
    "/read",
    response_model=ReadAnswer,
    responses=PROBLEMS,
    tags=["predictions"],
    openapi_extra=_TEXT,
)
async def read_sequences(
    request: Request,
    service: ServiceDependency,
    model: Annotated[str | None, Query(description="Whose covariates are wanted.")] = None,
) -> Response:
    """Read FASTA, GenBank, CSV, TSV or one sequence a line, as `seqexpr predict` reads files."""
    served = service.model(model, where="query.model")
    if request.headers.get("content-type", "text/plain").partition(";")[0].strip() != "text/plain":
        raise Problem(
            415,
            "media-type",
            "the text must be sent as text/plain",
            where="header Content-Type",
            found=request.headers["content-type"],
            remedy="send Content-Type: text/plain",
        )
    covariates = [item.name for item in served.bundle.covariates]
    data = await request.body()
    read = await run_in_threadpool(
        read_text, data, covariates=covariates, most=service.limits.sequences
    )
    note(request, model=served.name, sequences=len(read.sequences))
    return answer(read)


@health.get("/healthz", response_model=HealthDocument, tags=["service"])
async def healthz(service: ServiceDependency) -> Response:
    """Say that the process is there."""
    return answer(HealthDocument(status="stopping" if service.is_stopping else "ok"))


@health.get("/readyz", response_model=HealthDocument, responses=problems(), tags=["service"])
async def readyz(service: ServiceDependency) -> Response:
    """Say that models are loaded and requests are taken: 200, else 503."""
    if service.is_stopping:
        raise Problem(503, "stopping", "the service is being stopped", retry_after=5)
    return answer(HealthDocument(status="ok"))


_METRICS: dict[int | str, dict[str, Any]] = {
    200: {"content": {"text/plain": {"schema": {"type": "string"}}}}
}


@health.get(
    "/metrics",
    tags=["service"],
    response_class=Response,
    responses=problems() | _METRICS,
)
async def metrics(service: ServiceDependency) -> Response:
    """Return counters and times in the text format of Prometheus."""
    if service.jobs is not None:
        for state, n in service.jobs.counts().items():
            service.metrics.jobs.labels(state).set(n)
    return Response(service.metrics.to_text(), media_type=METRICS_TYPE)
