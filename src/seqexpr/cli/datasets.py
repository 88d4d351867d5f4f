"""seqexpr datasets: the embedded example data."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from seqexpr.cli import options

__all__ = ["add_to"]


def add_to(app: typer.Typer) -> None:
    """Add the group of commands to the application."""
    group = typer.Typer(
        help="List the embedded example data, or copy one out.",
        no_args_is_help=True,
        rich_markup_mode="rich",
    )
    group.command("list")(list_datasets)
    group.command("get", epilog="[bold]Example[/]\n\nseqexpr datasets get lac -o lac.tsv.gz")(get)
    app.add_typer(group, name="datasets")


def list_datasets(json: options.Json = False) -> None:
    """List the embedded data: what was measured, where, how many."""
    from seqexpr.cli import screen
    from seqexpr.data.examples import EXAMPLES

    if json:
        screen.print_json([example.to_dict() for example in EXAMPLES.values()])
        return
    console = screen.output_console()
    for example in EXAMPLES.values():
        console.print(f"[bold]{example.name}[/]  {screen.escape(example.title)}")
        console.print(f"  {screen.escape(example.description)}")
        console.print(f"  [dim]{screen.escape(example.reference)}; {example.licence}[/]")


def get(
    name: Annotated[str, typer.Argument(help="Name, from seqexpr datasets list.")],
    output: Annotated[
        Path | None,
        typer.Option(
            "-o", "--output", metavar="FILE", help="Where to. Default: here, under its own name."
        ),
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace a file.")] = False,
) -> None:
    """Copy an embedded table to a file."""
    from seqexpr.data.examples import copy_example, example_path
    from seqexpr.errors import OutputError

    destination = output or Path(example_path(name).name)
    if destination.exists() and not overwrite:
        raise OutputError(f"{destination} is there already; pass --overwrite to replace it")
    copy_example(name, destination)
    typer.echo(str(destination))
