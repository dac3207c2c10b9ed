"""Single sign-on at the OpenID provider, and the accounts that open this house."""

import base64
import binascii
import datetime as dt
import os
from typing import Annotated, Any
from uuid import UUID

from litestar import Controller, Request, Response, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, QueryParameter

from marketplace.identity import guards
from marketplace.identity.actions import external_identities, sign_in
from marketplace.identity.actions.sign_in import Lobby
from marketplace.identity.errors.sign_in import FlowRefused, ProviderMissing
from marketplace.identity.queries import sessions
from marketplace.identity.routes.sessions import NO_STORE, with_session
from marketplace.identity.rules import access, sign_on
from marketplace.identity.rules.access import Actor, Permission
from marketplace.identity.rules.sessions import TOKEN_BYTES
from marketplace.identity.rules.sign_on import Flow
from marketplace.identity.schemas.sessions import (
    ExternalIdentityIn,
    ExternalIdentityOut,
    StartLinkIn,
    StartLinkOut,
)
from marketplace.kit.clock import Clock
from marketplace.kit.database import ReadSession, WriteSession
from marketplace.kit.openid import OpenIdProvider
from marketplace.kit.secrets import CannotUnseal, Keeper, seal, unseal
from marketplace.settings import Settings
from marketplace.wire.answers import answer
from marketplace.wire.cookies import cookie, cookie_name, no_cookie
from marketplace.wire.idempotency import once
from marketplace.wire.shapes import PageOut

AnyRequest = Request[Actor, None, State]
FLOW_COOKIE = "jiebang-sign-on"
FLOW_PURPOSE = "sign-on-flow"
CALLBACK = "/v1/sessions/oidc/callback"

ReturnTo = Annotated[
    str, QueryParameter(max_length=500, description="Path of this site to come back to.")
]
Told = Annotated[
    str | None, QueryParameter(max_length=4000, description="As the provider sends it.")
]
ToldState = Annotated[
    str | None,
    # The framework keeps the name `state` for itself.
    QueryParameter(name="state", max_length=4000, description="As we sent it."),
]


class SignOnController(Controller):
    """Signing in at the provider that this installation names."""

    path = "/v1/sessions/oidc"
    tags = ("identity",)

    @get("/start", status_code=303, operation_id="sign_on_start", opt=guards.SIGN_IN_DOOR)
    async def start(
        self,
        request: AnyRequest,
        provider: NamedDependency[OpenIdProvider | None],
        keeper: NamedDependency[Keeper],
        clock: NamedDependency[Clock],
        settings: NamedDependency[Settings],
        return_to: ReturnTo = "/",
    ) -> Response[None]:
        """Send the browser to the provider, to come back signed in."""
        place = sign_on.local_path(return_to)
        known, redirect_uri = _provider(request, provider, settings)
        begun = await known.begin(redirect_uri=redirect_uri, now=clock.now())
        flow = Flow(
            state=begun.state,
            nonce=begun.nonce,
            verifier=begun.verifier,
            return_to=place,
            began_at=clock.now(),
            linking=None,
        )
        return _remembering(_elsewhere(begun.address), flow, keeper, settings)

    @get("/callback", status_code=303, operation_id="sign_on_finish", opt=guards.SIGN_IN_DOOR)
    async def callback(
        self,
        request: AnyRequest,
        actor: NamedDependency[Actor],
        lobby: NamedDependency[Lobby],
        provider: NamedDependency[OpenIdProvider | None],
        settings: NamedDependency[Settings],
        code: Told = None,
        told_state: ToldState = None,
        iss: Told = None,
        error: Told = None,
    ) -> Response[None]:
        """Take the browser back from the provider: open a session, or link the account."""
        known, redirect_uri = _provider(request, provider, settings)
        flow = _remembered(request, lobby.keeper, settings, now=lobby.clock.now())
        told = {"code": code, "state": told_state, "iss": iss, "error": error}
        account = await known.finish(
            {name: value for name, value in told.items() if value is not None},
            state=flow.state,
            nonce=flow.nonce,
            verifier=flow.verifier,
            redirect_uri=redirect_uri,
            now=lobby.clock.now(),
        )
        response = _elsewhere(flow.return_to)
        response.set_cookie(no_cookie(FLOW_COOKIE, development=settings.development))
        if flow.linking is not None:
            # The account goes to the person who asked for it, in the session that asked for it.
            if actor.session_id != flow.linking:
                raise FlowRefused(reason="session")
            await sign_in.link_oneself(lobby, actor, account)
            return response
        opened = await sign_in.sign_in_from_provider(
            lobby,
            account,
            ending=actor.session_id,
            lifetime=dt.timedelta(hours=settings.session_hours),
            entropy=os.urandom(TOKEN_BYTES),
        )
        return with_session(response, settings, opened)


