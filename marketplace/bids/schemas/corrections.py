"""The shape of a proposed price correction on the wire."""

import datetime as dt
from uuid import UUID

from marketplace.bids.rules.correction_lifecycle import CorrectionState
from marketplace.bids.tables.corrections import PriceCorrection
from marketplace.wire.shapes import Out


class CorrectionStepOut(Out, frozen=True, kw_only=True):
    """One figure that the rules change, in the order in which they do."""

    rule: str
    pointer: str
    """Where in the offer it stands."""
    before: int | str
    after: int | str


class PriceCorrectionOut(Out, frozen=True, kw_only=True):
    """What the rules make of a price that contradicts itself."""

    id: UUID
    version: int
    bid_id: UUID
    state: CorrectionState
    quote_fen: int
    """As it was read out at the opening."""
    corrected_fen: int
    currency: str = "CNY"
    steps: list[CorrectionStepOut]
    proposed_at: dt.datetime
    respond_by: dt.datetime | None
    """From this instant on it is too late, and the bid is invalid."""
    zone: str = "Asia/Shanghai"
    settled_at: dt.datetime | None

    @classmethod
    def of(cls, row: PriceCorrection) -> "PriceCorrectionOut":
        """Read one row."""
        return cls(
            id=row.id,
            version=row.version,
            bid_id=row.bid_id,
            state=row.state,
            quote_fen=row.quote_fen,
            corrected_fen=row.corrected_fen,
            steps=[CorrectionStepOut(**one) for one in row.steps],
            proposed_at=row.proposed_at,
            respond_by=row.respond_by,
            settled_at=row.settled_at,
        )
