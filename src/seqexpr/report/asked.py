"""What was asked and how the rows were split, in words; and how to repeat it."""

from __future__ import annotations

import platform
import shlex
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

from seqexpr.report.words import percent, sentence
from seqexpr.report.words_nested import folds_in_words, is_nested

if TYPE_CHECKING:
    from seqexpr.recipe import Recipe

__all__ = ["command", "protection", "recipe_rows", "split_rows", "versions"]

_PRESETS = {
    "tutorial": "tutorial: which 3-mers occur, a random 80/20 split, ordinary least squares",
    "fast": "fast: the ladder of models that ends within about a minute on two cores",
    "balanced": "balanced: the ladder of models that fast has, and a network",
    "best": "best: what a search over features and models finds, and their blend",
}
_TRANSFORMS = {
    "none": "as in the table",
    "log2": "its logarithm to base 2; every score and prediction below is on that scale",
    "zscore": "minus its mean, divided by its standard deviation; every score and prediction below "
    "is on that scale",
    "rank": "its rank; every score and prediction below is on that scale",
}
_SPLITS = {
    "random": "rows drawn at random",
    "group": "whole groups set aside",
    "chromosome": "whole chromosomes set aside",
    "homology": "whole families of related sequences set aside",
}
_PROTECTIONS = {
    "random": (
        (
            "It protects against learning the answers by heart: a sequence, or its reverse "
            "complement, is never in both train and test."
        ),
        (
            "It does not protect against relatives. Where the table holds families of similar "
            "sequences (variants of one promoter, overlapping windows, homologous genes), a "
            "model can recognise a family instead of understanding it, and the score is too "
            "good for new kinds of sequences."
        ),
    ),
    "group": (
        (
            "Rows of one group are all in train or all in test, so a model cannot score by "
            "recognising the relatives that you named."
        ),
        "It does not see likeness between groups.",
    ),
    "homology": (
        (
            "Families of related sequences, on either strand, are all in train or all in test, so "
            "that a model cannot score by recognising a relative."
        ),
        "Relatives too distant for an alignment to find can still be on both sides.",
    ),
    "chromosome": (
        (
            "Whole chromosomes were set aside, so that neighbouring and overlapping stretches "
            "of the genome are never on both sides."
        ),
        "Copies of a sequence on other chromosomes (gene families, repeats) can still be.",
    ),
    "column": (
        (
            "The table's own column decided: the split protects against what its authors had in "
            "mind, and scores can be compared with others that used it. Copies and reverse "
            "complements of test sequences were kept out of train."
        ),
        "Other relatives of test sequences may be among the train rows.",
    ),
    "tutorial": (
        "It is the tutorial's own split: rows drawn at random, without a look at what they hold.",
        (
            "Copies and relatives of a test sequence can be in train, which makes the score "
            "too good. Use the preset fast for a split that keeps copies together."
        ),
    ),
}
_FOLDS = {0: "none", 1: "one validation set, to choose the model"}


def recipe_rows(recipe: Recipe, found: tuple[str, ...] = ()) -> list[tuple[str, str]]:
    """Return the choices of a run as (what, choice) in words.

    Parameters
    ----------
    recipe : Recipe
        Every choice of the run.
    found : tuple of str
        Names of the targets, for a recipe that leaves them to be recognised.

    Examples
    --------
    >>> from seqexpr.recipe import Recipe
    >>> recipe_rows(Recipe.create(table="lib.csv", target=("log2",)))[1]
    ('Learn', 'log2, as in the table')
    """
    rows = [("Table", recipe.table + (f", sheet {recipe.sheet}" if recipe.sheet else ""))]
    if recipe.values:
        rows.append(("Measured values from", recipe.values))
    named = f"{', '.join(found) or 'the target column'} (recognised by its name)"
    target = ", ".join(recipe.target) or named
    rows.append(("Learn", f"{target}, {_TRANSFORMS[recipe.transform]}"))
    rows.append(("From", recipe.sequence or "the sequence column (recognised by its name)"))
    columns = {
        "Row names": recipe.id,
        "Groups": recipe.group,
        "Chromosomes": recipe.chromosome,
        "Weights": recipe.weight,
        "Replicates": ", ".join(recipe.replicate),
        "Error of the target": recipe.error,
        "Read counts": recipe.reads,
        "Covariates": ", ".join(recipe.covariate),
    }
    rows += [(what, name) for what, name in columns.items() if name]
    models = f"only {', '.join(recipe.models)}" if recipe.models else _PRESETS[recipe.preset]
    rows.append(("Models", models))
    if recipe.preset == "best":
        trials = "" if recipe.trials is None else f", or {recipe.trials:,} trials"
        rows.append(("Time for the search", recipe.budget + trials))
    if recipe.prefer == "simple":
        rows.append(("Select", "the simplest model that is not significantly worse than the best"))
    if recipe.refit == "all":
        rows.append(("Fit the shipped model on", "all rows, after the score was settled"))
    rows.append(("Held back for the test", _asked_split(recipe)))
    if recipe.memory:
        rows.append(("Read row by row", f"if it does not fit in {recipe.memory}"))
    level = f"{recipe.interval_level:.0%} of new measurements"
    rows.append(("A prediction interval holds", level))
    rows.append(("Targets that are not numbers", _on(recipe.on_missing)))
    rows.append(("Rows whose sequence is not DNA", _on(recipe.on_invalid)))
    rows.append(("Seed of every random choice", str(recipe.seed)))
    return rows


