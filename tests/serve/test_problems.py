"""Problem documents: what, where, found, remedy."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from seqexpr.serve.problems import Problem, problem_response, shorten, validation_problem


@given(st.text(), st.text(min_size=1), st.text())
def test_any_text_becomes_a_document_that_json_can_say(detail, where, found):
    problem = Problem(422, "x", detail, where=where, found=found, retry_after=0)
    response = problem_response(problem, request_id="1")
    content = json.loads(response.body.decode("ascii"))
    assert content["detail"] == detail
    assert content["where"] == where
    assert len(content["found"]) <= 60
    assert response.headers["retry-after"] == "1"


@given(st.one_of(st.text(), st.integers(), st.none()))
def test_what_is_found_is_shown_short(value):
    assert len(shorten(value)) <= 60


def test_many_mistakes_are_listed_and_counted():
    errors = [
        {"type": "string_type", "loc": ("body", "sequences", k), "msg": "a string", "input": k}
        for k in range(30)
    ]
    problem = validation_problem(errors)
    assert problem.detail == "body.sequences[0]: a string (and 29 more)"
    assert len(problem.to_dict()["errors"]) == 20
