"""Signing in and out."""

import datetime as dt
import os
from typing import Any
from uuid import UUID

from litestar import Controller, Request, Response, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from marketplace.identity import guards
from marketplace.identity.actions import sessions as session_actions
from marketplace.identity.actions import sign_in
from marketplace.identity.actions.sessions import Opened
from marketplace.identity.actions.sign_in import Lobby
from marketplace.identity.queries import sessions
from marketplace.identity.rules import access
from marketplace.identity.rules.access import Actor
from marketplace.identity.rules.sessions import TOKEN_BYTES
from marketplace.identity.schemas.sessions import (
    ActForIn,
    CurrentSessionOut,
    SessionOut,
    SignedOutOut,
    SignInIn,
)
from marketplace.kit.clock import Clock
from marketplace.kit.database import ReadSession, WriteSession
from marketplace.kit.secrets import Keeper
from marketplace.settings import Settings
from marketplace.wire.answers import answer
from marketplace.wire.idempotency import once
from marketplace.wire.shapes import PageOut

AnyRequest = Request[Actor, None, State]
NO_STORE = {"Cache-Control": "no-store"}


class SessionController(Controller):
    """Sessions of people in a browser."""

    path = "/v1/sessions"
    tags = ("identity",)

    @post(operation_id="sessions_open", opt=guards.SIGN_IN_DOOR)
    async def open_session(
        self,
        request: AnyRequest,
        data: JSONBody[SignInIn],
        actor: NamedDependency[Actor],
        lobby: NamedDependency[Lobby],
        settings: NamedDependency[Settings],
    ) -> Response[CurrentSessionOut]:
        """Sign in with login, password and, where it is asked for, a code.

        Not repeatable under an Idempotency-Key: that would store the session.
        """
        opened = await sign_in.sign_in(
            lobby,
            data.claim(),
            ending=actor.session_id,
            lifetime=dt.timedelta(hours=settings.session_hours),
            entropy=os.urandom(TOKEN_BYTES),
        )
        out = current_out(lobby.keeper, opened)
        return with_session(answer(request, out, status=201, headers=NO_STORE), settings, opened)

    @get(operation_id="sessions_list")
    async def list_sessions(
        self,
        request: AnyRequest,
        actor: NamedDependency[Actor],
        reader: NamedDependency[ReadSession],
        clock: NamedDependency[Clock],
        settings: NamedDependency[Settings],
    ) -> Response[PageOut[SessionOut]]:
        """List one's own sessions that are still open."""
        access.known(actor)
        idle = dt.timedelta(minutes=settings.session_idle_minutes)
        rows = await sessions.live_sessions(reader, actor.person_id, idle=idle, now=clock.now())
        items = [SessionOut.of(row, current=actor.session_id) for row in rows]
        return answer(request, PageOut(items=items, next_cursor=None))

    @get("/current", operation_id="sessions_current")
    async def current(
        self,
        request: AnyRequest,
        actor: NamedDependency[Actor],
        reader: NamedDependency[ReadSession],
        keeper: NamedDependency[Keeper],
        settings: NamedDependency[Settings],
    ) -> Response[CurrentSessionOut]:
        """Show the session that asks, with the proof its requests have to carry."""
        session_id = access.in_session(actor)
        row = await sessions.own_session(reader, actor.person_id, session_id)
        token = guards.session_token(request, settings) or ""
        out = CurrentSessionOut.of(
            row, must_enrol=actor.must_enrol, csrf_token=guards.csrf_token(keeper, token)
        )
        return answer(request, out, headers=NO_STORE)

    @post("/current/actions/act-for", status_code=200, operation_id="sessions_act_for")
    async def act_for(
        self,
        request: AnyRequest,
        data: JSONBody[ActForIn],
        actor: NamedDependency[Actor],
        writer: NamedDependency[WriteSession],
        keeper: NamedDependency[Keeper],
        settings: NamedDependency[Settings],
    ) -> Response[CurrentSessionOut]:
        """Act for another organisation that one belongs to, under a new token."""
        opened = await session_actions.act_for(
            writer, actor, data.organization_id, entropy=os.urandom(TOKEN_BYTES)
        )
        out = current_out(keeper, opened)
        return with_session(answer(request, out, headers=NO_STORE), settings, opened)

    @post("/current/actions/sign-out", status_code=200, operation_id="sessions_sign_out")
    async def sign_out(
        self,
        request: AnyRequest,
        actor: NamedDependency[Actor],
        writer: NamedDependency[WriteSession],
        clock: NamedDependency[Clock],
        settings: NamedDependency[Settings],
    ) -> Response[SignedOutOut]:
        """End the session that asks."""
        session_id = access.in_session(actor)
        await session_actions.end_session(writer, actor, session_id, now=clock.now())
        response = answer(request, SignedOutOut(ended=1), headers=NO_STORE)
        response.set_cookie(guards.no_session_cookie(settings))
        return response

    @post("/actions/sign-out-everywhere", status_code=200, operation_id="sessions_end_all")
    async def sign_out_everywhere(
        self,
        request: AnyRequest,
        actor: NamedDependency[Actor],
        writer: NamedDependency[WriteSession],
        clock: NamedDependency[Clock],
        settings: NamedDependency[Settings],
    ) -> Response[SignedOutOut]:
        """End every session of one's own, this one too."""
        ended = await session_actions.sign_out_everywhere(writer, actor, now=clock.now())
        response = answer(request, SignedOutOut(ended=ended), headers=NO_STORE)
        response.set_cookie(guards.no_session_cookie(settings))
        return response

    @post("/{session_id:uuid}/actions/revoke", status_code=200, operation_id="sessions_revoke")
    @once()
    async def revoke(
        self,
        request: AnyRequest,
        session_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        writer: NamedDependency[WriteSession],
        clock: NamedDependency[Clock],
    ) -> Response[SessionOut]:
        """End one of one's own sessions, effective with its next request."""
        row = await session_actions.end_session(writer, actor, session_id, now=clock.now())
        return answer(request, SessionOut.of(row, current=actor.session_id))


def current_out(keeper: Keeper, opened: Opened) -> CurrentSessionOut:
    """Describe a session at the moment its token is known."""
    return CurrentSessionOut.of(
        opened.row,
        must_enrol=opened.must_enrol,
        csrf_token=guards.csrf_token(keeper, opened.token),
    )


def with_session(response: Response[Any], settings: Settings, opened: Opened) -> Response[Any]:
    """Send the session's token along, in a cookie."""
    response.set_cookie(guards.session_cookie(settings, opened.token))
    return response
