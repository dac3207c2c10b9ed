"""The clock hand: which room's job runs how often.  APScheduler only rings; the work is done by our
own tasks.

Its executor cancels running coroutines when it stops, and a cancelled database call can hang for
ever.  So a ring only sets an event, the worker of that job wakes up, and on shutdown every worker
finishes what it is doing.  Several processes may run this at the same time: every job takes its
work from the database under a lock or lease.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from litestar import Litestar

from marketplace.bids.jobs import corrections
from marketplace.bids.jobs import documents as bids
from marketplace.datasets import jobs as datasets
from marketplace.feed import jobs as feed
from marketplace.house import House
from marketplace.identity import jobs as identity
from marketplace.kit import addresses
from marketplace.kit.bell import Bell
from marketplace.kit.clock import SystemClock
from marketplace.kit.outbound import Outbound, OutboundPolicy
from marketplace.kit.telegraph import Telegraph
from marketplace.replays import jobs as replays
from marketplace.scenarios import jobs as scenarios
from marketplace.scorers import Beside, caller_of, scorer_of
from marketplace.scoring.jobs import upkeep
from marketplace.signals import jobs as signals
from marketplace.webhooks import jobs as webhooks

_log = structlog.get_logger("jiebang.tick")
Job = Callable[[], Awaitable[object]]
SCORING = frozenset({"call_endpoints", "score"})
"""What `jiebang work` does, and never a server itself."""


@dataclass(slots=True)
class Worker:
    """Runs one job each time it is rung; a ring during a run makes it run once more."""

    name: str
    job: Job
    bell: asyncio.Event = field(default_factory=asyncio.Event)
    stopping: bool = False

    async def work(self) -> None:
        """Run until stopped.  A failed run is logged and does not end the worker."""
        while True:
            await self.bell.wait()
            self.bell.clear()
            if self.stopping:
                return
            try:
                await self.job()
            except Exception:
                _log.exception("tick failed", job=self.name)

    def stop(self) -> None:
        """Ask the worker to end after what it is doing."""
        self.stopping = True
        self.bell.set()


def jobs_of(
    house: House, outbound: Outbound, *, stopping: asyncio.Event | None = None
) -> dict[str, Job]:
    """Name every job of the house; those that may take long end early once `stopping` is set.

    In an order in which what one job says is told by a later one of the same round.
    """
    return {
        **_jobs_of_people(house),
        **_jobs_of_calls(house),
        **_jobs_of_bids(house, stopping),
        **_jobs_of_files(house, stopping),
        **jobs_of_events(house, outbound, stopping),
    }


def _jobs_of_people(house: House) -> dict[str, Job]:
    return {
        "note_uses": lambda: note_uses(house),
        "forget_tries": lambda: identity.forget_tries(house.database, house.clock),
        "forget_what_need_not_be_kept": lambda: identity.forget_what_need_not_be_kept(
            house.database, house.clock
        ),
    }


def _jobs_of_calls(house: House) -> dict[str, Job]:
    database, clock, recovery = house.database, house.clock, house.settings.recovery_keys
    return {
        "publish_due_calls": lambda: scenarios.publish_due_calls(
            database, clock, recovery=recovery
        ),
        "furnish_calls": lambda: scenarios.furnish_calls(database, clock, recovery=recovery),
        "end_suspensions": lambda: scenarios.end_suspensions(database, clock),
        "close_due_calls": lambda: scenarios.close_due_calls(database, clock),
        "tell_of_reviews": lambda: scenarios.tell_of_reviews(database, clock),
        "tell_of_overdue_replies": lambda: scenarios.tell_of_overdue_replies(database, clock),
    }


def _jobs_of_bids(house: House, stopping: asyncio.Event | None) -> dict[str, Job]:
    database, clock = house.database, house.clock
    inspector = bids.Inspector(
        database=database,
        storage=house.storage,
        settings=house.settings,
        keeper=house.keeper,
        clock=clock,
    )
    scorer = scorer_of(house)
    caller = caller_of(house)
    statistician = upkeep.Statistician(database=database, clock=clock)
    return {
        "close_overdue_explanations": lambda: upkeep.close_overdue_explanations(database, clock),
        "expire_corrections": lambda: corrections.expire_corrections(database, clock),
        "look_at_opened_documents": inspector.work,
        "compute_signals": lambda: signals.compute_signals(database, house.keeper, clock),
        "call_endpoints": lambda: caller.work(stopping=stopping),
        "score": lambda: scorer.work(stopping=stopping),
        "tidy_boards": lambda: upkeep.tidy_boards(database, clock),
        "tell_certainty": lambda: statistician.work(stopping=stopping),
    }


def _jobs_of_files(house: House, stopping: asyncio.Event | None) -> dict[str, Job]:
    profiler = datasets.Profiler(
        database=house.database, storage=house.storage, settings=house.settings, clock=house.clock
    )
    sweeper = datasets.Sweeper(
        database=house.database,
        storage=house.storage,
        settings=house.settings,
        clock=house.clock,
        wall=SystemClock(),
    )
    document_sweeper = bids.DocumentSweeper(
        database=house.database,
        storage=house.storage,
        settings=house.settings,
        clock=house.clock,
        wall=SystemClock(),
    )
    answer_sweeper = upkeep.AnswerSweeper(
        database=house.database, storage=house.storage, wall=SystemClock()
    )
    return {
        "profile_datasets": lambda: profiler.work(stopping=stopping),
        "sweep_datasets": sweeper.work,
        "sweep_bid_documents": document_sweeper.work,
        "sweep_endpoint_answers": answer_sweeper.work,
        "tidy_files": lambda: upkeep.tidy_files(house.database, house.storage, house.clock),
    }


def jobs_of_events(
    house: House, outbound: Outbound, stopping: asyncio.Event | None
) -> dict[str, Job]:
    """Name the jobs that tell what was said."""
    courier = webhooks.Courier(
        database=house.database,
        outbound=outbound,
        keeper=house.keeper,
        bell=house.bell,
        due=house.due,
        clock=house.clock,
    )
    return {
        "close_checkpoints": lambda: vouch(house),
        "fan_out": lambda: webhooks.fan_out(courier),
        "replay": lambda: replays.work_on(house.database, house.clock, stopping=stopping),
        "deliver": lambda: webhooks.deliver(courier, stopping=stopping),
        "remove_old_deliveries": lambda: webhooks.remove_over(
            house.database, house.clock, days=house.settings.webhook_log_days
        ),
    }


async def vouch(house: House, *, at_once: bool = False) -> int:
    """Close the checkpoints that are due over what was said, or at once over all of it."""
    # Checkpoints live in real time: who keeps one compares it with their own clock.
    return await feed.close_checkpoints(
        house.database, house.keeper, SystemClock(), at_once=at_once
    )


async def note_uses(house: House, *, everything: bool = False) -> int:
    """Write down which keys and sessions were used."""
    return await identity.note_uses(
        house.database, house.key_uses, house.session_uses, house.clock, everything=everything
    )


def outbound_of(house: House) -> Outbound:
    """Make the dialler this installation may use."""
    reach = addresses.DEVELOPMENT if house.settings.development else addresses.PRODUCTION
    return Outbound(OutboundPolicy(reach=reach))


async def tick_once(house: House) -> dict[str, object]:
    """Run every job once, one after the other."""
    async with outbound_of(house) as outbound:
        return {name: await job() for name, job in jobs_of(house, outbound).items()}


def running(house: House) -> Callable[[Litestar], AbstractAsyncContextManager[None]]:
    """Offer the ticking as a lifespan for the app."""

    @asynccontextmanager
    async def ticking(_: Litestar) -> AsyncIterator[None]:
        await scenarios.pin_missing_cards(house.database)
        async with outbound_of(house) as outbound:
            stopping = asyncio.Event()
            jobs = {
                name: job
                for name, job in jobs_of(house, outbound, stopping=stopping).items()
                if name not in SCORING
            }
            beside = Beside(house=house)
            if house.settings.scoring_beside_server:
                jobs["keep_scorer"] = beside.work
            try:
                async with at_work(house, jobs, stopping=stopping):
                    yield
            finally:
                await beside.close()
            await note_uses(house, everything=True)

    return ticking


@asynccontextmanager
async def at_work(
    house: House, jobs: Mapping[str, Job], *, stopping: asyncio.Event
) -> AsyncIterator[None]:
    """Let every job run in a worker of its own, at each tick and as soon as it is called.

    What was said here is fanned out after its commit, and what another process said when it tells
    so; what was fanned out is delivered at once.  A call that is missed is made up for by a tick.
    """
    workers = {name: Worker(name, job) for name, job in jobs.items()}
    tasks = [asyncio.create_task(worker.work()) for worker in workers.values()]
    scheduler = AsyncIOScheduler(timezone="UTC")
    for worker in workers.values():
        scheduler.add_job(
            worker.bell.set,
            "interval",
            seconds=house.settings.tick_seconds,
            coalesce=True,
            max_instances=1,
        )
    scheduler.start()
    said = house.database.said
    telegraph = Telegraph(house.database, said, workers["fan_out"].bell.set)
    callers = [
        asyncio.create_task(_call(said, workers["fan_out"])),
        asyncio.create_task(_call(house.due, workers["deliver"])),
        asyncio.create_task(telegraph.work()),
    ]
    try:
        yield
    finally:
        scheduler.shutdown(wait=False)
        stopping.set()
        for caller in callers:
            caller.cancel()
        for worker in workers.values():
            worker.stop()
        await asyncio.gather(*callers, return_exceptions=True)
        await asyncio.gather(*tasks)


async def _call(bell: Bell, worker: Worker) -> None:
    """Let a worker begin whenever a bell rings."""
    while True:
        await bell.next_ring.wait()
        worker.bell.set()
