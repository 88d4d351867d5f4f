"""Serve an application until it is told to stop, and then end in good order."""

from __future__ import annotations

import logging
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import uvicorn

from seqexpr.errors import OutputError
from seqexpr.serve.logs import LOGGER
from seqexpr.serve.protocol import guarded_protocol

if TYPE_CHECKING:
    from types import FrameType

    from fastapi import FastAPI

    from seqexpr.serve.service import Service

__all__ = ["listen", "run_server"]


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens.

    Parameters
    ----------
    host : str
        Name or address.
    port : int
        0 takes one that is free.

    Raises
    ------
    OutputError
        If the port is taken or the host is none of this machine.
    """
    try:
        infos = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, *_, address = infos[0]
        # asyncio sends small answers at once only where the protocol is named; else a client that
        # acknowledges late, as Linux does, waits 40 ms for the second part of each.
        opened = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        try:
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            opened.bind(address)
            opened.listen(2048)
        except OSError:
            opened.close()
            raise
    except OSError as error:
        raise OutputError(
            f"cannot listen on {host} port {port}: {error.strerror}; choose another with --port or "
            "--host"
        ) from error
    return opened


def run_server(app: FastAPI, opened: socket.socket) -> None:
    """Serve until SIGTERM or SIGINT.

    What runs then has `stop_seconds` to end, new requests are refused, and the
    function returns.

    Parameters
    ----------
    app : FastAPI
        As :func:`seqexpr.serve.app.create_app` makes it.
    opened : socket
        As :func:`listen` gives it.
    """
    limits = app.state.service.limits
    config = uvicorn.Config(
        app,
        http=guarded_protocol(limits),
        ws="none",
        log_config=None,
        log_level=logging.WARNING,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=int(max(1, limits.read_seconds)),
        timeout_graceful_shutdown=int(max(1, limits.stop_seconds)),
    )
    with _signals_end_well():
        _Server(config, app.state.service).run(sockets=[opened])
    LOGGER.info("stopped")


class _Server(uvicorn.Server):
    """Takes no request after the signal, also on connections that are still open."""

    def __init__(self, config: uvicorn.Config, service: Service) -> None:
        super().__init__(config)
        self.service = service

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self.service.is_stopping = True
        super().handle_exit(sig, frame)


@contextmanager
def _signals_end_well() -> Iterator[None]:
    """Let uvicorn catch the signals, and stay alive when it raises them once more at the end."""

    def ignore(number: int, frame: object) -> None:
        """Do nothing: uvicorn has ended by then."""

    before = {number: signal.signal(number, ignore) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
