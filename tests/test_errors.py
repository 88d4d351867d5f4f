from __future__ import annotations

import inspect

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqexpr import errors

ALL = [getattr(errors, name) for name in errors.__all__ if inspect.isclass(getattr(errors, name))]


@pytest.mark.parametrize("error", ALL)
def test_every_error_is_ours_and_has_an_exit_code(error):
    assert issubclass(error, errors.SeqexprError)
    assert error.exit_code in (1, 2, 3)


@pytest.mark.parametrize("error", [e for e in ALL if e is not errors.SeqexprError])
def test_every_error_also_inherits_a_matching_built_in(error):
    built_in = (ValueError, ImportError, OSError, RuntimeError)
    assert issubclass(error, built_in)


def test_a_column_error_shows_its_sentence_not_the_repr_of_a_key():
    assert str(errors.ColumnError("no column 'x'")) == "no column 'x'"
    assert str(errors.SeqexprError()) == ""


def test_a_failed_check_carries_its_report():
    report = object()
    assert errors.CheckFailedError("bad", report).report is report


@given(st.lists(st.text(min_size=1), min_size=1, unique=True))
def test_a_known_name_is_always_suggested_for_itself(names):
    assert "did you mean" in errors.did_you_mean(names[0], names)
