"""What every request passes on its way in: counted and logged, let in or not, its body read."""

from __future__ import annotations

import asyncio
import math
import time
import uuid
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect

from seqexpr.serve.limits import BYTES_A_SECOND
from seqexpr.serve.logs import LOGGER, failure
from seqexpr.serve.pace import Pace
from seqexpr.serve.problems import Problem, problem_response
from seqexpr.serve.tokens import is_loopback, same_token

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from seqexpr.serve.limits import Limits
    from seqexpr.serve.service import Service

__all__ = ["Bodies", "Gate", "Recorder"]

_SECURE = {
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}
_GONE = 499  # what nginx logs for a client that did not wait
_OPEN = ("/healthz", "/readyz", "/v1/openapi.json")
_UPLOAD = ("POST", "/v1/jobs")
_TIMED = "/v1/predict"
_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


class Recorder:
    """Number, log and count each request, and turn what goes wrong into a problem document."""

    def __init__(self, app: ASGIApp, service: Service) -> None:
        self.app, self.service = app, service

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1000})
            return
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = time.perf_counter()
        request_id = uuid.uuid4().hex
        scope.setdefault("state", {})["request_id"] = request_id
        status: list[int] = []

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                status.append(message["status"])
                headers = MutableHeaders(scope=message)
                headers["X-Request-Id"] = request_id
                if scope["path"].startswith("/static/"):
                    headers["Cache-Control"] = "no-cache"
                for name, value in _SECURE.items():
                    headers.setdefault(name, value)
            await send(message)

        try:
            await self._run(scope, receive, answer, has_begun=status)
        finally:
            self._note(scope, status[0] if status else _GONE, time.perf_counter() - started)

    async def _run(
        self, scope: Scope, receive: Receive, send: Send, *, has_begun: list[int]
    ) -> None:
        request_id = scope["state"]["request_id"]
        try:
            await self.app(scope, receive, send)
            return
        except Problem as known:
            problem = known
        except ClientDisconnect:
            return
        except asyncio.CancelledError:
            problem = Problem(503, "stopping", "the service was stopped before it could answer")
        except Exception as error:
            LOGGER.error("failure", extra={"fields": {"request": request_id} | failure(error)})
            problem = Problem(
                500,
                "failure",
                "the service failed to answer, and its log says why",
                remedy=f"tell who runs the service the number {request_id}",
            )
        if not has_begun:
            response = problem_response(problem, request_id=request_id)
            await response(scope, receive, send)

    def _note(self, scope: Scope, status: int, seconds: float) -> None:
        is_static = scope["path"].startswith("/static/")
        route = "/static" if is_static else getattr(scope.get("route"), "path", "other")
        metrics = self.service.metrics
        method = scope["method"] if scope["method"] in _METHODS else "other"
        metrics.requests.labels(method, route, str(status)).inc()
        metrics.seconds.labels(route).observe(seconds)
        client = scope.get("client")
        fields = {
            "request": scope["state"]["request_id"],
            "method": method,
            "route": route,
            "status": status,
            "ms": round(seconds * 1000, 1),
            "client": client[0] if client else None,
            **scope["state"].get("log", {}),
        }
        LOGGER.info("request", extra={"fields": fields})


class Gate:
    """Let in who may ask.

    Without a token only requests that name this machine are answered, so that a
    page elsewhere cannot reach the service by a name that it points here; with
    one, those that carry it. What a page of another place sends is refused.
    """

    def __init__(self, app: ASGIApp, service: Service) -> None:
        self.app, self.service = app, service

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] == "http":
            headers = Headers(scope=scope)
            self._check_place(scope, headers)
            if self.service.token is not None and not _is_open(scope["path"]):
                self._check_token(headers, self.service.token)
            if self.service.is_stopping and scope["path"] not in _OPEN:
                raise Problem(503, "stopping", "the service is being stopped", retry_after=5)
        await self.app(scope, receive, send)

    def _check_place(self, scope: Scope, headers: Headers) -> None:
        host = headers.get("host", "")
        if self.service.token is None and not is_loopback(_name_of(host)):
            raise Problem(
                403,
                "foreign-host",
                "this service answers requests to this machine only",
                where="header Host",
                found=host,
                remedy="ask http://127.0.0.1, or start the service with a token",
            )
        origin = headers.get("origin")
        if origin is None or scope["method"] in ("GET", "HEAD"):
            return
        if urlsplit(origin).netloc.lower() != host.lower():
            raise Problem(
                403,
                "foreign-origin",
                "a page of another place may not ask this service",
                where="header Origin",
                found=origin,
                remedy="open the page of this service, or ask from a program",
            )

    def _check_token(self, headers: Headers, token: str) -> None:
        scheme, _, given = headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not same_token(given.strip(), token):
            what = "is wrong" if given else "is missing"
            raise Problem(
                401,
                "token",
                f"the token {what}",
                where="header Authorization",
                remedy="send Authorization: Bearer TOKEN, with the token that the service was "
                "started with",
                headers={"WWW-Authenticate": 'Bearer realm="seqexpr"'},
            )


