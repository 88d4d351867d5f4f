"""The process of one job: ``python -m seqexpr.serve.job_process ORDER``.

ORDER is a JSON object of model, source, destination, most_rows and most_bytes.
Each line of standard output is one JSON object: ``{"rows": 2000}``, and last
``{"summary": {…}}`` or ``{"error": "…"}``. When nobody reads any more, the
process ends.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from contextlib import suppress

from seqexpr.errors import InputError, SeqexprError

__all__ = ["main"]


def _say(**said: object) -> None:
    sys.stdout.write(json.dumps(said, allow_nan=False) + "\n")
    sys.stdout.flush()


def _limit_memory(most_bytes: int) -> None:
    """Make allocations beyond `most_bytes` fail, where the system can."""
    try:
        import resource
    except ImportError:  # Windows
        return
    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_DATA, (most_bytes, most_bytes))


def main(arguments: Sequence[str]) -> int:
    """Predict a file, and say how far it is.

    Parameters
    ----------
    arguments : sequence of str
        The order.

    Returns
    -------
    int
        0 = done, 2 = the file cannot be predicted, 3 = out of memory.
    """
    order = json.loads(arguments[0])
    _limit_memory(order["most_bytes"])
    with suppress(AttributeError, OSError):
        os.nice(5)  # requests go first

    from seqexpr.bundle.prediction import predict_file
    from seqexpr.bundle.store import load_bundle

    def tell(n: int) -> None:
        _say(rows=n)
        if n > order["most_rows"]:
            raise InputError(f"it has more than {order['most_rows']:,} rows; send it in parts")

    try:
        bundle = load_bundle(order["model"])
        summary = predict_file(
            bundle, order["source"], order["destination"], batch_size=5_000, on_batch=tell
        )
    except SeqexprError as error:
        _say(error=str(error))
        return 2
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 2
    except MemoryError:
        return 3
    _say(summary=summary.to_dict())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
