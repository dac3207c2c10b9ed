"""The shapes of the identity room on the wire: signing in, sessions, accounts elsewhere."""

import datetime as dt
from collections.abc import Iterable
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from marketplace.identity.actions.sign_in import Claim
from marketplace.identity.tables.sessions import ExternalIdentity, PersonSession
from marketplace.wire.shapes import In, Out

Secret = Annotated[str, Field(min_length=1, max_length=1000)]
"""A password or token."""
FactorCode = Annotated[str, Field(min_length=6, max_length=40)]


class ConfidentialIn(In):
    """A request with something in it that no log and no traceback may show."""

    def __repr_args__(self) -> Iterable[tuple[str | None, Any]]:
        """Show nothing."""
        return ()


class SignInIn(ConfidentialIn):
    """Who wants in, and what proves it."""

    login: Annotated[str, Field(min_length=1, max_length=254)]
    password: Secret
    code: FactorCode | None = None
    """Of the authenticator, or a recovery code; asked for when it is needed."""
    organization_id: UUID | None = None
    """For whom to act; the organisation joined first unless it is named."""

    def claim(self) -> Claim:
        """Turn the request into the value the action takes."""
        return Claim(
            login=self.login,
            password=self.password,
            code=self.code,
            organization_id=self.organization_id,
        )


class ActForIn(In):
    """The organisation to act for from now on."""

    organization_id: UUID


class SessionOut(Out, frozen=True, kw_only=True):
    """One session of a person."""

    id: UUID
    organization_id: UUID
    methods: list[str]
    created_at: dt.datetime
    last_seen_at: dt.datetime
    expires_at: dt.datetime
    current: bool
    """Whether it is the one that asks."""

    @classmethod
    def of(cls, row: PersonSession, *, current: UUID | None) -> "SessionOut":
        """Read one session, without its token."""
        return cls(
            id=row.id,
            organization_id=row.organization_id,
            methods=row.methods,
            created_at=row.created_at,
            last_seen_at=row.last_seen_at,
            expires_at=row.expires_at,
            current=row.id == current,
        )


class CurrentSessionOut(Out, frozen=True, kw_only=True):
    """The session that asks, and the proof that its requests have to carry."""

    id: UUID
    person_id: UUID
    organization_id: UUID
    methods: list[str]
    created_at: dt.datetime
    expires_at: dt.datetime
    second_factor_missing: bool
    """True: until a second factor is set up this session is good for nothing else."""
    csrf_token: str
    """Send it as `X-CSRF-Token` with whatever is not a GET."""

    @classmethod
    def of(cls, row: PersonSession, *, must_enrol: bool, csrf_token: str) -> "CurrentSessionOut":
        """Read the session that asks."""
        return cls(
            id=row.id,
            person_id=row.person_id,
            organization_id=row.organization_id,
            methods=row.methods,
            created_at=row.created_at,
            expires_at=row.expires_at,
            second_factor_missing=must_enrol,
            csrf_token=csrf_token,
        )


class SignedOutOut(Out, frozen=True, kw_only=True):
    """How many sessions ended."""

    ended: int


class ExternalIdentityIn(In):
    """An account at the provider, by the name that the provider never gives to somebody else."""

    issuer: Annotated[str, Field(min_length=8, max_length=255, pattern=r"^https?://\S+$")]
    subject: Annotated[str, Field(min_length=1, max_length=255)]


class ExternalIdentityOut(Out, frozen=True, kw_only=True):
    """An account at the provider that belongs to a person."""

    id: UUID
    person_id: UUID
    issuer: str
    subject: str
    linked_at: dt.datetime

    @classmethod
    def of(cls, row: ExternalIdentity) -> "ExternalIdentityOut":
        """Read one account."""
        return cls(
            id=row.id,
            person_id=row.person_id,
            issuer=row.issuer,
            subject=row.subject,
            linked_at=row.linked_at,
        )


class StartLinkIn(In):
    """Where to come back to."""

    return_to: Annotated[str, Field(min_length=1, max_length=500)] = "/"


class StartLinkOut(Out, frozen=True, kw_only=True):
    """Where to send the browser."""

    address: str
