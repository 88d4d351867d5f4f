"""From the options of a command to a service that runs: token, socket, models, first words."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from seqexpr.serve.app import create_app
from seqexpr.serve.logs import start_logging
from seqexpr.serve.server import listen, run_server
from seqexpr.serve.tokens import check_token, is_loopback, make_token

if TYPE_CHECKING:
    from seqexpr.serve.limits import Limits

__all__ = ["start"]


def start(
    models: Sequence[str],
    *,
    host: str = "127.0.0.1",
    port: int = 8000,
    token: str | None = None,
    jobs_dir: Path | None = None,
    limits: Limits,
    say: Callable[[str], object],
) -> None:
    """Serve models until told to stop.

    Parameters
    ----------
    models : sequence of str
        As for :func:`seqexpr.serve.app.create_app`.
    host, port : str, int
        Where to listen. A host other than this machine needs a token; one is made
        if none is given.
    token : str, optional
        What requests must carry.
    jobs_dir : Path, optional
        Folder of the jobs.
    limits : Limits
        What is taken.
    say : callable
        Told, line by line, where the service is.

    Raises
    ------
    InputError, BundleError, OutputError
        If it cannot start.
    """
    is_made = not token and not is_loopback(host)
    token = make_token() if is_made else check_token(token) if token else None
    with listen(host, port) as opened:
        app = create_app(*models, limits=limits, token=token, jobs_dir=jobs_dir)
        start_logging()
        address = _address(host, opened.getsockname()[1])
        for model in app.state.service.models.values():
            say(f"serving {model.name}: {model.bundle.manifest.model.title}")
        # What stands after # stays in the browser: no log on the way has the token.
        say(f"page     {address}/" + (f"#token={token}" if is_made else ""))
        say(f"API      {address}/v1/openapi.json")
        if is_made:
            say(f"token    {token}")
        run_server(app, opened)


def _address(host: str, port: int) -> str:
    """Return the address to type.

    Examples
    --------
    >>> _address("::1", 8000), _address("lab.org", 80)
    ('http://[::1]:8000', 'http://lab.org:80')
    """
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