def _asked_split(recipe: Recipe) -> str:
    if recipe.preset == "tutorial":
        return "the tutorial's: 20% of the rows, drawn at random"
    if recipe.split.startswith("column:"):
        return f"as column {recipe.split.removeprefix('column:')} of the table says"
    if recipe.nested:
        return "nothing: every row is tested in turn, by nested cross-validation"
    share = percent(recipe.test_size)
    if recipe.split == "auto":
        return (
            "auto: by the split column, chromosome or group that the table has; else about "
            f"{share} of the rows, in whole families where there are any"
        )
    folds = f"{recipe.folds} folds inside train to choose the model"
    return f"about {share} of the rows, {_SPLITS[recipe.split]}; {folds}"


def _on(choice: str) -> str:
    return "dropped, and counted below" if choice == "drop" else "an error: none was let through"


def split_rows(split: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return the circumstances of the split as (what, value).

    Parameters
    ----------
    split : mapping
        ``Evaluation.split``.
    """
    rows = [("Strategy", str(split.get("strategy", "not recorded")))]
    if split.get("reason"):
        rows.append(("Why", sentence(str(split["reason"]))))
    if split.get("n_folds") is not None:
        folds = int(split["n_folds"])
        used = _FOLDS.get(folds, f"{folds}, to choose the model")
        if is_nested(split):
            rows.append(("Folds", folds_in_words(split)))
        else:
            rows.append(("Folds inside train", used))
    # The folds have a row of their own, and a column decides the size of the test set itself.
    hidden = {"n_folds", "repeats"} | ({"test_size"} if rows[0][1].startswith("column") else set())
    given = dict(split.get("parameters") or {})
    parameters = {k: v for k, v in given.items() if v is not None and k not in hidden}
    if parameters:
        rows.append(("Parameters", ", ".join(f"{k} = {v}" for k, v in parameters.items())))
    return rows


def protection(split: Mapping[str, Any]) -> tuple[str, str]:
    """Return what the split protects against, and what it does not ("" if unknown).

    Parameters
    ----------
    split : mapping
        ``Evaluation.split``.

    Examples
    --------
    >>> protection({"strategy": "group"})[1]
    'It does not see likeness between groups.'
    """
    strategy = str(split.get("strategy", "")).partition(":")[0]
    return _PROTECTIONS.get(strategy, ("", ""))


def command(recipe: Recipe) -> str | None:
    """Return the command that makes the run again, or None if a command cannot.

    Only choices that differ from the defaults are spelled out.

    Parameters
    ----------
    recipe : Recipe
        Every choice of the run.

    Examples
    --------
    >>> from seqexpr.recipe import Recipe
    >>> command(Recipe.create(table="my lib.csv", target=("a", "b"), seed=7))
    "seqexpr train 'my lib.csv' --target a --target b --seed 7 -o RUN"
    """
    if recipe.table == "a DataFrame":
        return None
    defaults = type(recipe).create(table=recipe.table)
    words = ["seqexpr", "train", recipe.table]
    for key, value in recipe.model_dump().items():
        if key == "table" or value == getattr(defaults, key):
            continue
        option = f"--{key.replace('_', '-')}"
        if isinstance(value, bool):
            words.append(option if value else f"--no-{key}")
        elif key == "models":
            words += [option, ",".join(value)]
        elif isinstance(value, tuple):
            words += [word for item in value for word in (option, item)]
        else:
            words += [option, str(value)]
    line = shlex.join([*words, "-o", "RUN"])
    return f"{line} < TABLE" if recipe.table == "-" else line


def versions() -> list[tuple[str, str]]:
    """Return the versions of Python and of the packages that scores depend on."""
    names = ("seqexpr", "numpy", "scipy", "pandas", "scikit-learn", "lightgbm", "numba")
    found = [("Python", platform.python_version())]
    for name in names:
        try:
            found.append((name, version(name)))
        except PackageNotFoundError:  # an installation without the package's metadata
            continue
    return found
