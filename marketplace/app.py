"""The composition root: the only file that knows every room's door."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from litestar import Litestar, Request
from litestar.datastructures import State
from litestar.di import Provide
from litestar.types import ControllerRouterHandler

from marketplace import __version__, gauges
from marketplace.awards import routes as awards
from marketplace.bids.routes import (
    consortia,
    corrections,
    offers,
    openings,
    own_sealing,
    workspaces,
)
from marketplace.bids.routes import custody as bid_custody
from marketplace.bids.routes import documents as bid_documents
from marketplace.bids.routes import moves as bid_moves
from marketplace.board.routes import capabilities
from marketplace.board.routes import cards as board_cards
from marketplace.custody import routes as custody
from marketplace.datasets.routes import data as datasets
from marketplace.datasets.routes import downloads, lending, uploads
from marketplace.feed import routes as feed
from marketplace.house import House
from marketplace.identity.actions.sign_in import Lobby
from marketplace.identity.guards import Porter, recognise
from marketplace.identity.routes import (
    audit,
    experts,
    invitations,
    keys,
    memberships,
    organizations,
    passwords,
    people,
    personal_data,
    profile,
    sessions,
    sign_on,
    standing,
)
from marketplace.identity.rules.access import Actor
from marketplace.identity.witness import Witness
from marketplace.kit import garbage
from marketplace.kit.kept import Kept
from marketplace.matching import routes as matching
from marketplace.notary import routes as notary
from marketplace.profiles import routes as profiles
from marketplace.relations import routes as relations
from marketplace.replays import routes as replays
from marketplace.scenarios.routes import (
    amendments,
    batches,
    calls,
    enquiries,
    moves,
    suspensions,
    weights,
)
from marketplace.scoring.routes import boards as scoring_boards
from marketplace.scoring.routes import (
    certainty,
    draws,
    files,
    inference,
    marking,
    metrics,
    panels,
    recusals,
    reports,
    rounds,
    submissions,
    votes,
)
from marketplace.signals import routes as signals
from marketplace.solicitations import routes as solicitations
from marketplace.web import pages as web
from marketplace.webhooks import routes as webhooks
from marketplace.wire import health, limits, openapi
from marketplace.wire.counting import Counted
from marketplace.wire.headers import security_headers
from marketplace.wire.middleware import CanonicalLine, WholeBody
from marketplace.wire.problems import exception_handlers
from marketplace.wire.sessions import session_dependencies

Lifespan = Callable[[Litestar], AbstractAsyncContextManager[None]]


def doors() -> list[ControllerRouterHandler]:
    """List every room's door."""
    return [*_doors_to_the_house(), *_doors_to_calls(), *_doors_to_bids(), *_doors_to_results()]


def _doors_to_the_house() -> list[ControllerRouterHandler]:
    """List the doors that every trade would have: people, organisations, rules, webhooks."""
    return [
        health.live,
        health.ready,
        gauges.get_metrics,
        web.home,
        openapi.asset,
        organizations.OrganizationController,
        profile.ProfileController,
        profile.BankAccountController,
        standing.StandingController,
        people.MemberController,
        experts.ExpertController,
        memberships.MembershipController,
        memberships.my_memberships,
        invitations.InvitationController,
        invitations.accept_invitation,
        keys.ApiKeyController,
        people.me,
        personal_data.export_personal_data,
        personal_data.erase_personal_data,
        audit.list_audit_log,
        sessions.SessionController,
        sign_on.SignOnController,
        sign_on.start_link,
        sign_on.ExternalIdentityController,
        passwords.change_password,
        passwords.issue_reset,
        passwords.redeem_reset,
        passwords.SecondFactorController,
        relations.record_edge,
        relations.end_edge,
        relations.list_edges,
        relations.check_related,
        relations.keep_standing_check,
        relations.list_standing_checks,
        notary.list_signing_keys,
        custody.CustodyKeyController,
        profiles.RuleProfileController,
        profiles.CalendarController,
        profiles.preview_deadline,
        feed.EventController,
        feed.list_event_types,
        feed.asyncapi,
        feed.CheckpointController,
        webhooks.WebhookEndpointController,
        webhooks.WebhookDeliveryController,
        webhooks.get_retention,
        replays.EndpointReplayController,
        replays.ReplayController,
    ]


def _doors_to_calls() -> list[ControllerRouterHandler]:
    """List the doors of the board, calls, their data, and proposals for lists of calls."""
    return [
        board_cards.BoardController,
        capabilities.list_capabilities,
        capabilities.get_listing,
        capabilities.declare,
        capabilities.recommend_calls,
        capabilities.recommend_solvers,
        batches.BatchController,
        calls.ScenarioController,
        moves.MoveController,
        amendments.AmendmentController,
        suspensions.SuspensionController,
        enquiries.CallEnquiryController,
        enquiries.EnquiryController,
        weights.derive_weights,
        datasets.ScenarioDatasetController,
        datasets.DatasetController,
        datasets.usage_of_source,
        uploads.begin_upload,
        uploads.UploadController,
        uploads.remove_file,
        downloads.download,
        downloads.look,
        lending.VersionLendingController,
        lending.AccessRequestController,
        matching.ScenarioMatchController,
        matching.MatchmakingController,
        solicitations.list_schemes,
        solicitations.SolicitationController,
        solicitations.ProposalController,
    ]


