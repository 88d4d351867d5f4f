"""The entry point: collects the commands and turns our errors into exit codes."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from seqexpr import __version__
from seqexpr.cli import (
    check,
    compare,
    datasets,
    design,
    evaluate,
    explain,
    export,
    predict,
    serve,
    simulate,
    train,
    variants,
    windows,
)
from seqexpr.errors import SeqexprError
from seqexpr.processes import OWN_PROCESS

__all__ = ["app", "main"]

app = typer.Typer(
    name="seqexpr",
    help="From a table of DNA sequences and measured expression to a model you can trust.",
    epilog="Start here: [bold]seqexpr train dataset:lac -o demo-run[/bold]",
    no_args_is_help=True,
    add_completion=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _show_version(value: bool) -> None:
    if value:
        typer.echo(f"seqexpr {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version."),
    ] = False,
    debug: Annotated[
        bool,
        typer.Option("--debug", help="Show the traceback of an error.", envvar="SEQEXPR_DEBUG"),
    ] = False,
) -> None:
    pass


for _module in (
    check,
    train,
    predict,
    evaluate,
    explain,
    design,
    variants,
    serve,
    compare,
    export,
    datasets,
    windows,
    simulate,
):
    _module.add_to(app)


def main() -> None:
    """Run the command line and exit: 0 done, 1 check failed, 2 bad input, 3 missing extra."""
    debug = "--debug" in sys.argv
    os.environ[OWN_PROCESS] = "1"  # see seqexpr.bundle.estimator
    # How long a thread of OpenMP (GNU's) spins before it sleeps; read when that is loaded, later
    # than this. A small fit of boosted trees on two cores beside other work took 5.4 s with the
    # 300,000 that is usual, 0.6 s with this; alone 0.2 s with either, 0.6 s without spinning.
    os.environ.setdefault("GOMP_SPINCOUNT", "10000")
    try:
        app()
    except SeqexprError as error:
        if debug:
            raise
        sys.stderr.write(f"error: {error}\n")
        sys.exit(error.exit_code)
    except BrokenPipeError:
        # The reader of our output has seen enough (`| head`); Python would complain at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except MemoryError:
        if debug:
            raise
        sys.stderr.write("error: not enough memory; try fewer rows or simpler models (--models)\n")
        sys.exit(2)
