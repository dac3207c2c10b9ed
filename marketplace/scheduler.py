"""The clock hand: which room's job runs how often.  APScheduler only rings; the work is done by our
own tasks.

Its executor cancels running coroutines when it stops, and a cancelled database call can hang for
ever.  So a ring only sets an event, the worker of that job wakes up, and on shutdown every worker
finishes what it is doing.  Several processes may run this at the same time: every job takes its
work from the database under a lock or lease.
"""

import asyncio
import datetime as dt
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from litestar import Litestar

from marketplace.bids.jobs import corrections
from marketplace.bids.jobs import documents as bids
from marketplace.datasets import jobs as datasets
from marketplace.house import House
from marketplace.identity import jobs as identity
from marketplace.kit import addresses
from marketplace.kit.clock import SystemClock
from marketplace.kit.outbound import Outbound, OutboundPolicy
from marketplace.scenarios import jobs as scenarios
from marketplace.scoring import jobs as scoring
from marketplace.scoring.actions.values import measurer
from marketplace.signals import jobs as signals
from marketplace.webhooks import jobs as webhooks

_log = structlog.get_logger("jiebang.tick")
Job = Callable[[], Awaitable[object]]


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
    """Name every job of the house; those that may take long end early once `stopping` is set."""
    courier = webhooks.Courier(
        database=house.database,
        outbound=outbound,
        keeper=house.keeper,
        # Deliveries live in real time, also when a demo's story is set in another month.
        clock=SystemClock(),
    )
    profiler = datasets.Profiler(
        database=house.database, storage=house.storage, settings=house.settings, clock=house.clock
    )
    scorer = scorer_of(house)
    sweeper = datasets.Sweeper(
        database=house.database,
        storage=house.storage,
        settings=house.settings,
        clock=house.clock,
        wall=SystemClock(),
    )
    statistician = scoring.Statistician(database=house.database, clock=house.clock)
    inspector = bids.Inspector(
        database=house.database,
        storage=house.storage,
        settings=house.settings,
        keeper=house.keeper,
        clock=house.clock,
    )
    document_sweeper = bids.DocumentSweeper(
        database=house.database,
        storage=house.storage,
        settings=house.settings,
        clock=house.clock,
        wall=SystemClock(),
    )
    return {
        "publish_due_calls": lambda: scenarios.publish_due_calls(
            house.database, house.clock, recovery=house.settings.recovery_keys
        ),
        "furnish_calls": lambda: scenarios.furnish_calls(
            house.database, house.clock, recovery=house.settings.recovery_keys
        ),
        "end_suspensions": lambda: scenarios.end_suspensions(house.database, house.clock),
        "close_due_calls": lambda: scenarios.close_due_calls(house.database, house.clock),
        "tell_of_reviews": lambda: scenarios.tell_of_reviews(house.database, house.clock),
        "tell_of_overdue_replies": lambda: scenarios.tell_of_overdue_replies(
            house.database, house.clock
        ),
        "close_overdue_explanations": lambda: scoring.close_overdue_explanations(
            house.database, house.clock
        ),
        "expire_corrections": lambda: corrections.expire_corrections(house.database, house.clock),
        "note_uses": lambda: note_uses(house),
        "forget_tries": lambda: identity.forget_tries(house.database, house.clock),
        "forget_what_need_not_be_kept": lambda: identity.forget_what_need_not_be_kept(
            house.database, house.clock
        ),
        "fan_out": lambda: webhooks.fan_out(courier),
        "profile_datasets": lambda: profiler.work(stopping=stopping),
        "sweep_datasets": sweeper.work,
        "score": lambda: scorer.work(stopping=stopping),
        "tidy_files": lambda: scoring.tidy_files(house.database, house.storage, house.clock),
        "tidy_boards": lambda: scoring.tidy_boards(house.database, house.clock),
        "tell_certainty": lambda: statistician.work(stopping=stopping),
        "look_at_opened_documents": inspector.work,
        "compute_signals": lambda: signals.compute_signals(
            house.database, house.keeper, house.clock
        ),
        "sweep_bid_documents": document_sweeper.work,
        "deliver": lambda: webhooks.deliver(courier, stopping=stopping),
    }


def scorer_of(house: House) -> scoring.Scorer:
    """Make what measures the queued files."""
    return scoring.Scorer(
        database=house.database,
        clock=house.clock,
        measure=measurer(house.scorer, house.storage),
        slots=house.settings.scoring_workers,
        patience=dt.timedelta(seconds=house.settings.scoring_lease_seconds),
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
            jobs = jobs_of(house, outbound, stopping=stopping)
            workers = [Worker(name, job) for name, job in jobs.items()]
            tasks = [asyncio.create_task(worker.work()) for worker in workers]
            scheduler = AsyncIOScheduler(timezone="UTC")
            for worker in workers:
                scheduler.add_job(
                    worker.bell.set,
                    "interval",
                    seconds=house.settings.tick_seconds,
                    coalesce=True,
                    max_instances=1,
                )
            scheduler.start()
            try:
                yield
            finally:
                scheduler.shutdown(wait=False)
                stopping.set()
                for worker in workers:
                    worker.stop()
                await asyncio.gather(*tasks)
                await note_uses(house, everything=True)

    return ticking
