"""What the service counts, for Prometheus."""

from __future__ import annotations

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    GCCollector,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    generate_latest,
)

__all__ = ["MEDIA_TYPE", "Metrics"]

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0)
_ROWS = (1, 3, 10, 30, 100, 300, 1_000, 3_000, 10_000)


class Metrics:
    """Counters of one service, in a registry of their own."""

    def __init__(self) -> None:
        self.registry = given = CollectorRegistry()
        self.requests = Counter(
            "seqexpr_requests",
            "Requests, by route and status.",
            ("method", "route", "status"),
            registry=given,
        )
        self.seconds = Histogram(
            "seqexpr_request_seconds",
            "Time to answer.",
            ("route",),
            buckets=_SECONDS,
            registry=given,
        )
        self.sequences = Counter(
            "seqexpr_sequences",
            "Sequences answered, by model and outcome.",
            ("model", "outcome"),
            registry=given,
        )
        self.batch_rows = Histogram(
            "seqexpr_batch_sequences",
            "Sequences predicted at a time.",
            ("model",),
            buckets=_ROWS,
            registry=given,
        )
        self.batch_seconds = Histogram(
            "seqexpr_batch_seconds",
            "Time of a batch.",
            ("model",),
            buckets=_SECONDS,
            registry=given,
        )
        self.waiting = Gauge(
            "seqexpr_waiting_sequences",
            "Sequences accepted and not answered yet.",
            ("model",),
            registry=given,
        )
        self.in_flight = Gauge(
            "seqexpr_in_flight_requests", "Requests being answered.", registry=given
        )
        self.jobs = Gauge("seqexpr_jobs", "Jobs kept, by state.", ("state",), registry=given)
        for collector in (ProcessCollector, PlatformCollector, GCCollector):
            collector(registry=self.registry)

    def note_batch(self, model: str, n: int, seconds: float) -> None:
        """Count a batch of `n` sequences."""
        self.batch_rows.labels(model).observe(n)
        self.batch_seconds.labels(model).observe(seconds)

    def note_rows(self, model: str, *, predicted: int, problems: int) -> None:
        """Count the sequences of an answer."""
        self.sequences.labels(model, "predicted").inc(predicted)
        self.sequences.labels(model, "problem").inc(problems)

    def to_text(self) -> bytes:
        """Return all of it in the text format of Prometheus."""
        return generate_latest(self.registry)
