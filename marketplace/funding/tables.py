"""What the funding room remembers."""

import datetime as dt

from sqlalchemy import UniqueConstraint
from sqlmodel import Field

from marketplace.funding.rules.policies import PolicyStatus
from marketplace.kit.tables import Row, digest, stored_bytes, text_enum


class FundingPolicy(Row, table=True):
    """One version of one policy, kept as the bytes it was loaded with."""

    __tablename__ = "funding_policy"
    __table_args__ = (UniqueConstraint("code", "number"),)

    code: str = Field(max_length=64)
    number: int
    """The version of the policy."""
    name_zh: str = Field(max_length=200)
    name_en: str = Field(max_length=200)
    status: PolicyStatus = Field(sa_type=text_enum(PolicyStatus))
    document: bytes = stored_bytes()
    document_sha256: str = digest()
    loaded_at: dt.datetime
