"""A call as one caller may see it, with what they may do with it."""

import datetime as dt
from dataclasses import dataclass

from marketplace.identity.queries import organizations as identity
from marketplace.identity.queries import standing as register
from marketplace.identity.rules.access import Actor, Role
from marketplace.identity.rules.duties import Duty
from marketplace.identity.tables.organizations import Organization
from marketplace.kit.database import ReadSession
from marketplace.kit.errors import MarketplaceError
from marketplace.profiles.rules.deadlines import local_date
from marketplace.scenarios.queries import amendments, calls, custody, siblings, suspensions
from marketplace.scenarios.rules.choices import Choice, Standing, choices
from marketplace.scenarios.rules.lifecycle import APPROVABLE_STATES, ScenarioState
from marketplace.scenarios.rules.lint import blocking, lint
from marketplace.scenarios.tables import Scenario, ScenarioVersion, Suspension


@dataclass(frozen=True, slots=True, kw_only=True)
class Detail:
    """A call as one caller may see it."""

    row: Scenario
    state: ScenarioState
    """What is true now."""
    version: ScenarioVersion
    """The content in force."""
    poster: Organization
    choices: tuple[Choice, ...]
    deadline_at: dt.datetime | None
    """The deadline to announce now."""
    clock_stopped_at: dt.datetime | None
    """Since when the bid clock stands, if it does now."""
    suspensions: tuple[Suspension, ...]
    """What is in force."""
    from_inside: bool
    """Whether the actor may know what is not published."""


async def detail(session: ReadSession, actor: Actor, row: Scenario, *, now: dt.datetime) -> Detail:
    """Describe a call with its content, its poster, and what the actor may do with it."""
    in_force = await calls.version(session, row.id, row.content_version)
    state = calls.state_at(row, now)
    barring = await suspensions.in_force(session, row.id, now=now)
    waiting = await amendments.waiting(session, row.id)
    done = await calls.hands_on(session, row)
    if waiting is not None and waiting.proposed_by is not None:
        done[Duty.AMENDER] = frozenset({waiting.proposed_by})
    standing = Standing(
        state=state,
        poster_id=row.poster_id,
        end_user_id=row.end_user_id,
        author_id=row.author_id,
        done=done,
        need_signed=row.need_signed_at is not None,
        data_settled=bool(in_force.content["datasets"]) or in_force.content["no_dataset"],
        panel_seated=row.panel_seated_at is not None,
        broken_rules=await _broken_rules(session, actor, row, now),
        asker_refused=await _asker_refused(session, actor, now),
        barred=suspensions.blocks_of(barring),
        scheduled=row.publish_at is not None,
        amendment_waits=waiting is not None,
        custody_refused=await custody.refusal(session, actor, row, state),
    )
    return Detail(
        row=row,
        state=state,
        version=in_force,
        poster=await identity.organization(session, row.poster_id),
        choices=choices(actor.at(row.organizer_id), standing),
        deadline_at=calls.deadline_shown(row, now),
        clock_stopped_at=row.clock_stopped_at if calls.clock_stands(row, now) else None,
        suspensions=tuple(barring),
        from_inside=calls.knows_from_inside(actor, row),
    )


async def _broken_rules(
    session: ReadSession, actor: Actor, row: Scenario, now: dt.datetime
) -> tuple[str, ...]:
    """Name the rules that keep a call from being approved, for those who may approve it."""
    approver = actor.at(row.organizer_id).has(Role.BUREAU_APPROVER)
    if row.state not in APPROVABLE_STATES or not approver:
        return ()
    findings = lint(
        await calls.content(session, row),
        await calls.profile_of(session, row, local_date(now)),
        siblings=await siblings.siblings(session, row),
    )
    return tuple(sorted({finding.rule for finding in blocking(findings)}))


async def _asker_refused(
    session: ReadSession, actor: Actor, now: dt.datetime
) -> MarketplaceError | None:
    if not actor.has(Role.SOLVER):
        return None
    return await register.refusal(session, actor.organization_id, on=local_date(now))
