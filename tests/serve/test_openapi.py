"""Requests made up from the OpenAPI document: whatever comes, no answer is a failure."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings

from seqexpr.serve.app import create_app
from seqexpr.serve.limits import Limits

schemathesis = pytest.importorskip(
    "schemathesis", reason='schemathesis is not installed: pip install "seqexpr[browser]"'
)

TOKEN = "a-token-of-thirty-two-characters"


@pytest.fixture(scope="session")
def api(runs, tmp_path_factory):
    """The document of a service with two models and jobs, which no child process runs."""
    folder = tmp_path_factory.mktemp("api")
    limits = Limits(jobs=1, explained_bases=100, design_seconds=0.2, long_waiting=100)
    app = create_app(runs.lac, runs.yeast, limits=limits, token=TOKEN, jobs_dir=folder / "jobs")

    async def without_end(scope, receive, send):
        """The application, which does not stop when one client of many goes."""
        if scope["type"] == "lifespan":
            for kind in ("startup", "shutdown"):
                await receive()
                await send({"type": f"lifespan.{kind}.complete"})
        else:
            await app(scope, receive, send)

    headers = {"Authorization": f"Bearer {TOKEN}"}
    yield schemathesis.openapi.from_asgi("/v1/openapi.json", without_end, headers=headers)
    app.state.service.close()


schemathesis.checks.load_all_checks()
# Not those that call a request right which names no model, or whose columns have unequal lengths.
CHECKS = [
    schemathesis.checks.CHECKS.get_one(name)
    for name in (
        "not_a_server_error", "status_code_conformance", "content_type_conformance", "response_headers_conformance",
        "response_schema_conformance", "unsupported_method", "allow_header_conformance",
    )
]  # fmt: skip


PATHS = (
    "/healthz", "/metrics", "/readyz", "/v1/design", "/v1/explain", "/v1/jobs", "/v1/jobs/{identifier}",
    "/v1/jobs/{identifier}/predictions", "/v1/models", "/v1/predict", "/v1/read", "/v1/variants",
)  # fmt: skip


def test_every_route_is_tried(api):
    assert sorted(api.keys()) == list(PATHS)


@pytest.mark.parametrize("mode", schemathesis.GenerationMode)
@pytest.mark.parametrize("path", PATHS)
def test_no_request_makes_the_service_fail(api, path, mode):
    for operation in api[path].values():

        @settings(max_examples=15, suppress_health_check=list(HealthCheck))
        @given(case=operation.as_strategy(generation_mode=mode))
        def run(case):
            case.call_and_validate(headers={"Authorization": f"Bearer {TOKEN}"}, checks=CHECKS)

        run()
