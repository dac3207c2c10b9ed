"""What the wire remembers: the answers to requests that carried an Idempotency-Key."""

import datetime as dt
from uuid import UUID

from sqlalchemy import UniqueConstraint
from sqlmodel import Field

from marketplace.kit.tables import Row, digest, json_document, stored_bytes


class IdempotentAnswer(Row, table=True):
    """One answer, written in the transaction of the change it tells of."""

    __tablename__ = "idempotent_answer"
    __table_args__ = (UniqueConstraint("person_id", "organization_id", "key"),)

    person_id: UUID
    organization_id: UUID
    key: str = Field(max_length=200)
    request_sha256: str = digest()
    """Digest of method, path, If-Match and body: the same key with another request is a mistake."""
    status: int
    headers: dict[str, str] = json_document()
    body: bytes = stored_bytes()
    created_at: dt.datetime = Field(index=True)
