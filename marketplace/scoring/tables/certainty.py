"""What the scoring room remembers of how sure its rankings are."""

import datetime as dt
from uuid import UUID

from sqlmodel import Field

from marketplace.kit.tables import Row, digest, stored_bytes


class RoundCertainty(Row, table=True):
    """How sure one ranking is; follows from its sheet, stored as bytes, never changed."""

    __tablename__ = "round_certainty"

    round_id: UUID = Field(foreign_key="ranking_round.id", unique=True)
    sensitivity: bytes = stored_bytes()
    sensitivity_sha256: str = digest()
    panel: bytes = stored_bytes()
    """What is to be said about the judges; not for everybody who reads the round."""
    panel_sha256: str = digest()
    code_version: str = Field(max_length=32)
    computed_at: dt.datetime