def _doors_to_bids() -> list[ControllerRouterHandler]:
    """List the doors of bids, from the first draft to the opening and beyond."""
    return [
        offers.CallBidController,
        offers.BidController,
        own_sealing.OwnSealingController,
        bid_moves.BidMoveController,
        bid_moves.answer_hearing,
        workspaces.WorkspaceController,
        workspaces.list_templates,
        consortia.CallInvitationController,
        consortia.InvitationController,
        corrections.PriceCorrectionController,
        bid_documents.BidDocumentsController,
        bid_documents.BidDocumentController,
        openings.OpeningController,
        bid_custody.get_sealing_key,
        bid_custody.get_custody,
        openings.confirm_amendment,
        signals.CollusionSignalController,
    ]


def _doors_to_results() -> list[ControllerRouterHandler]:
    """List the doors of panels, files, boards, rankings and awards."""
    return [
        panels.PanelController,
        draws.PanelDrawController,
        draws.DrawController,
        recusals.RecusalController,
        recusals.decide,
        reports.EvaluationController,
        marking.MarkingController,
        votes.BidVoteController,
        votes.CallVoteController,
        files.HiddenSetController,
        files.HiddenInputsController,
        inference.BidInferenceController,
        inference.InferenceEndpointController,
        inference.get_evidence,
        files.BidSubmissionController,
        submissions.SubmissionController,
        submissions.WorkController,
        submissions.BidBoardController,
        scoring_boards.get_leaderboard,
        scoring_boards.request_rescoring,
        scoring_boards.RescoringController,
        metrics.list_metrics,
        rounds.ScenarioRoundController,
        rounds.RoundController,
        certainty.RoundCertaintyController,
        awards.evaluate_again,
        awards.decline_award,
        awards.forfeit_award,
        awards.invalidate_bid,
        awards.drop_accusation,
    ]


def create_app(house: House, *, lifespan: Sequence[Lifespan] = ()) -> Litestar:
    """Put the house together; `lifespan` is what runs beside it, such as the clock's ticks."""
    witness = Witness(lambda: house.database, lambda: house.clock)
    settings, counted = house.settings, Counted(__version__)
    app = Litestar(
        doors(),
        after_exception=[witness.refused],
        dependencies=_dependencies(house, witness, counted),
        exception_handlers=exception_handlers(),
        middleware=[
            *limits.before_the_porter(settings),
            Porter(lambda: house),
            *limits.after_the_porter(settings),
            WholeBody(settings.body_seconds_max),
        ],
        stores={limits.STORE: limits.store_for(settings)},
        openapi_config=openapi.openapi_config(__version__),
        request_max_body_size=settings.body_bytes_max,
        lifespan=[_settled, *lifespan],
        logging_config=None,
    )
    headers = security_headers(development=settings.development)
    app.asgi_handler = CanonicalLine(app.asgi_handler, headers, counted)
    return app


def _dependencies(house: House, witness: Witness, counted: Counted) -> dict[str, Provide]:
    """Offer the house's furniture to handlers, looked up anew for each request."""

    def actor(request: Request[Actor, None, State]) -> Actor:
        return request.user

    def of_the_house(name: str) -> Provide:
        return Provide(lambda: getattr(house, name), sync_to_thread=False)

    def lobby() -> Lobby:
        return Lobby(
            database=house.database,
            hasher=house.hasher,
            keeper=house.keeper,
            clock=house.clock,
        )

    streams = feed.Streams()
    board_pages = Kept(bytes_max=house.settings.board_pages_bytes_max)

    async def recognised(request: Request[Actor, None, State]) -> Actor:
        return await recognise(house, request)

    furniture = (
        "bell",
        "clock",
        "storage",
        "keeper",
        "hasher",
        "settings",
        "database",
        "provider",
        "scorer",
    )
    return {
        **session_dependencies(lambda: house.database, before_commit=witness.performed),
        "actor": Provide(actor, sync_to_thread=False),
        "lobby": Provide(lobby, sync_to_thread=False),
        "recognise": Provide(lambda: recognised, sync_to_thread=False),
        "board_pages": Provide(lambda: board_pages, sync_to_thread=False),
        "counted": Provide(lambda: counted, sync_to_thread=False),
        "streams": Provide(lambda: streams, sync_to_thread=False),
        **{name: of_the_house(name) for name in furniture},
    }


@asynccontextmanager
async def _settled(app: Litestar) -> AsyncIterator[None]:
    """Look for no garbage among what was built at start-up."""
    with garbage.settled():
        yield
