"""seqexpr export: a trained network in a format that other software runs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from seqexpr.cli import options
from seqexpr.cli.predict import ModelArgument

__all__ = ["add_to"]

_EPILOG = """[bold]Examples[/]

seqexpr export run --onnx -o model.onnx"""


def add_to(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command("export", epilog=_EPILOG)(export)


def export(
    model: ModelArgument,
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", metavar="FILE", help="The file to write."),
    ] = None,
    onnx: Annotated[
        bool, typer.Option("--onnx", help="Write ONNX, which onnxruntime reads.")
    ] = False,
    json: options.Json = False,
) -> None:
    """Write a trained network so that it predicts without PyTorch.

    The file is checked against the model before it is written. Its input is
    the code of each base (A, C, G, T = 0 to 3, another base 4, 5 after the
    end), its outputs are the mean and the standard deviation over the members.
    """
    from seqexpr.bundle.export import export_onnx
    from seqexpr.bundle.store import load_bundle
    from seqexpr.cli import screen
    from seqexpr.errors import InputError

    if not onnx:
        raise InputError("in which format? pass --onnx")
    if output is None:
        raise InputError("where to? pass -o FILE")
    path = export_onnx(load_bundle(model), output)
    if json:
        screen.print_json({"output": str(path), "bytes": path.stat().st_size})
    else:
        screen.error_console().print(f"{path}: {path.stat().st_size:,} bytes")
