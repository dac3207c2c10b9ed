"""The composition root: the only file that knows every room's door."""

import gc
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from litestar import Litestar, Request
from litestar.datastructures import State
from litestar.di import Provide
from litestar.types import ControllerRouterHandler

from marketplace import __version__
from marketplace.bids.routes import offers, openings
from marketplace.board.routes import capabilities
from marketplace.board.routes import cards as board_cards
from marketplace.house import House
from marketplace.identity.guards import Porter
from marketplace.identity.routes import keys, organizations, people
from marketplace.identity.rules.access import Actor
from marketplace.matching import routes as matching
from marketplace.profiles import routes as profiles
from marketplace.relations import routes as relations
from marketplace.scenarios.routes import batches, calls, moves
from marketplace.scoring.routes import files, marking, panels, rounds
from marketplace.solicitations import routes as solicitations
from marketplace.web import pages as web
from marketplace.webhooks import routes as webhooks
from marketplace.wire import health, openapi
from marketplace.wire.middleware import CanonicalLine
from marketplace.wire.problems import exception_handlers
from marketplace.wire.sessions import session_dependencies

Lifespan = Callable[[Litestar], AbstractAsyncContextManager[None]]


def doors() -> list[ControllerRouterHandler]:
    """List every room's door."""
    return [
        health.live,
        health.ready,
        web.home,
        openapi.asset,
        organizations.OrganizationController,
        people.MemberController,
        keys.ApiKeyController,
        people.me,
        relations.record_edge,
        relations.end_edge,
        relations.list_edges,
        relations.check_related,
        profiles.RuleProfileController,
        profiles.CalendarController,
        profiles.preview_deadline,
        board_cards.BoardController,
        capabilities.list_capabilities,
        capabilities.get_listing,
        capabilities.declare,
        capabilities.recommend_calls,
        capabilities.recommend_solvers,
        batches.BatchController,
        calls.ScenarioController,
        moves.MoveController,
        matching.ScenarioMatchController,
        matching.MatchmakingController,
        offers.CallBidController,
        offers.BidController,
        openings.OpeningController,
        openings.amend,
        panels.PanelController,
        marking.MarkingController,
        marking.decide_responsiveness,
        files.HiddenSetController,
        files.BidSubmissionController,
        files.get_submission,
        rounds.ScenarioRoundController,
        rounds.RoundController,
        solicitations.list_schemes,
        solicitations.SolicitationController,
        solicitations.ProposalController,
        webhooks.WebhookEndpointController,
        webhooks.WebhookDeliveryController,
    ]


def create_app(house: House, *, lifespan: Sequence[Lifespan] = ()) -> Litestar:
    """Put the house together; `lifespan` is what runs beside it, such as the clock's ticks."""
    return Litestar(
        doors(),
        dependencies=_dependencies(house),
        exception_handlers=exception_handlers(),
        middleware=[CanonicalLine, Porter(lambda: house.database, lambda: house.clock)],
        openapi_config=openapi.openapi_config(__version__),
        request_max_body_size=house.settings.body_bytes_max,
        lifespan=[_settled, *lifespan],
        logging_config=None,
    )


def _dependencies(house: House) -> dict[str, Provide]:
    """Offer the house's furniture to handlers, looked up anew for each request."""

    def actor(request: Request[Actor, None, State]) -> Actor:
        return request.user

    def of_the_house(name: str) -> Provide:
        return Provide(lambda: getattr(house, name), sync_to_thread=False)

    furniture = ("clock", "storage", "keeper", "settings", "database")
    return {
        **session_dependencies(lambda: house.database),
        "actor": Provide(actor, sync_to_thread=False),
        **{name: of_the_house(name) for name in furniture},
    }


@asynccontextmanager
async def _settled(app: Litestar) -> AsyncIterator[None]:
    """Move everything built at start-up out of the garbage collector's sight: p99 falls by half or
    more.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)
    yield
    gc.unfreeze()
