"""What is asked of a call and what is answered about it."""

import datetime as dt
from typing import Annotated, Any
from uuid import UUID

from pydantic import StringConstraints

from marketplace.identity.tables.organizations import Organization
from marketplace.kit.days import ZONE_NAME
from marketplace.kit.errors import MarketplaceError
from marketplace.profiles.rules.profile import Track
from marketplace.scenarios.queries.details import Detail
from marketplace.scenarios.rules.choices import Choice
from marketplace.scenarios.rules.content import Content, content_from
from marketplace.scenarios.rules.lifecycle import CancelReason, FailReason, ScenarioState
from marketplace.scenarios.rules.suspensions import Authority, Block, Cause
from marketplace.scenarios.schemas.content import ContentIn
from marketplace.scenarios.tables import PosterType, Scenario, Suspension
from marketplace.wire.shapes import (
    ActionsOut,
    BilingualOut,
    BlockedOut,
    In,
    LongText,
    Moment,
    Out,
)

Reason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000)]


class DraftIn(In):
    """A call to begin."""

    batch_id: UUID
    poster_id: UUID | None = None
    """Who poses the problem; without it, the organisation of the caller."""
    end_user_id: UUID | None = None
    """The unit that has the need and signs it; without it, the poster."""
    track: Track
    """The legal path the call takes."""
    content: ContentIn
    supersedes_id: UUID | None = None
    """The failed or cancelled call of the same poster that this one takes up again."""


class ReviseIn(In):
    """The new content of a draft."""

    content: ContentIn


class ReturnIn(In):
    """Why a call goes back to its poster."""

    reason: Reason


class ReviewIn(In):
    """What the bureau has found before it approves."""

    feasibility_opinion: LongText | None = None
    fair_competition_review: LongText | None = None

    def document(self) -> dict[str, str]:
        """Write it as it is stored."""
        return {name: text for name, text in self.model_dump().items() if text is not None}


class ApproveIn(In):
    """An approval."""

    review: ReviewIn


class ShelveIn(In):
    """Why an approved call is put aside, and when it is looked at again."""

    reason: Reason
    review_on: dt.date


class PublishIn(In):
    """When the call closes."""

    bid_deadline_at: Moment


class ScheduleIn(In):
    """When an approved call is published by itself, and when it then closes."""

    publish_at: Moment
    bid_deadline_at: Moment


class CancelIn(In):
    """Why a published call is withdrawn."""

    reason: CancelReason
    note: Reason | None = None
    """The reasons in words; everybody reads them."""


class FailIn(In):
    """Why a call fails."""

    reason: FailReason
    note: Reason | None = None
    """The reasons in words; everybody reads them."""


class PosterOut(Out, frozen=True, kw_only=True):
    """Who poses the problem."""

    id: UUID
    name: BilingualOut

    @classmethod
    def of(cls, row: Organization) -> "PosterOut":
        """Read one poster."""
        return cls(id=row.id, name=BilingualOut(zh=row.name_zh, en=row.name_en))


class ProfileOut(Out, frozen=True, kw_only=True):
    """The version of the rules the call runs under."""

    code: str
    version: int


class DeadlinesOut(Out, frozen=True, kw_only=True):
    """When the call closes, in which zone that is counted, and why not earlier."""

    bid_deadline_at: dt.datetime
    """At that instant it is too late; a suspension moves it out, and nothing brings it forward."""
    zone: str
    clock_stopped_at: dt.datetime | None
    """Since when a suspension holds the clock: the deadline moves out by the time that is lost."""
    basis: dict[str, Any] | None
    """The earliest lawful deadline, explained day by day, as `POST /v1/deadlines/preview` does;
    `shifts` explains what suspensions added."""


class ScheduledOut(Out, frozen=True, kw_only=True):
    """A publication that is to happen by itself, or the refusal of the last one."""

    publish_at: dt.datetime | None
    bid_deadline_at: dt.datetime | None
    refused: str | None
    """The code of the refusal for which the last scheduled publication did not take place."""


class BarredOut(Out, frozen=True, kw_only=True):
    """A suspension in force: the class of its cause, and the moves that it bars."""

    suspension_id: UUID
    cause: Cause
    authority: Authority
    blocks: list[str]
    from_at: dt.datetime
    until_at: dt.datetime | None
    """Null: until it is lifted."""


class ScenarioItemOut(Out, frozen=True, kw_only=True):
    """A call in a list."""

    id: UUID
    version: int
    number: str
    batch_id: UUID
    state: ScenarioState
    track: Track
    poster_type: PosterType
    poster_id: UUID
    title: BilingualOut
    published_at: dt.datetime | None
    bid_deadline_at: dt.datetime | None

    @classmethod
    def of(cls, row: Scenario, title: BilingualOut, state: ScenarioState) -> "ScenarioItemOut":
        """Read one row; `state` is the one that is true now."""
        return cls(
            id=row.id,
            version=row.version,
            number=row.number,
            batch_id=row.batch_id,
            state=state,
            track=row.track,
            poster_type=row.poster_type,
            poster_id=row.poster_id,
            title=title,
            published_at=row.published_at,
            bid_deadline_at=row.bid_deadline_at,
        )


