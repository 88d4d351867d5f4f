"""All that one running service holds."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field

from seqexpr.errors import did_you_mean
from seqexpr.serve.jobs import Jobs
from seqexpr.serve.limits import Limits
from seqexpr.serve.metrics import Metrics
from seqexpr.serve.models import ServedModel
from seqexpr.serve.problems import Problem

__all__ = ["Service"]


@dataclass(eq=False)
class Service:
    """Models, limits and counters of a running service.

    Attributes
    ----------
    models : mapping of str to ServedModel
        By name.
    limits : Limits
        What it takes.
    metrics : Metrics
        What it counts.
    token : str or None
        What a request must carry; None = nothing.
    jobs : Jobs or None
        Files that are predicted; None = none are taken.
    is_stopping : bool
        Whether it takes no new requests.
    """

    models: Mapping[str, ServedModel]
    limits: Limits
    metrics: Metrics
    token: str | None = None
    jobs: Jobs | None = None
    is_stopping: bool = False
    secret: bytes = field(default_factory=lambda: secrets.token_bytes(32), repr=False)

    def model(self, name: str | None, *, where: str = "body.model") -> ServedModel:
        """Return the model that a request means.

        Parameters
        ----------
        name : str or None
            None where one model is served.
        where : str
            Where the name stood.

        Raises
        ------
        Problem
            404 for an unknown name, 422 if several are served and none is named.
        """
        names = ", ".join(map(repr, self.models))
        if name is None:
            if len(self.models) == 1:
                return next(iter(self.models.values()))
            raise Problem(
                422,
                "which-model",
                f"{len(self.models)} models are served, and the request names none",
                where=where,
                remedy=f"name one of {names}",
            )
        if name not in self.models:
            hint = did_you_mean(name, self.models)
            raise Problem(
                404,
                "unknown-model",
                f"no model has this name{hint}",
                where=where,
                found=name,
                remedy=f"name one of {names}",
            )
        return self.models[name]

    def close(self) -> None:
        """Stop every thread. A job that runs is run again after the next start."""
        self.is_stopping = True
        if self.jobs is not None:
            self.jobs.close()
        for model in self.models.values():
            model.close()
