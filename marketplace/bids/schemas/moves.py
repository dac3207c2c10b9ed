"""The shapes of what happens to a bid after its opening."""

import datetime as dt
from collections.abc import Collection, Sequence
from typing import Annotated
from uuid import UUID

from pydantic import Field, StringConstraints

from marketplace.bids.actions.hearing import Evidence
from marketplace.bids.rules.exclusions import WORDS
from marketplace.bids.rules.hearings import Ground, HearingState
from marketplace.bids.tables.bids import Bid, BidVersion, EligibilityCheck
from marketplace.bids.tables.moves import HardExclusion, Hearing
from marketplace.scenarios.rules.content import Qualification
from marketplace.wire.shapes import BilingualOut, In, LongBilingualIn, Out

EVIDENCE_MAX = 50
Reason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000)]
Statement = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=20_000)
]
DocumentTitle = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)
]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


class RevocationIn(In):
    """Why an opened bid is taken back."""

    reason: Reason


class EvidenceIn(In):
    """A document on which an accusation rests, named and fixed by its digest."""

    title: DocumentTitle
    sha256: Sha256


class HearingIn(In):
    """What a bid is accused of, on what evidence, and how many days its bidder has to answer."""

    ground: Ground
    accusation: LongBilingualIn
    evidence: list[EvidenceIn] = Field(min_length=1, max_length=EVIDENCE_MAX)
    term_days: int = Field(ge=1, le=60)

    def documents(self) -> list[Evidence]:
        """Turn the evidence into the values the action takes."""
        return [Evidence(title=one.title, sha256=one.sha256) for one in self.evidence]


class HearingAnswerIn(In):
    """What the bidder says to it."""

    answer: Statement


class EvidenceOut(Out, frozen=True, kw_only=True):
    """A document on which an accusation rests."""

    title: str
    sha256: str


class HearingOut(Out, frozen=True, kw_only=True):
    """An accusation, what the bidder answered, and what was decided."""

    id: UUID
    version: int
    bid_id: UUID
    state: HearingState
    ground: Ground
    accusation: BilingualOut
    evidence: list[EvidenceOut]
    offered_at: dt.datetime
    answer_until: dt.datetime
    """At this instant it is too late to answer, and allowed to decide."""
    answer: str | None
    answered_at: dt.datetime | None
    decision: BilingualOut | None
    decided_at: dt.datetime | None

    @classmethod
    def of(cls, row: Hearing) -> "HearingOut":
        """Read one hearing."""
        return cls(
            id=row.id,
            version=row.version,
            bid_id=row.bid_id,
            state=row.state,
            ground=row.ground,
            accusation=_bilingual(row.accusation),
            evidence=[EvidenceOut(**one) for one in row.evidence],
            offered_at=row.offered_at,
            answer_until=row.answer_until,
            answer=row.answer,
            answered_at=row.answered_at,
            decision=None if row.decision is None else _bilingual(row.decision),
            decided_at=row.decided_at,
        )


class HearingsOut(Out, frozen=True, kw_only=True):
    """The hearings of a bid, oldest first."""

    items: list[HearingOut]


class EligibilityItemOut(Out, frozen=True, kw_only=True):
    """One item of the eligibility check, answered or waiting."""

    code: str
    text: BilingualOut
    by: str
    """`officer`: whoever checks answers it; `system`: found by law, and nobody overrides it."""
    passed: bool | None
    """Null while nobody has answered."""
    reason: BilingualOut | None


class EligibilityItemsOut(Out, frozen=True, kw_only=True):
    """Every item of the eligibility check of one bid."""

    bid_id: UUID
    checked_at: dt.datetime | None
    items: list[EligibilityItemOut]

    @classmethod
    def of(
        cls,
        bid: Bid,
        check: EligibilityCheck | None,
        hard: Sequence[HardExclusion],
        qualifications: Collection[Qualification],
    ) -> "EligibilityItemsOut":
        """Put the items of the system before those that people answer."""
        answers = {} if check is None else {one["code"]: one for one in check.items}
        found = [
            EligibilityItemOut(
                code=one.ground.value,
                text=_bilingual(WORDS[one.ground]),
                by="system",
                passed=False,
                reason=_bilingual(WORDS[one.ground]),
            )
            for one in hard
        ]
        for one in qualifications:
            told = answers.get(one.code)
            reason = None if told is None else told["reason"]
            item = EligibilityItemOut(
                code=one.code,
                text=BilingualOut(zh=one.zh, en=one.en),
                by="officer",
                passed=None if told is None else told["passed"],
                reason=None if reason is None else _bilingual(reason),
            )
            found.append(item)
        at = None if check is None else check.checked_at
        return cls(bid_id=bid.id, checked_at=at, items=found)


class SealedVersionOut(Out, frozen=True, kw_only=True):
    """One sealed version of a bid: its digests and its time, never what is in it."""

    number: int
    state: str
    """`counting`, or `superseded` by a later one and kept sealed for ever."""
    scenario_content_version: int
    received_at: dt.datetime
    sealed_sha256: str
    content_sha256: str

    @classmethod
    def of(cls, row: BidVersion, bid: Bid) -> "SealedVersionOut":
        """Read one version."""
        return cls(
            number=row.number,
            state="counting" if row.number == bid.content_number else "superseded",
            scenario_content_version=row.scenario_content_version,
            received_at=row.received_at,
            sealed_sha256=row.sealed_sha256,
            content_sha256=row.content_sha256,
        )


class SealedVersionsOut(Out, frozen=True, kw_only=True):
    """Every sealed version of a bid, oldest first."""

    items: list[SealedVersionOut]


def _bilingual(text: dict[str, str]) -> BilingualOut:
    return BilingualOut(zh=text["zh"], en=text.get("en"))
