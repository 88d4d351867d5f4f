"""Who may ask: a bearer token, which hosts a request may name, and links to reports."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import secrets

from seqexpr.errors import InputError

__all__ = ["check_token", "is_loopback", "link_key", "make_token", "same_token"]

_SHORTEST = 16


def is_loopback(host: str) -> bool:
    """Whether an address can be reached from this machine only.

    Examples
    --------
    >>> [is_loopback(host) for host in ("127.0.0.1", "::1", "localhost", "0.0.0.0", "lab.org")]
    [True, True, True, False, False]
    """
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def make_token() -> str:
    """Return a new token, 32 random bytes in 43 letters.

    Examples
    --------
    >>> len(make_token())
    43
    """
    return secrets.token_urlsafe(32)


def check_token(token: str) -> str:
    """Return a token that can be guarded with, or say what is wrong with it.

    Raises
    ------
    InputError
        If it is shorter than 16 characters, or holds what a header cannot.

    Examples
    --------
    >>> check_token("secret")
    Traceback (most recent call last):
        ...
    seqexpr.errors.InputError: the token has 6 characters; take at least 16, or leave it out ...
    """
    if len(token) < _SHORTEST:
        raise InputError(
            f"the token has {len(token)} characters; take at least {_SHORTEST}, or leave it out "
            "and one is made"
        )
    if not token.isascii() or any(letter.isspace() or not letter.isprintable() for letter in token):
        raise InputError(
            "the token holds spaces or letters outside ASCII, which no header can carry; take "
            "letters and digits"
        )
    return token


def same_token(given: str, token: str) -> bool:
    """Whether two tokens are the same, found in a time that does not tell how far they are.

    Examples
    --------
    >>> same_token("a", "a"), same_token("a", "b")
    (True, False)
    """
    return hmac.compare_digest(given.encode(), token.encode())


def link_key(secret: bytes, name: str) -> str:
    """Return what must stand in a link, so that only who was told the link can follow it.

    Parameters
    ----------
    secret : bytes
        Of this run of the service.
    name : str
        What is linked to.

    Examples
    --------
    >>> link_key(b"one", "lac") == link_key(b"two", "lac")
    False
    """
    return hmac.new(secret, name.encode(), hashlib.sha256).hexdigest()
