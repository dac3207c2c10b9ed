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
    """The call was withdrawn before an award."""

    TYPE = "scenario.cancelled"
    SUBJECT = "scenario_id"
    VISIBILITY = Visibility.PUBLIC

    scenario_id: UUID
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ScenarioFailed(Event):
    """The call failed, for the reason given; a relaunch is a new scenario."""

    TYPE = "scenario.failed"
    SUBJECT = "scenario_id"
    VISIBILITY = Visibility.PUBLIC

    scenario_id: UUID
    reason: str
