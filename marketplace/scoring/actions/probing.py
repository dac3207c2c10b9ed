"""Try an endpoint with the public example, so that its owner learns what we make of its answer.

The trial is counted in one transaction, made with none, and nothing of it is kept.  The answer
itself is not shown: whoever registers an address learns no more of it than that it answers, and a
header that is sent back stays a secret.
"""

import asyncio
import os
from dataclasses import dataclass, replace
from uuid import UUID

from marketplace.identity.rules import access
from marketplace.identity.rules.access import Actor, Permission
from marketplace.kit import addresses
from marketplace.kit.clock import Clock
from marketplace.kit.database import Database
from marketplace.kit.outbound import Outbound
from marketplace.kit.secrets import Keeper
from marketplace.scenarios.queries import calls as scenarios
from marketplace.scenarios.rules import endpoint_terms
from marketplace.scoring.actions import calling, registering
from marketplace.scoring.errors.inference import NothingToProbeWith
from marketplace.scoring.queries import inference as queries
from marketplace.scoring.queries import rounds
from marketplace.scoring.rules import endpoints as rules
from marketplace.scoring.rules import inference
from marketplace.scoring.rules.endpoints import BOUNDS, Outcome, Row
from marketplace.scoring.rules.inputs import fields_of
from marketplace.scoring.rules.metrics import registry as metrics
from marketplace.scoring.rules.rubric import Kind

SEED_BYTES = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """What was sent, and what came of it."""

    request: str
    """The body, as it was sent."""
    outcome: Outcome
    prediction: str | None


async def probe(
    database: Database,
    actor: Actor,
    endpoint_id: UUID,
    *,
    keeper: Keeper,
    reach: addresses.Policy,
    clock: Clock,
) -> Probe:
    """Call one's own endpoint once, with the example that the call publishes.

    Refuses  what counting it refuses, see `registering.count_probe`; NothingToProbeWith.
    """
    access.require(actor, Permission.SUBMISSIONS_UPLOAD)
    async with database.reading() as reader:
        row, bid = await queries.own_endpoint(reader, actor, endpoint_id)
        call = await scenarios.call(reader, bid.scenario_id)
        terms = queries.terms_of(call, row.criterion)
        criterion = rounds.criterion_of(call, row.criterion, Kind.OBJECTIVE_AUTO)
    if endpoint_terms.example_of(terms) is None:
        raise NothingToProbeWith(criterion=row.criterion)
    async with database.writing() as session:
        row = await registering.count_probe(session, actor, endpoint_id, clock=clock)
        headers = registering.headers_of(row, keeper)
    asked = Row(id="example", fields=fields_of(terms.example))
    limits = replace(
        inference.limits_of(terms),
        retries_max=0,
        rows_per_request=1,
        seconds_total=BOUNDS["seconds_total"].most,
    )
    seed = os.urandom(SEED_BYTES)
    async with Outbound(calling.policy_for(limits, reach=reach)) as outbound:
        run = await calling.call_endpoint(
            outbound,
            url=row.url,
            headers=headers,
            rows=[asked],
            limits=limits,
            seed=seed,
            on_progress=_forgotten,
            stopping=asyncio.Event(),
            column=metrics.find(criterion.metric or "").metric.column,
        )
    return Probe(
        request=rules.request_body(rules.aliased([asked], seed)).decode(),
        outcome=run.outcomes[0],
        prediction=run.predictions.get(asked.id),
    )


async def _forgotten(progress: calling.Progress) -> None:
    """Keep nothing of a trial."""
