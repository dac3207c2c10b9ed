"""The shapes of the identity room on the wire: passwords and second factors."""

import datetime as dt
from typing import Annotated
from uuid import UUID

from pydantic import Field

from marketplace.identity.actions.passwords import Wish
from marketplace.identity.schemas.sessions import (
    ConfidentialIn,
    CurrentSessionOut,
    FactorCode,
    Secret,
)
from marketplace.identity.tables.passwords import Password, PasswordReset, SecondFactor
from marketplace.wire.shapes import In, Out

Login = Annotated[str, Field(min_length=1, max_length=254)]


class PasswordIn(ConfidentialIn):
    """A new password; the old one proves that it is yours to change."""

    new_password: Secret
    old_password: Secret | None = None
    """Left out by whoever has no password yet."""
    login: Login | None = None
    """E-mail address or a name of your choice; needed with the first password."""

    def wish(self) -> Wish:
        """Turn the request into the value the action takes."""
        return Wish(new=self.new_password, old=self.old_password, login=self.login)


class PasswordOut(Out, frozen=True, kw_only=True):
    """How one signs in now."""

    login: str
    changed_at: dt.datetime
    csrf_token: str | None
    """The proof of this session, whose token changed; null without a session."""

    @classmethod
    def of(cls, row: Password, *, csrf_token: str | None = None) -> "PasswordOut":
        """Read it, without the hash."""
        return cls(login=row.login, changed_at=row.changed_at, csrf_token=csrf_token)


class ResetIn(In):
    """For whom a new password may be chosen."""

    login: Login | None = None
    """Needed for a person who has none yet."""


class IssuedResetOut(Out, frozen=True, kw_only=True):
    """A one-time token: shown this once; hand it over where only that person hears it."""

    id: UUID
    person_id: UUID
    login: str
    expires_at: dt.datetime
    token: str

    @classmethod
    def of_issued(cls, row: PasswordReset, token: str) -> "IssuedResetOut":
        """Read one new token."""
        return cls(
            id=row.id,
            person_id=row.person_id,
            login=row.login,
            expires_at=row.expires_at,
            token=token,
        )


class RedeemIn(ConfidentialIn):
    """A one-time token and the password to have from now on."""

    token: Secret
    new_password: Secret


class SecondFactorOut(Out, frozen=True, kw_only=True):
    """Whether a second factor is in use, and how many recovery codes are left."""

    enabled: bool
    confirmed_at: dt.datetime | None
    recovery_codes_left: int

    @classmethod
    def of(cls, row: SecondFactor | None, *, codes: int) -> "SecondFactorOut":
        """Read it, without the secret."""
        confirmed_at = None if row is None else row.confirmed_at
        enabled = confirmed_at is not None
        return cls(enabled=enabled, confirmed_at=confirmed_at, recovery_codes_left=codes)


class EnrolmentOut(Out, frozen=True, kw_only=True):
    """What goes into an authenticator: shown this once."""

    secret: str
    otpauth_uri: str


class CodeIn(ConfidentialIn):
    """The code that the authenticator shows."""

    code: FactorCode


class ConfirmedOut(Out, frozen=True, kw_only=True):
    """Recovery codes, shown this once, each good once; and the session, whose token changed."""

    recovery_codes: list[str]
    session: CurrentSessionOut


class DisableIn(ConfidentialIn):
    """What proves that giving the second factor up is your own wish."""

    password: Secret
    code: FactorCode
