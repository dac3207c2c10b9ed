"""Look for signals, and write down what people made of them."""

import datetime as dt
from uuid import UUID

from marketplace.events import actions as events
from marketplace.events.rules.catalogue.signals import SignalJudged, SignalsComputed
from marketplace.identity.rules import access
from marketplace.identity.rules.access import Actor
from marketplace.kit.database import WriteSession
from marketplace.kit.digests import digest_of
from marketplace.kit.errors import Stale
from marketplace.kit.secrets import Keeper
from marketplace.scenarios.queries import calls as scenarios
from marketplace.signals import queries
from marketplace.signals.rules import collusion
from marketplace.signals.rules.collusion import RULES_VERSION
from marketplace.signals.rules.facts import document_of
from marketplace.signals.tables import CollusionSignal, Judgement, SignalJudgement, SignalRun


async def compute(
    session: WriteSession, scenario_id: UUID, *, keeper: Keeper, now: dt.datetime
) -> int:
    """Look at the opened bids of a call once for each version of the rules; say how many new
    signals there are.

    Shape    the call is locked, so two that look at once find one look.
    """
    row = await scenarios.scenario(session, scenario_id, lock=True)
    earlier = await queries.run(session, scenario_id)
    if earlier is not None and earlier.rules_version >= RULES_VERSION:
        return 0
    facts = await queries.facts(session, scenario_id, keeper=keeper)
    found = collusion.signals(facts.bids, ceiling_fen=facts.ceiling_fen, published=facts.published)
    known = await queries.fingerprints_of(session, scenario_id)
    fresh = [one for one in found if one.key not in known]
    for one in fresh:
        session.add(
            CollusionSignal(
                scenario_id=scenario_id,
                fingerprint=one.key,
                kind=one.kind,
                strength=one.strength,
                bid_ids=list(one.bids),
                evidence=dict(one.evidence),
                words=one.words,
                rules_version=RULES_VERSION,
                found_at=now,
            )
        )
    session.add(
        SignalRun(
            scenario_id=scenario_id,
            rules_version=RULES_VERSION,
            inputs_sha256=digest_of(document_of(facts.bids)),
            bids=len(facts.bids),
            computed_at=now,
        )
    )
    await session.flush()
    said = SignalsComputed(scenario_id=scenario_id, rules_version=RULES_VERSION)
    await events.record(
        session, said, by=access.SYSTEM.kind, now=now, organization_id=row.organizer_id
    )
    return len(fresh)


async def judge(
    session: WriteSession,
    actor: Actor,
    scenario_id: UUID,
    signal_id: UUID,
    *,
    judgement: Judgement,
    reason: str,
    expected_version: int,
    now: dt.datetime,
) -> CollusionSignal:
    """Write down what the chair or an officer makes of a signal; no bid moves by it.

    Refuses  NotPermitted, SignalsNotForYou, SignalUnknown, Stale.
    """
    access.signed_in(actor)
    call = await scenarios.scenario(session, scenario_id)
    role = await queries.judging_as(session, actor, call)
    row = await queries.signal(session, scenario_id, signal_id, lock=True)
    if row.version != expected_version:
        raise Stale(version=row.version, expected=expected_version)
    session.add(
        SignalJudgement(
            signal_id=row.id,
            judgement=judgement,
            reason=reason,
            person_id=actor.person_id,
            role=role,
            judged_at=now,
        )
    )
    row.version += 1
    await session.flush()
    said = SignalJudged(scenario_id=scenario_id, signal_id=row.id, judgement=judgement.value)
    await events.record(session, said, by=actor.kind, now=now, organization_id=call.organizer_id)
    return row
