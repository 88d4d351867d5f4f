"""The exceptions that seqexpr raises on purpose.

Every class here also inherits the built-in exception that a caller would
expect, so ``except ValueError`` keeps working, and carries the exit code that
the command line returns. The text of an error says what is wrong, where, what
was found and what to do about it, in one or two lines.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable

__all__ = [
    "BundleError",
    "CheckFailedError",
    "ClusterError",
    "ColumnError",
    "InputError",
    "LeakError",
    "MissingExtraError",
    "OutputError",
    "RecipeError",
    "SeqexprError",
    "SequenceError",
    "SplitError",
    "TableError",
    "TestSetOpenedError",
    "UnknownNameError",
    "did_you_mean",
]


class SeqexprError(Exception):
    """Base of every error that seqexpr raises on purpose.

    Examples
    --------
    >>> issubclass(TableError, SeqexprError), TableError.exit_code
    (True, 2)
    """

    exit_code = 2
    """Exit code of the command line when this error ends a command."""

    def __str__(self) -> str:
        # KeyError would show the repr of its message; ours is a sentence.
        return str(self.args[0]) if self.args else ""


class InputError(SeqexprError, ValueError):
    """The data or an argument cannot be used as it is."""


class TableError(InputError):
    """A file cannot be read as a table of sequences."""


class ColumnError(InputError, KeyError):
    """A column is missing, or which column is meant is in doubt."""


class SequenceError(InputError):
    """A sequence holds something that is not DNA."""


class SplitError(InputError):
    """The data cannot be split as asked."""


class RecipeError(InputError):
    """A recipe has an unknown key or a value out of range."""


class CheckFailedError(InputError):
    """The input doctor found errors (exit code 1).

    Parameters
    ----------
    message : str
        The sentence to show.
    report : object, optional
        The :class:`seqexpr.data.checks.CheckReport` with every finding.
    """

    exit_code = 1

    def __init__(self, message: str, report: object | None = None) -> None:
        super().__init__(message)
        self.report = report


class UnknownNameError(InputError, LookupError):
    """A name is not in a registry or a list of choices."""


class BundleError(SeqexprError, ValueError):
    """A saved model is damaged, was changed, or cannot be trusted."""


class OutputError(SeqexprError, OSError):
    """A result cannot be written where it was asked for."""


class ClusterError(SeqexprError, RuntimeError):
    """Machines of a cluster are not there, or failed more often than was allowed."""


class TestSetOpenedError(SeqexprError, RuntimeError):
    """The test targets were asked for a second time."""

    __test__ = False  # pytest would collect a class whose name starts with Test


class LeakError(SeqexprError, RuntimeError):
    """Targets that were dealt out at random are predicted: scores cannot be trusted (exit code 1).

    The run is written all the same, so that the reason can be looked for.
    """

    exit_code = 1


class MissingExtraError(SeqexprError, ImportError):
    """A feature needs packages that are not installed (exit code 3)."""

    exit_code = 3


def did_you_mean(name: str, choices: Iterable[str]) -> str:
    """Return a hint that names the choice closest to `name`.

    Parameters
    ----------
    name : str
        What was given.
    choices : iterable of str
        What is known. Compared without regard to case.

    Returns
    -------
    str
        ``"; did you mean 'ridge'?"``, or an empty string when nothing is near.

    Examples
    --------
    >>> did_you_mean("rigde", ["ridge", "mean"])
    "; did you mean 'ridge'?"
    >>> did_you_mean("zebra", ["ridge", "mean"])
    ''
    """
    by_lower = {choice.lower(): choice for choice in choices}
    close = difflib.get_close_matches(name.lower(), by_lower, n=1)
    return f"; did you mean {by_lower[close[0]]!r}?" if close else ""
