"""Options of commands that work in blocks, and which backend they mean."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from seqexpr.scale.backend import Backend as BackendType

__all__ = ["Address", "Backend", "Resume", "Workers", "choose_backend", "is_folder"]

_PANEL = "In blocks (a folder with -o, or --backend ray)"

Backend = Annotated[
    str,
    typer.Option(
        "--backend",
        metavar="local|ray",
        help="Where: here, or on the workers of Ray (extra scale), which read and write blocks "
        "of the table themselves.",
        rich_help_panel=_PANEL,
    ),
]
Address = Annotated[
    str | None,
    typer.Option(
        "--address",
        metavar="ADDRESS",
        help="Ray cluster that runs: auto, or ray://host:10001. Default: one is started here.",
        rich_help_panel=_PANEL,
    ),
]
Workers = Annotated[
    int | None,
    typer.Option(
        "--workers",
        min=1,
        help="With blocks: processes, or workers of Ray. Default: one a core.",
        rich_help_panel=_PANEL,
    ),
]
Resume = Annotated[
    bool,
    typer.Option(
        "--resume",
        help="With blocks: take up those that are finished.",
        rich_help_panel=_PANEL,
    ),
]


def choose_backend(
    backend: str, *, address: str | None, workers: int | None, resume: bool, in_blocks: bool
) -> BackendType | None:
    """Return what does the blocks; None where the rows are read one after the other.

    Parameters
    ----------
    backend, address, workers, resume
        As the user gave them.
    in_blocks : bool
        Whether there are blocks on this machine, too: a folder is written.

    Raises
    ------
    InputError
        If they contradict each other.
    MissingExtraError
        If Ray is asked for, and not installed.
    """
    from seqexpr.errors import InputError

    if backend not in ("local", "ray"):
        raise InputError(f"--backend {backend}: must be local or ray")
    if backend == "ray":
        from seqexpr.scale.ray_backend import RayBackend

        return RayBackend(address=address, n_workers=workers)
    if address is not None:
        raise InputError("--address is for --backend ray")
    if not in_blocks:
        for option, given in (("--workers", workers is not None), ("--resume", resume)):
            if given:
                raise InputError(f"{option} is for blocks: name a folder with -o, or --backend ray")
        return None
    from seqexpr.scale.backend import LocalBackend

    return LocalBackend(n_workers=workers)


def is_folder(output: str) -> bool:
    """Whether a name is that of a folder: it has no ending.

    Examples
    --------
    >>> is_folder("predictions"), is_folder("predictions.csv"), is_folder("-")
    (True, False, False)
    """
    return output != "-" and not Path(output).suffix
