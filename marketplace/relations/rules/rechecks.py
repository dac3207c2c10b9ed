"""When an organisation is looked at again, and what then stops it."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID


class Stage(StrEnum):
    """The four moments at which standing is checked again."""

    BID = "bid"
    DECISION = "decision"
    CONTRACT = "contract"
    PAYMENT = "payment"


@dataclass(frozen=True, slots=True, kw_only=True)
class Occasion:
    """Why an organisation is looked at again."""

    stage: Stage
    subject_type: str
    """What it is checked for, in the words of events: bid, award, claim."""
    subject_id: UUID
    counterpart_id: UUID | None = None
    """Whom the relation is asked for."""
    public_money: bool = False
    """Public funds depend on it: related parties are stopped.  Without, a relation is recorded."""

    def __post_init__(self) -> None:
        # Without this a forgotten counterpart would let an affiliate draw on public money.
        if self.public_money and self.counterpart_id is None:
            raise ValueError("public money depends on a relation: name the counterpart")

    @property
    def sealed(self) -> bool:
        """Tell whether the mere check would tell what nobody may know before the opening."""
        return self.stage is Stage.BID
