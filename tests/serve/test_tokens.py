"""Tokens, hosts of this machine, and links that only who was told can follow."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqexpr.errors import InputError
from seqexpr.serve.tokens import check_token, is_loopback, link_key, make_token, same_token


@given(st.text(), st.text())
def test_two_tokens_are_the_same_if_they_are_equal(a, b):
    a, b = a.encode("utf-8", "replace").decode(), b.encode("utf-8", "replace").decode()
    assert same_token(a, b) == (a == b)
    assert same_token(a, a)


def test_tokens_that_are_made_are_good_and_new():
    made = {make_token() for _ in range(50)}
    assert len(made) == 50
    assert all(check_token(token) == token for token in made)


@pytest.mark.parametrize(
    "token",
    [
        "spaces are not good",
        "tab\tbed-token-of-sixteen",
        "größer-als-erlaubt",
        "new\nline-token-of-16",
    ],
)
def test_tokens_that_no_header_carries_are_refused(token):
    with pytest.raises(InputError, match="no header can carry"):
        check_token(token)


def test_hosts_of_this_machine():
    assert all(map(is_loopback, ("127.0.0.1", "127.8.8.8", "::1", "LOCALHOST")))
    assert not any(
        map(is_loopback, ("", "0.0.0.0", "::", "192.168.1.1", "localhost.evil.org", "lab"))
    )


def test_a_link_is_good_for_one_name_and_one_run():
    keys = {link_key(secret, name) for secret in (b"1", b"2") for name in ("a", "b")}
    assert len(keys) == 4
