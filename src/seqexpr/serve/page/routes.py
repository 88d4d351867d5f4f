"""The page, what it loads, and the reports of the runs beside it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, FastAPI, Query, Request
from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.staticfiles import StaticFiles

from seqexpr import __version__
from seqexpr.serve.problems import Problem
from seqexpr.serve.tokens import link_key, same_token

__all__ = ["add_page"]

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
# A report is our own, but its words come from somebody's table: it may draw, and nothing else.
_REPORT_POLICY = (
    "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'"
)

_routes = APIRouter(include_in_schema=False)


def add_page(app: FastAPI) -> None:
    """Add the page to an application."""
    app.include_router(_routes)
    app.mount("/static", StaticFiles(directory=Path(__file__).with_name("static")), name="static")


@_routes.get("/")
async def show_page(request: Request) -> Response:
    """Show the page."""
    environment = Environment(
        loader=PackageLoader("seqexpr.serve.page"), autoescape=True, undefined=StrictUndefined
    )
    service = request.app.state.service
    text = environment.get_template("index.html.j2").render(
        version=__version__, needs_token=service.token is not None
    )
    return HTMLResponse(text, headers={"Content-Security-Policy": _POLICY})


@_routes.get("/reports/{name}")
async def show_report(
    name: str, request: Request, key: Annotated[str, Query(max_length=64)] = ""
) -> Response:
    """Show the report of the run that a model comes from, to who was told the link."""
    service = request.app.state.service
    model = service.models.get(name)
    if model is None or model.report is None or not same_token(key, link_key(service.secret, name)):
        raise Problem(
            404,
            "no-report",
            "there is no such report, or the service was started anew",
            remedy="load the page again",
        )
    headers = {"Content-Security-Policy": _REPORT_POLICY}
    return FileResponse(model.report, media_type="text/html; charset=utf-8", headers=headers)
