"""What is asked of a call and what is answered about it."""

import datetime as dt
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field, StringConstraints

from marketplace.identity.tables.organizations import Organization
from marketplace.kit.days import ZONE_NAME
from marketplace.kit.errors import MarketplaceError
from marketplace.profiles.rules.profile import Track
from marketplace.scenarios.queries import Detail
from marketplace.scenarios.rules.choices import Choice
from marketplace.scenarios.rules.content import Content, content_from
from marketplace.scenarios.rules.lifecycle import CancelReason, FailReason, ScenarioState
from marketplace.scenarios.rules.lint import Finding, blocking
from marketplace.scenarios.schemas.content import ContentIn
from marketplace.scenarios.tables import Batch, PosterType, Scenario, ScenarioVersion
from marketplace.wire.shapes import (
    ActionsOut,
    BilingualIn,
    BilingualOut,
    BlockedOut,
    In,
    LongText,
    Moment,
    Out,
    WholeNumber,
)

BatchNumber = Annotated[str, StringConstraints(pattern=r"^[A-Z0-9]([A-Z0-9-]{0,38}[A-Z0-9])?$")]
Reason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000)]


class BatchIn(In):
    """A list for calls."""

    number: BatchNumber
    """Readable and public, as in `NS-2026-B1`; the numbers of its calls begin with it."""
    title: BilingualIn
    year: Annotated[WholeNumber, Field(ge=2000, le=2999)]
    organizer_id: UUID | None = None
    """Who publishes the batch; without it, the organisation of the caller."""


class BatchOut(Out, frozen=True, kw_only=True):
    """A list of calls that are published together."""

    id: UUID
    version: int
    number: str
    title: BilingualOut
    year: int
    organizer_id: UUID
    created_at: dt.datetime

    @classmethod
    def of(cls, row: Batch) -> "BatchOut":
        """Read one batch."""
        return cls(
            id=row.id,
            version=row.version,
            number=row.number,
            title=BilingualOut(zh=row.title["zh"], en=row.title.get("en")),
            year=row.year,
            organizer_id=row.organizer_id,
            created_at=row.created_at,
        )


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


class AmendIn(In):
    """The whole new content of a published call, and why it is changed."""

    content: ContentIn
    note: Reason


class CancelIn(In):
    """Why a published call is withdrawn."""

    reason: CancelReason


class FailIn(In):
    """Why a call fails."""

    reason: FailReason


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
    """At that instant it is too late."""
    zone: str
    basis: dict[str, Any] | None
    """The earliest lawful deadline, explained day by day, as `POST /v1/deadlines/preview` does."""


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
    published_at: dt.datetime | None
    deadlines: DeadlinesOut | None
    bundle_sha256: str | None
    """Digest of the canonical JSON of number, content_version, content, profile and deadline."""
    final_reason: str | None
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
            published_at=row.published_at,
            deadlines=_deadlines(row),
            bundle_sha256=row.bundle_sha256,
            final_reason=row.final_reason,
            final_at=row.final_at,
            supersedes_id=row.supersedes_id,
            created_at=row.created_at,
            actions=actions_out(found.choices, english=english),
        )


def _profile(row: Scenario) -> ProfileOut | None:
    if row.profile_code is None or row.profile_version is None:
        return None
    return ProfileOut(code=row.profile_code, version=row.profile_version)


def _deadlines(row: Scenario) -> DeadlinesOut | None:
    if row.bid_deadline_at is None:
        return None
    return DeadlinesOut(
        bid_deadline_at=row.bid_deadline_at, zone=ZONE_NAME, basis=row.deadline_basis
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


class VersionOut(Out, frozen=True, kw_only=True):
    """One version of what a call says; written once."""

    number: int
    written_at: dt.datetime
    note: str | None
    """Why it was amended; null for what was written before publication."""
    sha256: str
    """Digest of the canonical JSON of the content."""
    content: Content

    @classmethod
    def of(cls, row: ScenarioVersion) -> "VersionOut":
        """Read one version."""
        return cls(
            number=row.number,
            written_at=row.written_at,
            note=row.note,
            sha256=row.sha256,
            content=content_from(row.content),
        )


class FindingOut(Out, frozen=True, kw_only=True):
    """One broken rule: which one, where, and what would be right."""

    rule: str
    severity: str
    pointer: str
    source: str
    message: BilingualOut
    suggestion: BilingualOut

    @classmethod
    def of(cls, finding: Finding) -> "FindingOut":
        """Read one finding."""
        return cls(
            rule=finding.rule,
            severity=finding.severity,
            pointer=finding.pointer,
            source=finding.source,
            message=BilingualOut(zh=finding.message.zh, en=finding.message.en),
            suggestion=BilingualOut(zh=finding.suggestion.zh, en=finding.suggestion.en),
        )


class LintOut(Out, frozen=True, kw_only=True):
    """What the rules of its track say about a call as it stands."""

    blocking: bool
    """Whether a finding keeps the call from being approved and published."""
    items: list[FindingOut]

    @classmethod
    def of(cls, findings: tuple[Finding, ...]) -> "LintOut":
        """Read the findings."""
        return cls(
            blocking=bool(blocking(findings)), items=[FindingOut.of(one) for one in findings]
        )
