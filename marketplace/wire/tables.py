"""What the wire remembers: the answers to requests that carried an Idempotency-Key."""

import datetime as dt
from uuid import UUID

from sqlalchemy import UniqueConstraint
from sqlmodel import Field

from marketplace.kit.tables import Row, digest, json_document, sealed, stored_bytes


class IdempotentAnswer(Row, table=True):
    """One answer, written in the transaction of the change it tells of."""

    __tablename__ = "idempotent_answer"
    __table_args__ = (UniqueConstraint("person_id", "organization_id", "key"),)

    person_id: UUID
    organization_id: UUID
    key: str = Field(max_length=200)
    request_sha256: str = digest()
    """Digest of method, path, If-Match and body: the same key with another request is a mistake.
    Keyed with what only the sealed answer holds, where the answer is sealed."""
    status: int
    headers: dict[str, str] = json_document()
    body: bytes = stored_bytes()
    sealed_body: bytes | None = sealed(
        context="idempotent_answer/{person_id}/{organization_id}/{key}", default=None, nullable=True
    )
    """The answer of a request that must leave no trace, in place of `body`."""
    created_at: dt.datetime = Field(index=True)
