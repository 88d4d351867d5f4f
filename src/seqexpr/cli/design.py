"""seqexpr design: sequences that a model predicts to do what is wanted, where it can be trusted."""

from __future__ import annotations

from typing import Annotated

import typer

from seqexpr.cli import options
from seqexpr.cli.predict import ModelArgument

__all__ = ["add_to"]

_EPILOG = """[bold]Examples[/]

seqexpr design run -o designs.csv

seqexpr design run --start GATTACA… --max-changes 5 --forbid BsaI --forbid EcoRI -o designs.csv

seqexpr design run --goal 2.5 --gc 0.4-0.6 --max-homopolymer 5 --controls 8 -o order.fasta

seqexpr design run --target heat --against cold -n 24 -o specific.csv"""

_WANTED, _STARTS, _RULES, _SEARCH = "What is wanted", "Where it starts", "Constraints", "Search"


def add_to(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command("design", epilog=_EPILOG)(design)


def design(
    model: ModelArgument,
    output: Annotated[
        str,
        typer.Option(
            "-o", "--output", metavar="OUT",
            help="CSV, TSV, Parquet or FASTA by its name; - is standard output (CSV).",
        ),
    ] = "-",
    n: Annotated[int, typer.Option("-n", "--n", min=1, help="Designs.")] = 96,
    controls: Annotated[
        int, typer.Option("--controls", min=0, help="Scrambles, and start sequences, to add.")
    ] = 0,
    goal: Annotated[
        str,
        typer.Option("--goal", metavar="max|min|VALUE", help="Raise, lower, or bring to a value.",
                     rich_help_panel=_WANTED),
    ] = "max",
    target: Annotated[
        str | None,
        typer.Option("--target", metavar="NAME", help="Which target.", rich_help_panel=_WANTED),
    ] = None,
    against: Annotated[
        str | None,
        typer.Option("--against", metavar="NAME|COVARIATE=VALUE",
                     help="Keep another target low, or the same one under another condition.",
                     rich_help_panel=_WANTED),
    ] = None,
    covariate: Annotated[
        list[str] | None,
        typer.Option("--covariate", metavar="NAME=VALUE",
                     help="What the model reads beside the sequence; repeat it.",
                     rich_help_panel=_WANTED),
    ] = None,
    objective: Annotated[
        str,
        typer.Option("--objective", metavar="bound|prediction",
                     help="Rank by the end of the interval that speaks against a sequence, or by "
                     "the prediction alone.", rich_help_panel=_WANTED),
    ] = "bound",
    outside_domain: Annotated[
        bool,
        typer.Option("--outside-domain", help="Allow designs unlike the training sequences.",
                     rich_help_panel=_WANTED),
    ] = False,
    start: Annotated[
        str,
        typer.Option("--start", metavar="auto|measured|random|SEQUENCE|FILE",
                     help="auto: the best measured ones, or random ones where the training table "
                     "cannot be read.", rich_help_panel=_STARTS),
    ] = "auto",
    table: Annotated[
        str | None,
        typer.Option("--from", metavar="TABLE", help="What was measured, if not the table that the "
                     "model was trained on.", rich_help_panel=_STARTS, show_default=False),
    ] = None,
    length: Annotated[
        int | None,
        typer.Option("--length", min=1, help="Bases of random or measured starts.",
                     rich_help_panel=_STARTS, show_default=False),
    ] = None,
    template: Annotated[
        str | None,
        typer.Option("--template", metavar="IUPAC", help="One letter a base, N = any; lower case "
                     "keeps the start's base.", rich_help_panel=_RULES),
    ] = None,
    fixed: Annotated[
        str | None,
        typer.Option("--fixed", metavar="1-20,60-75", help="Positions, from 1, that keep the "
                     "start's bases.", rich_help_panel=_RULES),
    ] = None,
    forbid: Annotated[
        list[str] | None,
        typer.Option("--forbid", metavar="ENZYME|WORD", help="Site to avoid on both strands; "
                     "repeat it.", rich_help_panel=_RULES),
    ] = None,
    left_flank: Annotated[
        str, typer.Option("--left-flank", metavar="DNA", help="What stands before every design.",
                          rich_help_panel=_RULES)
    ] = "",
    right_flank: Annotated[
        str, typer.Option("--right-flank", metavar="DNA", help="What stands after it.",
                          rich_help_panel=_RULES)
    ] = "",
    gc: Annotated[
        str | None,
        typer.Option("--gc", metavar="LOW-HIGH", help="Share of G and C, such as 0.4-0.6.",
                     rich_help_panel=_RULES),
    ] = None,
    gc_window: Annotated[
        str | None,
        typer.Option("--gc-window", metavar="WIDTH:LOW-HIGH", help="The same in every window, such "
                     "as 50:0.3-0.7.", rich_help_panel=_RULES),
    ] = None,
    max_homopolymer: Annotated[
        int | None,
        typer.Option("--max-homopolymer", min=1, help="Longest run of one base.",
                     rich_help_panel=_RULES),
    ] = None,
    no_new_start: Annotated[
        list[str] | None,
        typer.Option("--no-new-start", metavar="CODON", help="Start codon, such as ATG, that may "
                     "stand only where the start has it; repeat it.", rich_help_panel=_RULES),
    ] = None,
    max_changes: Annotated[
        int | None,
        typer.Option("--max-changes", min=1, help="Most bases that differ from the start.",
                     rich_help_panel=_RULES),
    ] = None,
    train_distance: Annotated[
        int,
        typer.Option("--train-distance", min=1, help="Fewest bases that differ from every training "
                     "sequence.", rich_help_panel=_RULES),
    ] = 1,
    distance: Annotated[
        int | None,
        typer.Option("--distance", min=1, help="Fewest bases that differ between two designs. "
                     "Default: a twentieth of the length.", rich_help_panel=_RULES),
    ] = None,
    search: Annotated[
        str, typer.Option("--search", metavar="greedy|evolve|gradient",
                          help="gradient is for networks.", rich_help_panel=_SEARCH)
    ] = "greedy",
    iterations: Annotated[
        int | None,
        typer.Option("--iterations", min=1, help="Steps of the search at most.",
                     rich_help_panel=_SEARCH, show_default=False),
    ] = None,
    time: Annotated[
        str | None,
        typer.Option("--time", metavar="10m", help="Time for the search, such as 90s or 10m; what "
                     "is found then depends on the machine.", rich_help_panel=_SEARCH),
    ] = None,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Of every random choice.")] = 42,
    jobs: Annotated[int, typer.Option("--jobs", min=1, help="Threads.")] = 1,
    json: options.Json = False,
) -> None:  # fmt: skip
    """Design sequences that raise, lower or hit a prediction, or separate two.

    A sequence counts for what its calibrated interval is sure of, inside the training domain.
    Exit status 0 also where fewer designs were found than asked for, with a warning.
    """
    from seqexpr.cli import screen, screen_design
    from seqexpr.design.constraints import (
        Constraints,
        read_gc_window,
        read_positions,
        read_share_range,
    )
    from seqexpr.design.run import design as run_design
    from seqexpr.design.views import read_pairs, read_seconds
    from seqexpr.errors import InputError

    if json and output == "-":
        raise InputError("--json prints to standard output; write the designs to a file with -o")
    constraints = Constraints(
        template=template,
        fixed=() if fixed is None else read_positions(fixed),
        forbidden=tuple(forbid or ()),
        left_flank=left_flank,
        right_flank=right_flank,
        gc=(0.0, 1.0) if gc is None else read_share_range(gc),
        gc_window=None if gc_window is None else read_gc_window(gc_window),
        max_homopolymer=max_homopolymer,
        start_codons=tuple(codon.upper().replace("U", "T") for codon in no_new_start or ()),
        max_changes=max_changes,
        train_distance=train_distance,
        distance=distance,
    )
    console = screen.error_console()
    with screen_design.report_search(console) as on_step:
        run = run_design(
            model, goal=goal, target=target, against=against,
            covariates=read_pairs(covariate or ()), start=start, table=table, length=length,
            constraints=constraints, n=n, controls=controls, search=search, objective=objective,
            outside_domain=outside_domain, iterations=iterations,
            seconds=None if time is None else read_seconds(time), output=output, seed=seed,
            jobs=jobs, on_step=on_step,
        )  # fmt: skip
    if json:
        screen.print_json(run.to_dict())
    screen_design.show_designs(run, console, output=output)
