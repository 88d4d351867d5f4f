"""seqexpr evaluate: score a trained model on another table."""

from __future__ import annotations

import typer

from seqexpr.cli import options
from seqexpr.cli.predict import ModelArgument

__all__ = ["add_to"]

_EPILOG = """[bold]Examples[/]

seqexpr evaluate run other_lab.csv

seqexpr evaluate run/model other_lab.csv --target log2_fc --json"""


def add_to(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command("evaluate", epilog=_EPILOG)(evaluate)


def evaluate(
    model: ModelArgument,
    table: options.TableArgument,
    sequence: options.Sequence = None,
    target: options.Target = None,
    id: options.Id = None,
    group: options.Group = None,
    values: options.Values = None,
    sheet: options.Sheet = None,
    on_missing: options.OnMissing = None,
    on_invalid: options.OnInvalid = None,
    json: options.Json = False,
) -> None:
    """Score a trained model on a table that it was not trained on, with 95% intervals."""
    from seqexpr.bundle.store import load_bundle
    from seqexpr.cli import screen
    from seqexpr.workflow.evaluate import evaluate as run_evaluation

    given = {
        "sequence": sequence, "target": target, "id": id, "group": group, "values": values,
        "sheet": sheet, "on_missing": on_missing, "on_invalid": on_invalid,
    }  # fmt: skip
    choices = {key: value for key, value in given.items() if value is not None}
    evaluation = run_evaluation(load_bundle(model), table, **choices)
    if json:
        screen.print_json(evaluation.to_dict())
        return
    console = screen.output_console()
    for warning in evaluation.warnings:
        console.print(f"[yellow]warning[/] {screen.escape(warning)}")
    screen.show_scores(evaluation, console)