class ScenarioOut(Out, frozen=True, kw_only=True):
    """A call with everything it says, and what the caller may do with it."""

    id: UUID
    version: int
    number: str
    batch_id: UUID
    state: ScenarioState
    """What is true now, whether or not a job has written it down."""
    track: Track
    poster_type: PosterType
    poster: PosterOut
    end_user_id: UUID
    title: BilingualOut
    content_version: int
    content: Content
    content_sha256: str
    need_signed_at: dt.datetime | None
    bureau_note: str | None
    """Why the bureau returned or shelved the call; null once it moves on, so never public."""
    profile: ProfileOut | None
    """Pinned at approval."""
    ceiling_as_of: dt.date | None
    """The day whose prices the cost ceiling is in."""
    scheduled: ScheduledOut | None
    """For those inside: a publication that is to happen by itself."""
    published_at: dt.datetime | None
    open_for_bids: bool
    """Derived from deadline, clock and suspensions; not stored."""
    deadlines: DeadlinesOut | None
    suspensions: list[BarredOut]
    """What is barred now."""
    bundle_sha256: str | None
    """Digest of the canonical JSON of number, content_version, content, profile and deadline."""
    final_status: ScenarioState | None
    final_reason: str | None
    final_note: str | None
    """The reasons in words."""
    final_at: dt.datetime | None
    supersedes_id: UUID | None
    created_at: dt.datetime
    actions: ActionsOut

    @classmethod
    def of(cls, found: Detail, *, english: bool) -> "ScenarioOut":
        """Read one call as its caller may see it."""
        row = found.row
        content = content_from(found.version.content)
        return cls(
            id=row.id,
            version=row.version,
            number=row.number,
            batch_id=row.batch_id,
            state=found.state,
            track=row.track,
            poster_type=row.poster_type,
            poster=PosterOut.of(found.poster),
            end_user_id=row.end_user_id,
            title=BilingualOut(zh=content.title.zh, en=content.title.en),
            content_version=row.content_version,
            content=content,
            content_sha256=found.version.sha256,
            need_signed_at=row.need_signed_at,
            bureau_note=row.bureau_note,
            profile=_profile(row),
            ceiling_as_of=row.ceiling_as_of,
            scheduled=_scheduled(found),
            published_at=row.published_at,
            open_for_bids=_open_for_bids(found),
            deadlines=_deadlines(found),
            suspensions=[_barred(one) for one in found.suspensions],
            bundle_sha256=row.bundle_sha256,
            final_status=row.final_status,
            final_reason=row.final_reason,
            final_note=row.final_note,
            final_at=row.final_at,
            supersedes_id=row.supersedes_id,
            created_at=row.created_at,
            actions=actions_out(found.choices, english=english),
        )


def _profile(row: Scenario) -> ProfileOut | None:
    if row.profile_code is None or row.profile_version is None:
        return None
    return ProfileOut(code=row.profile_code, version=row.profile_version)


def _deadlines(found: Detail) -> DeadlinesOut | None:
    if found.deadline_at is None:
        return None
    return DeadlinesOut(
        bid_deadline_at=found.deadline_at,
        zone=ZONE_NAME,
        clock_stopped_at=found.clock_stopped_at,
        basis=found.row.deadline_basis,
    )


def _scheduled(found: Detail) -> ScheduledOut | None:
    row = found.row
    if not found.from_inside or (row.publish_at is None and row.publish_note is None):
        return None
    return ScheduledOut(
        publish_at=row.publish_at,
        bid_deadline_at=row.publish_deadline_at,
        refused=row.publish_note,
    )


def _open_for_bids(found: Detail) -> bool:
    barred = any(Block.BIDDING in one.blocks for one in found.suspensions)
    return found.state is ScenarioState.PUBLISHED and not barred


def _barred(row: Suspension) -> BarredOut:
    return BarredOut(
        suspension_id=row.id,
        cause=row.cause,
        authority=row.authority,
        blocks=row.blocks,
        from_at=row.from_at,
        until_at=row.until_at,
    )


def actions_out(choices: tuple[Choice, ...], *, english: bool) -> ActionsOut:
    """Write what a caller may do, and why not the rest, in the caller's language."""

    def title(refusal: MarketplaceError) -> str:
        return refusal.title_en if english else refusal.title_zh

    return ActionsOut(
        allowed=[one.action for one in choices if one.refusal is None],
        blocked=[
            BlockedOut(action=one.action, code=one.refusal.code, title=title(one.refusal))
            for one in choices
            if one.refusal is not None
        ],
    )
