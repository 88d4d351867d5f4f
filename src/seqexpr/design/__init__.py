"""Design: sequences that a trained model, and what is known of its limits, speak for.

``seqexpr.design`` is this room, and the job that it is for: it can be called.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any


class _Room(ModuleType):
    """A room that is called as its main job, whichever of its modules was imported first."""

    def __call__(self, *arguments: Any, **choices: Any) -> Any:
        """Design sequences; see :func:`seqexpr.design.run.design`."""
        from seqexpr.design.run import design

        return design(*arguments, **choices)


sys.modules[__name__].__class__ = _Room
