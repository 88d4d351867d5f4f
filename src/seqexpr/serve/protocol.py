"""HTTP/1.1 as uvicorn speaks it, with a deadline for clients that begin and do not go on.

uvicorn waits for ever for the head of a request, and reads on for ever what is
left of a body after an early answer. A client that sends one byte a minute
would hold its connection for days, and a thousand of them all there are.
"""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, ClassVar

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from seqexpr.serve.limits import BYTES_A_SECOND

if TYPE_CHECKING:
    from seqexpr.serve.limits import Limits

__all__ = ["guarded_protocol"]


def _answer(status: str, kind: str, detail: str) -> bytes:
    """Return a whole response, for clients that no application has seen."""
    number, _, title = status.partition(" ")
    content = {"type": f"urn:seqexpr:problem:{kind}", "title": title, "status": int(number)}
    body = json.dumps(content | {"detail": detail}).encode()
    head = (
        f"HTTP/1.1 {status}\r\nContent-Type: application/problem+json\r\nRetry-After: 1\r\n"
        f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    )
    return head.encode() + body


_FULL = _answer("429 Too Many Requests", "busy", "too many connections are open")
_LATE = _answer("408 Request Timeout", "slow-head", "the head of the request came too slowly")


class _GuardedProtocol(H11Protocol):
    seconds: ClassVar[float]
    most: ClassVar[int]
    _timer: asyncio.TimerHandle | None = None
    _n_bytes = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if len(self.connections) > self.most:
            transport.write(_FULL)
            transport.close()
        else:
            self._watch()

    def data_received(self, data: bytes) -> None:
        self._n_bytes += len(data)
        super().data_received(data)
        self._watch()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        self._set_timer(False)
        super().connection_lost(exc)

    @property
    def _has_left_over(self) -> bool:
        """Whether a body still comes that was answered already."""
        return self.conn.our_state is h11.DONE and self.conn.their_state is h11.SEND_BODY

    def _watch(self) -> None:
        """Time what must end: a head that has begun to come, a body that nobody reads."""
        head = self.conn.their_state is h11.IDLE and self.timeout_keep_alive_task is None
        self._set_timer((head or self._has_left_over) and not self.transport.is_closing())

    def _set_timer(self, on: bool) -> None:
        if on and self._timer is None:
            self._n_bytes = 0
            self._timer = self.loop.call_later(self.seconds, self._expire)
        elif not on and self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _expire(self) -> None:
        self._timer = None
        # A client reads its answer when it has sent its body, so one that is quick may end.
        if self._has_left_over and self._n_bytes > self.seconds * BYTES_A_SECOND:
            self._watch()
            return
        if self.conn.their_state is h11.IDLE:
            self.transport.write(_LATE)
        self.transport.close()


def guarded_protocol(limits: Limits) -> type[H11Protocol]:
    """Return uvicorn's protocol with the deadline and the number of connections of `limits`.

    Parameters
    ----------
    limits : Limits
        `read_seconds` and `connections` are used.
    """
    return type(
        "GuardedProtocol",
        (_GuardedProtocol,),
        {"seconds": limits.read_seconds, "most": limits.connections},
    )
