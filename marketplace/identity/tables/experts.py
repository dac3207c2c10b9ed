"""What the identity room remembers: the ties of experts that keep them off a panel."""

import datetime as dt
from uuid import UUID

from sqlmodel import Field

from marketplace.identity.rules.ties import TieKind
from marketplace.kit.tables import Row, sealed, text_enum


class ExpertTie(Row, table=True):
    """One dated tie of an expert to an organisation; never edited, only ended.

    That there is a tie must be known to whoever draws a panel.  What a declared interest consists
    of, a spouse's post for instance, is about other people too: it is sealed.
    """

    __tablename__ = "expert_tie"

    person_id: UUID = Field(foreign_key="person.id", index=True)
    organization_id: UUID = Field(foreign_key="organization.id", index=True)
    kind: TieKind = Field(sa_type=text_enum(TieKind))
    valid_from: dt.date | None = Field(default=None)
    """Null where nobody recorded when it began."""
    valid_to: dt.date | None = Field(default=None)
    """The first day on which it no longer holds."""
    sealed_detail: bytes | None = sealed(
        context="expert_tie/{id}/detail", default=None, nullable=True
    )
    recorded_by: UUID | None = Field(default=None, foreign_key="person.id")
    recorded_at: dt.datetime
    ended_by: UUID | None = Field(default=None, foreign_key="person.id")
    ended_at: dt.datetime | None = Field(default=None)
