"""seqexpr serve: a trained model as an HTTP API and a page."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["add_to"]

_EPILOG = """[bold]Examples[/]

seqexpr serve run

seqexpr serve yeast-run human=runs/7/model --port 9000 --jobs-dir jobs

SEQEXPR_TOKEN=… seqexpr serve run --host 0.0.0.0"""

_LIMITS = "Limits"


def add_to(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command("serve", epilog=_EPILOG)(serve)


def serve(
    models: Annotated[
        list[str],
        typer.Argument(
            metavar="MODEL…",
            help="Run folders, model folders or .zip files of them. Each is called as its folder "
            "is; NAME=PATH calls it otherwise.",
            show_default=False,
        ),
    ],
    host: Annotated[
        str,
        typer.Option("--host", help="Where to listen. Other than this machine needs a token."),
    ] = "127.0.0.1",
    port: Annotated[
        int, typer.Option("--port", min=0, max=65535, help="0 takes one that is free.")
    ] = 8000,
    token: Annotated[
        str | None,
        typer.Option(
            "--token",
            envvar="SEQEXPR_TOKEN",
            help="What requests must carry, as Authorization: Bearer TOKEN. Other users of the "
            "machine see options, so better in the environment. Made where one is needed.",
            show_default=False,
        ),
    ] = None,
    jobs_dir: Annotated[
        Path | None,
        typer.Option(
            "--jobs-dir",
            metavar="DIR",
            help="Take whole files to predict, and keep them there. Default: none are taken.",
            show_default=False,
        ),
    ] = None,
    max_body_mb: Annotated[
        int, typer.Option("--max-body-mb", min=1, help="Largest body.", rich_help_panel=_LIMITS)
    ] = 8,
    max_sequences: Annotated[
        int,
        typer.Option(
            "--max-sequences", min=1, help="Sequences of a request.", rich_help_panel=_LIMITS
        ),
    ] = 10_000,
    max_length: Annotated[
        int,
        typer.Option(
            "--max-length", min=1, help="Longest sequence, in bases.", rich_help_panel=_LIMITS
        ),
    ] = 20_000,
    max_requests: Annotated[
        int,
        typer.Option(
            "--max-requests",
            min=1,
            help="Requests at a time; more are answered 429.",
            rich_help_panel=_LIMITS,
        ),
    ] = 256,
    max_wait: Annotated[
        float,
        typer.Option(
            "--max-wait",
            min=0.001,
            help="Seconds; requests that would wait longer for the model are answered 429.",
            rich_help_panel=_LIMITS,
        ),
    ] = 1.0,
    timeout: Annotated[
        float,
        typer.Option(
            "--timeout", min=0.1, help="Longest answer, in seconds.", rich_help_panel=_LIMITS
        ),
    ] = 30.0,
    read_timeout: Annotated[
        float,
        typer.Option(
            "--read-timeout",
            min=0.1,
            help="Seconds in which a request must arrive; a large body has longer.",
            rich_help_panel=_LIMITS,
        ),
    ] = 10.0,
    stop_timeout: Annotated[
        float,
        typer.Option(
            "--stop-timeout",
            min=1,
            help="Seconds that requests have to end when the service is stopped.",
            rich_help_panel=_LIMITS,
        ),
    ] = 30.0,
    max_upload_mb: Annotated[
        int,
        typer.Option(
            "--max-upload-mb", min=1, help="Largest file of a job.", rich_help_panel=_LIMITS
        ),
    ] = 200,
    max_jobs: Annotated[
        int, typer.Option("--max-jobs", min=1, help="Jobs kept.", rich_help_panel=_LIMITS)
    ] = 100,
    job_timeout: Annotated[
        float,
        typer.Option(
            "--job-timeout", min=1, help="Longest job, in seconds.", rich_help_panel=_LIMITS
        ),
    ] = 3600.0,
    job_memory_gb: Annotated[
        float,
        typer.Option(
            "--job-memory-gb", min=0.5, help="Most memory of a job.", rich_help_panel=_LIMITS
        ),
    ] = 4.0,
) -> None:
    """Serve models as an HTTP API and a page, on this machine unless told otherwise.

    Logs are one JSON object a line, on standard error, without sequences. Ctrl+C or SIGTERM
    lets requests end, then exits with 0.
    """
    from seqexpr.optional import require

    for module in ("fastapi", "uvicorn", "prometheus_client"):
        require(module, extra="serve")
    from seqexpr.serve.limits import MIB, Limits
    from seqexpr.serve.starting import start

    limits = Limits(
        body_bytes=max_body_mb * MIB,
        sequences=max_sequences,
        bases=max_length,
        in_flight=max_requests,
        wait_seconds=max_wait,
        seconds=timeout,
        read_seconds=read_timeout,
        stop_seconds=stop_timeout,
        upload_bytes=max_upload_mb * MIB,
        jobs=max_jobs,
        job_seconds=job_timeout,
        job_bytes=int(job_memory_gb * (1 << 30)),
    )
    start(
        models, host=host, port=port, token=token, jobs_dir=jobs_dir, limits=limits, say=typer.echo
    )
