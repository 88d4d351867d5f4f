"""Logs as one JSON object a line, without sequences."""

from __future__ import annotations

import json
import logging
import re
import sys
import traceback
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, TextIO

__all__ = ["LOGGER", "JsonFormatter", "failure", "redact", "start_logging"]

LOGGER = logging.getLogger("seqexpr.serve")
_DNA = re.compile(r"[ACGTUNacgtun]{8,}")


def redact(text: str) -> str:
    """Return a text with dots for what looks like a sequence.

    Examples
    --------
    >>> redact("row 3: ACGTACGTAC is short")
    'row 3: … is short'
    """
    return _DNA.sub("…", text)


def failure(error: BaseException) -> dict[str, Any]:
    """Return what is to be known about an error that was not expected, without data.

    Parameters
    ----------
    error : exception
        Its message is cut, and what looks like a sequence is taken out.
    """
    frames: TracebackType | None = error.__traceback__
    places = [
        f"{frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(frames)
    ]
    return {
        "error": type(error).__name__,
        "message": redact(str(error))[:300],
        "places": places[-12:],
    }


class JsonFormatter(logging.Formatter):
    """One JSON object a line: time, level, logger, event, and what stands in ``record.fields``."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        content: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": redact(record.getMessage()),
        }
        content |= getattr(record, "fields", {})
        if record.exc_info and record.exc_info[1] is not None:
            content |= failure(record.exc_info[1])
        return json.dumps(content, default=str)


def start_logging(stream: TextIO | None = None, *, level: int = logging.INFO) -> None:
    """Write what the service and its server say to a stream, standard error by default.

    Parameters
    ----------
    stream : text file, optional
        Where to.
    level : int
        Least important level that is written. Default INFO.
    """
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonFormatter())
    for name in ("seqexpr.serve", "uvicorn", "uvicorn.error"):
        logger = logging.getLogger(name)
        logger.handlers = [handler] if name != "uvicorn.error" else []
        logger.setLevel(level)
        logger.propagate = name == "uvicorn.error"
    logging.getLogger("uvicorn.access").disabled = True  # its lines hold whole paths