def _is_open(path: str) -> bool:
    """Whether a path is for everybody. Reports have a key in their link instead."""
    return path == "/" or path in _OPEN or path.startswith(("/static/", "/reports/"))


def _name_of(host: str) -> str:
    """Return the name in a Host header, without port and brackets."""
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0]


class Bodies:
    """Read bodies under limits of size and time, and refuse more requests than can be held."""

    def __init__(self, app: ASGIApp, service: Service) -> None:
        self.app, self.service = app, service
        self.held = self.in_flight = 0
        self.pace = Pace()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http" or scope["method"] not in ("POST", "PUT", "PATCH"):
            await self.app(scope, receive, send)
            return
        limits = self.service.limits
        is_upload = (scope["method"], scope["path"]) == _UPLOAD
        limit = limits.upload_bytes if is_upload else limits.body_bytes
        _check_head(Headers(scope=scope), limit)
        guarded = _Guarded(receive, limit=limit, limits=limits)
        if is_upload:
            await self.app(scope, guarded.receive, send)
            return
        body = bytearray()
        try:
            more = True
            while more:
                message = await guarded.receive()
                if message["type"] == "http.disconnect":
                    raise ClientDisconnect
                body += message.get("body", b"")
                self.held += len(message.get("body", b""))
                more = message.get("more_body", False)
                if self.held > limits.held_bytes:
                    raise Problem(429, "busy", "too much is being sent at a time", retry_after=1)
            await self._pass_on(scope, _replay(bytes(body), receive), send)
        finally:
            self.held -= len(body)

    async def _pass_on(self, scope: Scope, receive: Receive, send: Send) -> None:
        limits, gauge = self.service.limits, self.service.metrics.in_flight
        is_timed = scope["path"] == _TIMED
        if self.in_flight >= limits.in_flight:
            raise _busy(f"{limits.in_flight} requests are being answered, which is the most")
        if is_timed and self.pace.wait > limits.wait_seconds:
            wait = self.pace.wait
            raise _busy(f"{self.pace.n} requests wait, which takes {wait:.1f} s", seconds=wait)
        self.in_flight += 1
        gauge.set(self.in_flight)
        if is_timed:
            self.pace.begin(now=time.monotonic())
        try:
            await self.app(scope, receive, send)
        finally:
            self.in_flight -= 1
            gauge.set(self.in_flight)
            if is_timed:
                self.pace.end(now=time.monotonic())


def _busy(detail: str, *, seconds: float = 1.0) -> Problem:
    return Problem(
        429,
        "busy",
        detail,
        remedy="wait, then ask again; put more sequences into fewer requests",
        retry_after=math.ceil(seconds),
    )


def _check_head(headers: Headers, limit: int) -> None:
    encoding = headers.get("content-encoding", "identity").strip().lower()
    if encoding not in ("identity", ""):
        raise Problem(
            415,
            "encoded-body",
            "compressed bodies are not read",
            where="header Content-Encoding",
            found=encoding,
            remedy="send the body as it is; files of jobs may be compressed themselves (.csv.gz)",
            headers={"Accept-Encoding": "identity"},
        )
    length = headers.get("content-length", "")
    if length.isdecimal() and int(length) > limit:
        raise _too_large(limit, found=f"{int(length):,} bytes")


def _too_large(limit: int, *, found: str) -> Problem:
    return Problem(
        413,
        "body-too-large",
        f"the body is larger than {limit:,} bytes",
        where="body",
        found=found,
        remedy="send fewer sequences at a time, or the file as a job",
    )


class _Guarded:
    """A body that must come in time, and not be too large."""

    def __init__(self, receive: Receive, *, limit: int, limits: Limits) -> None:
        self._receive, self._limit, self._seconds = receive, limit, limits.read_seconds
        self._started = time.monotonic()
        self._n = 0

    async def receive(self) -> Message:
        """Return the next piece."""
        allowed = self._seconds + self._n / BYTES_A_SECOND
        left = self._started + allowed - time.monotonic()
        try:
            async with asyncio.timeout(max(left, 0)):
                message: Message = await self._receive()
        except TimeoutError:
            raise Problem(
                408,
                "slow-body",
                f"the body did not arrive within {allowed:.0f} seconds",
                where="body",
                found=f"{self._n:,} bytes",
                headers={"Connection": "close"},
            ) from None
        self._n += len(message.get("body", b""))
        if self._n > self._limit:
            raise _too_large(self._limit, found=f"more than {self._limit:,} bytes")
        return message


def _replay(body: bytes, receive: Receive) -> Receive:
    """Return a `receive` that gives a body that was read, then what the client does next."""
    is_given = False

    async def again() -> dict[str, Any]:
        nonlocal is_given
        if is_given:
            return dict(await receive())
        is_given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again
