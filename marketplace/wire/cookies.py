"""Cookies that only this host can set and no script can read."""

from typing import Final

from litestar.datastructures import Cookie

HOST_ONLY: Final = "__Host-"
"""A browser takes such a cookie only over TLS, for the whole host, and from nobody but the host."""


def cookie_name(base: str, *, development: bool) -> str:
    """Name a cookie; a browser would refuse the prefix on http://127.0.0.1."""
    return base if development else HOST_ONLY + base


def cookie(base: str, value: str, *, max_age: int, development: bool) -> Cookie:
    """Make a cookie for this host alone."""
    return Cookie(
        key=cookie_name(base, development=development),
        value=value,
        max_age=max_age,
        path="/",
        secure=not development,
        httponly=True,
        samesite="lax",
    )


def no_cookie(base: str, *, development: bool) -> Cookie:
    """Make the cookie that removes the one of this name."""
    return cookie(base, "", max_age=0, development=development)
