"""What the scenarios room says."""

import datetime as dt
from dataclasses import dataclass
from uuid import UUID

from marketplace.events.rules.envelope import Event, Visibility


@dataclass(frozen=True, slots=True, kw_only=True)
class ScenarioMoved(Event):
    """A scenario changed its state inside the bureau, before anything is public."""

    TYPE = "scenario.moved"
    SUBJECT = "scenario_id"
    VISIBILITY = Visibility.INTERNAL

    scenario_id: UUID
    verb: str
    state: str
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ScenarioPublished(Event):
    """A scenario was put on the public list: solvers may bid until the deadline."""

    TYPE = "scenario.published"
    SUBJECT = "scenario_id"
    VISIBILITY = Visibility.PUBLIC

    scenario_id: UUID
    number: str
    title: dict[str, str]
    track: str
    bid_deadline_at: dt.datetime
    bundle_sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ScenarioAmended(Event):
    """A published scenario was changed; `material` changes move the deadline and ask bidders to
    reconfirm.
    """

    TYPE = "scenario.amended"
    SUBJECT = "scenario_id"
    VISIBILITY = Visibility.PUBLIC

    scenario_id: UUID
    content_version: int
    changed: tuple[str, ...]
    material: bool
    bid_deadline_at: dt.datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ScenarioClosed(Event):
    """The deadline passed; no bid is accepted any more. Says nothing about how many there are."""

    TYPE = "scenario.closed"
    SUBJECT = "scenario_id"
    VISIBILITY = Visibility.PUBLIC

    scenario_id: UUID
    closed_at: dt.datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ScenarioCancelled(Event):
    """The call was withdrawn before an award; whoever holds money or data for it releases it."""

    TYPE = "scenario.cancelled"
    SUBJECT = "scenario_id"
    VISIBILITY = Visibility.PUBLIC

    scenario_id: UUID
    reason: str
    note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ScenarioFailed(Event):
    """The call failed, for the reason given; a relaunch is a new scenario."""

    TYPE = "scenario.failed"
    SUBJECT = "scenario_id"
    VISIBILITY = Visibility.PUBLIC

    scenario_id: UUID
    reason: str
    note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ScenarioCompleted(Event):
    """Every pilot of the call has ended and is settled."""

    TYPE = "scenario.completed"
    SUBJECT = "scenario_id"
    VISIBILITY = Visibility.PUBLIC

    scenario_id: UUID
    pilots: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ScenarioReviewDue(Event):
    """A shelved call is to be looked at again, as was said when it was put aside."""

    TYPE = "scenario.review_due"
    SUBJECT = "scenario_id"
    VISIBILITY = Visibility.INTERNAL

    scenario_id: UUID
    review_on: dt.date


@dataclass(frozen=True, slots=True, kw_only=True)
class ScenarioSuspended(Event):
    """Some moves of the call are barred from now on; says the class of the cause, not the story."""

    TYPE = "scenario.suspended"
    SUBJECT = "scenario_id"
    VISIBILITY = Visibility.PUBLIC

    scenario_id: UUID
    suspension_id: UUID
    cause: str
    authority: str
    blocks: tuple[str, ...]
    until_at: dt.datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ScenarioResumed(Event):
    """A suspension has ended: it was lifted, or its time is over."""

    TYPE = "scenario.resumed"
    SUBJECT = "scenario_id"
    VISIBILITY = Visibility.PUBLIC

    scenario_id: UUID
    suspension_id: UUID
    ended: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadlineShifted(Event):
    """The bid deadline has moved out; `rule` names the parameter or the suspension behind it."""

    TYPE = "deadline.shifted"
    SUBJECT = "scenario_id"
    VISIBILITY = Visibility.PUBLIC

    scenario_id: UUID
    old_deadline_at: dt.datetime
    new_deadline_at: dt.datetime
    rule: str