@post(
    "/v1/me/external-identities/actions/start-link",
    status_code=200,
    operation_id="external_identities_start_link",
    tags=["identity"],
)
async def start_link(
    request: AnyRequest,
    data: JSONBody[StartLinkIn],
    actor: NamedDependency[Actor],
    provider: NamedDependency[OpenIdProvider | None],
    keeper: NamedDependency[Keeper],
    clock: NamedDependency[Clock],
    settings: NamedDependency[Settings],
) -> Response[StartLinkOut]:
    """Begin to link one's own account at the provider: send the browser to the address."""
    access.signed_in(actor)
    session_id = access.in_session(actor)
    place = sign_on.local_path(data.return_to)
    known, redirect_uri = _provider(request, provider, settings)
    begun = await known.begin(redirect_uri=redirect_uri, now=clock.now())
    flow = Flow(
        state=begun.state,
        nonce=begun.nonce,
        verifier=begun.verifier,
        return_to=place,
        began_at=clock.now(),
        linking=session_id,
    )
    response = answer(request, StartLinkOut(address=begun.address), headers=NO_STORE)
    return _remembering(response, flow, keeper, settings)


class ExternalIdentityController(Controller):
    """Accounts at the provider that belong to a person."""

    path = "/v1/people/{person_id:uuid}/external-identities"
    tags = ("identity",)

    @get(operation_id="external_identities_list")
    async def list_identities(
        self,
        request: AnyRequest,
        person_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        reader: NamedDependency[ReadSession],
    ) -> Response[PageOut[ExternalIdentityOut]]:
        """List the accounts of oneself or, as administrator, of anybody."""
        access.signed_in(actor)
        if person_id != actor.person_id:
            access.require(actor, Permission.IDENTITIES_LINK)
        rows = await sessions.identities_of(reader, person_id)
        items = [ExternalIdentityOut.of(row) for row in rows]
        return answer(request, PageOut(items=items, next_cursor=None))

    @post(operation_id="external_identities_link")
    @once()
    async def link(
        self,
        request: AnyRequest,
        person_id: FromPath[UUID],
        data: JSONBody[ExternalIdentityIn],
        actor: NamedDependency[Actor],
        writer: NamedDependency[WriteSession],
        clock: NamedDependency[Clock],
    ) -> Response[ExternalIdentityOut]:
        """Link an account at the provider to a person."""
        row = await external_identities.link(
            writer,
            actor,
            person_id,
            issuer=data.issuer,
            subject=data.subject,
            now=clock.now(),
        )
        return answer(request, ExternalIdentityOut.of(row), status=201)

    @post(
        "/{identity_id:uuid}/actions/unlink",
        status_code=200,
        operation_id="external_identities_unlink",
    )
    @once()
    async def unlink(
        self,
        request: AnyRequest,
        person_id: FromPath[UUID],
        identity_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        writer: NamedDependency[WriteSession],
        clock: NamedDependency[Clock],
    ) -> Response[ExternalIdentityOut]:
        """Unlink an account; the next sign-on with it is refused."""
        row = await external_identities.unlink(
            writer, actor, person_id, identity_id, now=clock.now()
        )
        return answer(request, ExternalIdentityOut.of(row))


def _provider(
    request: AnyRequest, provider: OpenIdProvider | None, settings: Settings
) -> tuple[OpenIdProvider, str]:
    """Find the provider, and our address as it knows it; never one that a request made up."""
    ours = settings.public_url or (str(request.base_url) if settings.development else "")
    if provider is None or not ours:
        raise ProviderMissing()
    return provider, ours.rstrip("/") + CALLBACK


def _elsewhere(address: str) -> Response[None]:
    return Response(None, status_code=303, headers={"Location": address} | NO_STORE)


def _remembering(
    response: Response[Any], flow: Flow, keeper: Keeper, settings: Settings
) -> Response[Any]:
    """Leave with the browser what only it may bring back, unreadable to it."""
    # Under a key of its own: a flow lives for minutes and need not outlive a new master key.
    sealed = seal(keeper.derive(FLOW_PURPOSE), flow.to_bytes(), context=FLOW_PURPOSE.encode())
    response.set_cookie(
        cookie(
            FLOW_COOKIE,
            base64.urlsafe_b64encode(sealed).decode().rstrip("="),
            max_age=int(sign_on.LIFETIME.total_seconds()),
            development=settings.development,
        )
    )
    return response


def _remembered(
    request: AnyRequest, keeper: Keeper, settings: Settings, *, now: dt.datetime
) -> Flow:
    kept = request.cookies.get(cookie_name(FLOW_COOKIE, development=settings.development), "")
    try:
        sealed = base64.urlsafe_b64decode(kept + "=" * (-len(kept) % 4))
        opened = unseal(keeper.derive(FLOW_PURPOSE), sealed, context=FLOW_PURPOSE.encode())
        return Flow.from_bytes(opened, now=now)
    except (CannotUnseal, binascii.Error, ValueError) as strange:
        raise FlowRefused(reason="cookie") from strange
