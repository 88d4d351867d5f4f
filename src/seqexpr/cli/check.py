"""seqexpr check: the input doctor."""

from __future__ import annotations

import typer

from seqexpr.cli import options

__all__ = ["add_to"]

_EPILOG = """[bold]Examples[/]

seqexpr check library.csv

seqexpr check library.xlsx --sheet MPRA --target expression

zcat library.tsv.gz | seqexpr check - --json"""


def add_to(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command("check", epilog=_EPILOG)(check)


def check(
    table: options.TableArgument,
    sequence: options.Sequence = None,
    target: options.Target = None,
    id: options.Id = None,
    group: options.Group = None,
    chromosome: options.Chromosome = None,
    weight: options.Weight = None,
    replicate: options.Replicate = None,
    covariate: options.Covariate = None,
    values: options.Values = None,
    sheet: options.Sheet = None,
    on_missing: options.OnMissing = None,
    on_invalid: options.OnInvalid = None,
    json: options.Json = False,
) -> None:
    """Find every problem of a table, with its rows, its meaning and its remedy.

    Exit code 1 when there are errors. Nothing is changed.
    """
    from seqexpr.cli import screen
    from seqexpr.data.checks import check_table
    from seqexpr.recipe import Recipe
    from seqexpr.workflow.train import read_for

    given = {
        "sequence": sequence, "target": target, "id": id, "group": group, "chromosome": chromosome,
        "weight": weight, "replicate": replicate, "covariate": covariate, "values": values,
        "sheet": sheet,
        "on_missing": on_missing, "on_invalid": on_invalid,
    }  # fmt: skip
    recipe = Recipe.create(table=table, **{k: v for k, v in given.items() if v is not None})
    report = check_table(
        read_for(recipe), on_missing=recipe.on_missing, on_invalid=recipe.on_invalid
    )
    if json:
        screen.print_json(report.to_dict())
    else:
        screen.show_check(report, screen.output_console())
    if report.has_errors:
        raise typer.Exit(1)
