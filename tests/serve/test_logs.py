"""Logs are JSON, and hold no sequences."""

from __future__ import annotations

import io
import json
import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqexpr.serve.logs import LOGGER, redact, start_logging


@pytest.fixture
def stream():
    """Logs of the service, and the loggers as they were afterwards."""
    names = ("seqexpr.serve", "uvicorn", "uvicorn.error", "uvicorn.access")
    before = {
        n: (
            logging.getLogger(n).handlers,
            logging.getLogger(n).level,
            logging.getLogger(n).propagate,
        )
        for n in names
    }
    stream = io.StringIO()
    start_logging(stream)
    yield stream
    for name, (handlers, level, propagate) in before.items():
        logger = logging.getLogger(name)
        logger.handlers, logger.propagate, logger.disabled = handlers, propagate, False
        logger.setLevel(level)


def test_each_line_is_one_object(stream):
    LOGGER.info("request", extra={"fields": {"status": 200, "client": None}})
    try:
        raise ValueError("row 1: ACGTACGTACGT is wrong\nand more")
    except ValueError:
        logging.getLogger("uvicorn.error").exception("a failure with %s", "TTTTTTTTTT")
    first, second = map(json.loads, stream.getvalue().splitlines())
    assert (first["event"], first["status"], first["level"]) == ("request", 200, "info")
    assert first["time"].endswith("+00:00")
    assert second["event"] == "a failure with …"
    assert second["error"] == "ValueError"
    assert "ACGT" not in stream.getvalue()
    assert "test_logs.py" in second["places"][0]


@given(st.text("ACGTUNacgt", min_size=8), st.text(" ,:\n"))
def test_whatever_looks_like_a_sequence_is_taken_out(sequence, around):
    assert sequence not in redact(f"{around}{sequence}{around}")
