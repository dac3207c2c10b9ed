"""What is asked of a change of a published call, and what is answered about it."""

import datetime as dt
from uuid import UUID

from marketplace.scenarios.rules.amendments import AmendmentState
from marketplace.scenarios.rules.content import Content, content_from
from marketplace.scenarios.schemas.calls import Reason
from marketplace.scenarios.schemas.content import ContentIn
from marketplace.scenarios.tables import Amendment
from marketplace.wire.shapes import In, Out


class AmendmentIn(In):
    """The whole new content of a published call, and why it is changed."""

    content: ContentIn
    note: Reason
    material: bool | None = None
    """What the officer thinks of it; kept, but the fields that changed decide."""


class AmendmentOut(Out, frozen=True, kw_only=True):
    """A change of a published call, proposed or made."""

    id: UUID
    version: int
    scenario_id: UUID
    state: AmendmentState
    note: str
    changed: list[str]
    """The fields that change."""
    material: bool
    """Whether the deadline moves and bidders confirm; judged by the fields that change."""
    claimed_material: bool | None
    """What the officer thought."""
    based_on: int
    """The content version that it changes."""
    content_version: int | None
    """The content version that it became."""
    content: Content
    proposed_at: dt.datetime
    decided_at: dt.datetime | None

    @classmethod
    def of(cls, row: Amendment) -> "AmendmentOut":
        """Read one amendment."""
        return cls(
            id=row.id,
            version=row.version,
            scenario_id=row.scenario_id,
            state=row.state,
            note=row.note,
            changed=row.changed,
            material=row.material,
            claimed_material=row.claimed_material,
            based_on=row.based_on,
            content_version=row.content_version,
            content=content_from(row.content),
            proposed_at=row.proposed_at,
            decided_at=row.decided_at,
        )
