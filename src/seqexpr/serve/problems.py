"""What the service answers when it says no: problem documents, RFC 9457.

A problem says what is wrong, where, what was found and what to do about it,
as the errors of the command line do.

References
----------
Nottingham, Wilde & Dalal (2023), Problem Details for HTTP APIs, RFC 9457.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from starlette.exceptions import HTTPException
from starlette.responses import Response

__all__ = ["MEDIA_TYPE", "Problem", "problem_response", "validation_problem"]

MEDIA_TYPE = "application/problem+json"
_SHOWN = 60
_MOST = 20


class Problem(HTTPException):
    """A request that cannot be answered, and why.

    Parameters
    ----------
    status : int
        HTTP status, 400 to 599.
    kind : str
        Short name that programs can go by, such as ``"too-many-sequences"``.
    detail : str
        What is wrong, in one sentence.
    where : str, optional
        Where in the request: ``"body.sequences[3]"``.
    found : object, optional
        What was found there; shown shortened.
    remedy : str, optional
        What to do.
    retry_after : int, optional
        Seconds after which to try again.
    errors : sequence of dict, optional
        All that is wrong, where that is more than one thing.

    Examples
    --------
    >>> problem = Problem(404, "unknown-model", "no model is called 'lacc'", where="body.model")
    >>> problem.to_dict()["title"], problem.to_dict()["where"]
    ('Not Found', 'body.model')
    """

    def __init__(
        self,
        status: int,
        kind: str,
        detail: str,
        *,
        where: str | None = None,
        found: object = None,
        remedy: str | None = None,
        retry_after: int | None = None,
        errors: Sequence[Mapping[str, str]] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        extra = {} if retry_after is None else {"Retry-After": str(max(1, retry_after))}
        super().__init__(status, detail, headers={**(headers or {}), **extra})
        self.kind, self.where, self.remedy = kind, where, remedy
        self.found = None if found is None else shorten(found)
        self.errors = tuple(dict(error) for error in errors[:_MOST])

    def to_dict(self) -> dict[str, Any]:
        """Return the document, without what is not known."""
        content = {
            "type": f"urn:seqexpr:problem:{self.kind}",
            "title": HTTPStatus(self.status_code).phrase,
            "status": self.status_code,
            "detail": self.detail,
            "where": self.where,
            "found": self.found,
            "remedy": self.remedy,
            "errors": list(self.errors),
        }
        return {key: value for key, value in content.items() if value not in (None, [])}


def shorten(value: object) -> str:
    """Return a value as text of at most 60 characters.

    Examples
    --------
    >>> shorten(17), len(shorten("ACGT" * 100))
    ('17', 60)
    """
    text = value if isinstance(value, str) else repr(value)
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"


def problem_response(problem: Problem, *, request_id: str = "") -> Response:
    """Return a problem as a response.

    Parameters
    ----------
    problem : Problem
        What is wrong.
    request_id : str
        Number of the request, which the log has too.
    """
    content = problem.to_dict()
    if request_id:
        content["instance"] = f"urn:uuid:{request_id}"
    # ASCII, since a request may hold half a surrogate pair, which no UTF-8 can say.
    return Response(
        json.dumps(content).encode("ascii"),
        status_code=problem.status_code,
        headers=dict(problem.headers or {}),
        media_type=MEDIA_TYPE,
    )


def validation_problem(errors: Sequence[Mapping[str, Any]]) -> Problem:
    """Return what pydantic found wrong with a request as a problem.

    Parameters
    ----------
    errors : sequence of dict
        As ``ValidationError.errors()`` gives them.

    Examples
    --------
    >>> found = [{"type": "string_type", "loc": ("body", "sequences", 3), "input": 5,
    ...           "msg": "Input should be a valid string"}]
    >>> problem = validation_problem(found)
    >>> problem.status_code, problem.where, problem.found
    (422, 'body.sequences[3]', '5')
    """
    first = errors[0]
    if first["type"] == "json_invalid":
        reason = first.get("ctx", {}).get("error", "unreadable")
        return Problem(
            400,
            "not-json",
            f"the body is not JSON: {reason}",
            where=f"byte {first['loc'][-1]}",
            remedy="send one JSON object with Content-Type: application/json",
        )
    if tuple(first["loc"]) == ("body",) and isinstance(first.get("input"), bytes):
        return Problem(
            415,
            "media-type",
            "the body has no type that is read here",
            where="header Content-Type",
            remedy="send one JSON object with Content-Type: application/json",
        )
    listed = [{"where": _place(error["loc"]), "what": str(error["msg"])} for error in errors]
    more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
    return Problem(
        422,
        "invalid-request",
        f"{listed[0]['where']}: {listed[0]['what']}{more}",
        where=listed[0]["where"],
        found=first.get("input"),
        remedy="compare the request with /v1/openapi.json",
        errors=listed,
    )


def _place(location: Sequence[str | int]) -> str:
    text = ""
    for part in location:
        text += f"[{part}]" if isinstance(part, int) else f".{shorten(part)}"
    return text.removeprefix(".")
