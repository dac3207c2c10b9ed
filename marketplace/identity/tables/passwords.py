"""What the identity room remembers: logins, passwords and wrong tries."""

import datetime as dt
from uuid import UUID

from sqlmodel import Field

from marketplace.kit.tables import Row, digest, sealed


class Password(Row, table=True):
    """How one person signs in by themself; the password is kept as an Argon2id hash only."""

    __tablename__ = "password"

    person_id: UUID = Field(foreign_key="person.id", unique=True)
    login: str = Field(max_length=254, unique=True)
    """Folded, so that it is unique however it is typed."""
    argon2_hash: str = Field(max_length=256)
    changed_at: dt.datetime


class PasswordReset(Row, table=True):
    """A one-time token with which a person may choose a new password."""

    __tablename__ = "password_reset"

    person_id: UUID = Field(foreign_key="person.id", index=True)
    token_sha256: str = digest(unique=True)
    login: str = Field(max_length=254)
    issued_by: UUID | None = Field(default=None, foreign_key="person.id")
    issued_at: dt.datetime
    expires_at: dt.datetime
    used_at: dt.datetime | None = Field(default=None)


class SignInTries(Row, table=True):
    """Wrong tries in a row for one login, whether anybody has it or not."""

    __tablename__ = "sign_in_tries"

    login_sha256: str = digest(unique=True)
    """A hash: people type their password here by mistake."""
    failures: int = Field(default=0)
    closed_until: dt.datetime | None = Field(default=None)
    last_at: dt.datetime = Field(index=True)


class SecondFactor(Row, table=True):
    """The authenticator of one person."""

    __tablename__ = "second_factor"

    person_id: UUID = Field(foreign_key="person.id", unique=True)
    sealed_secret: bytes = sealed(context="second_factor/{person_id}")
    """Encrypted by the keeper, bound to this row."""
    last_step: int = Field(default=0)
    """The newest time step whose code was accepted; none before it is accepted again."""
    enrolled_at: dt.datetime
    confirmed_at: dt.datetime | None = Field(default=None)


class RecoveryCode(Row, table=True):
    """A code for the day the authenticator is lost; good once."""

    __tablename__ = "recovery_code"

    person_id: UUID = Field(foreign_key="person.id", index=True)
    code_sha256: str = digest()
    used_at: dt.datetime | None = Field(default=None)
