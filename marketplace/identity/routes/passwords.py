"""Passwords and second factors."""

import os
from uuid import UUID

from litestar import Controller, Request, Response, get, post, put
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from marketplace.identity import guards
from marketplace.identity.actions import passwords as password_actions
from marketplace.identity.actions import second_factors, sign_in
from marketplace.identity.actions.sign_in import Lobby
from marketplace.identity.queries import passwords
from marketplace.identity.routes.sessions import NO_STORE, current_out, with_session
from marketplace.identity.rules import access, second_factor
from marketplace.identity.rules.access import Actor
from marketplace.identity.rules.sessions import TOKEN_BYTES
from marketplace.identity.schemas.passwords import (
    CodeIn,
    ConfirmedOut,
    DisableIn,
    EnrolmentOut,
    IssuedResetOut,
    PasswordIn,
    PasswordOut,
    RedeemIn,
    ResetIn,
    SecondFactorOut,
)
from marketplace.identity.schemas.sessions import CurrentSessionOut
from marketplace.kit.clock import Clock
from marketplace.kit.database import ReadSession, WriteSession
from marketplace.kit.secrets import Keeper
from marketplace.settings import Settings
from marketplace.wire.answers import answer

AnyRequest = Request[Actor, None, State]


@put("/v1/me/password", operation_id="passwords_change", tags=["identity"])
async def change_password(
    request: AnyRequest,
    data: JSONBody[PasswordIn],
    actor: NamedDependency[Actor],
    lobby: NamedDependency[Lobby],
    settings: NamedDependency[Settings],
) -> Response[PasswordOut]:
    """Choose a password; every other session of yours ends, this one gets a new token."""
    changed = await password_actions.change_password(
        lobby, actor, data.wish(), entropy=os.urandom(TOKEN_BYTES)
    )
    opened = changed.opened
    proof = None if opened is None else guards.csrf_token(lobby.keeper, opened.token)
    response = answer(request, PasswordOut.of(changed.row, csrf_token=proof), headers=NO_STORE)
    return response if opened is None else with_session(response, settings, opened)


@post(
    "/v1/people/{person_id:uuid}/password-resets",
    operation_id="password_resets_issue",
    tags=["identity"],
)
async def issue_reset(
    request: AnyRequest,
    person_id: FromPath[UUID],
    data: JSONBody[ResetIn],
    actor: NamedDependency[Actor],
    writer: NamedDependency[WriteSession],
    clock: NamedDependency[Clock],
) -> Response[IssuedResetOut]:
    """Issue a one-time token with which a person may choose a new password within a day.

    Not repeatable under an Idempotency-Key: that would store the token.
    """
    row, token = await password_actions.issue_reset(
        writer,
        actor,
        person_id,
        login=data.login,
        entropy=os.urandom(TOKEN_BYTES),
        now=clock.now(),
    )
    return answer(request, IssuedResetOut.of_issued(row, token), status=201, headers=NO_STORE)


@post(
    "/v1/password-resets/actions/redeem",
    status_code=200,
    operation_id="password_resets_redeem",
    tags=["identity"],
    opt=guards.SIGN_IN_DOOR,
)
async def redeem_reset(
    request: AnyRequest, data: JSONBody[RedeemIn], lobby: NamedDependency[Lobby]
) -> Response[PasswordOut]:
    """Choose a new password with a one-time token, then sign in with it."""
    row = await password_actions.redeem_reset(lobby, data.token, data.new_password)
    return answer(request, PasswordOut.of(row), headers=NO_STORE)


class SecondFactorController(Controller):
    """The second factor of the person who asks."""

    path = "/v1/me/second-factor"
    tags = ("identity",)

    @get(operation_id="second_factor_get")
    async def show(
        self,
        request: AnyRequest,
        actor: NamedDependency[Actor],
        reader: NamedDependency[ReadSession],
    ) -> Response[SecondFactorOut]:
        """Tell whether a second factor is in use."""
        access.known(actor)
        row = await passwords.second_factor(reader, actor.person_id)
        codes = await passwords.unused_recovery_codes(reader, actor.person_id)
        return answer(request, SecondFactorOut.of(row, codes=len(codes)), headers=NO_STORE)

    @post(operation_id="second_factor_enrol")
    async def enrol(
        self,
        request: AnyRequest,
        actor: NamedDependency[Actor],
        writer: NamedDependency[WriteSession],
        keeper: NamedDependency[Keeper],
        clock: NamedDependency[Clock],
    ) -> Response[EnrolmentOut]:
        """Begin with an authenticator; its secret is in this answer and nowhere else."""
        enrolled = await second_factors.enrol(
            writer,
            actor,
            keeper=keeper,
            entropy=os.urandom(second_factor.SECRET_BYTES),
            now=clock.now(),
        )
        out = EnrolmentOut(secret=enrolled.secret, otpauth_uri=enrolled.uri)
        return answer(request, out, status=201, headers=NO_STORE)

    @post("/actions/confirm", status_code=200, operation_id="second_factor_confirm")
    async def confirm(
        self,
        request: AnyRequest,
        data: JSONBody[CodeIn],
        actor: NamedDependency[Actor],
        writer: NamedDependency[WriteSession],
        keeper: NamedDependency[Keeper],
        clock: NamedDependency[Clock],
        settings: NamedDependency[Settings],
    ) -> Response[ConfirmedOut]:
        """Confirm the authenticator with its first code, and get ten recovery codes."""
        confirmed = await second_factors.confirm(
            writer,
            actor,
            data.code,
            keeper=keeper,
            entropy=os.urandom(second_factor.RECOVERY_CODES * second_factor.RECOVERY_BYTES),
            token_entropy=os.urandom(TOKEN_BYTES),
            now=clock.now(),
        )
        out = ConfirmedOut(
            recovery_codes=confirmed.recovery_codes,
            session=current_out(keeper, confirmed.opened),
        )
        return with_session(answer(request, out, headers=NO_STORE), settings, confirmed.opened)

    @post("/actions/disable", status_code=200, operation_id="second_factor_disable")
    async def disable(
        self,
        request: AnyRequest,
        data: JSONBody[DisableIn],
        actor: NamedDependency[Actor],
        lobby: NamedDependency[Lobby],
        settings: NamedDependency[Settings],
    ) -> Response[CurrentSessionOut]:
        """Give the second factor up, with password and code."""
        opened = await sign_in.disable_second_factor(
            lobby,
            actor,
            password=data.password,
            code=data.code,
            entropy=os.urandom(TOKEN_BYTES),
        )
        out = current_out(lobby.keeper, opened)
        return with_session(answer(request, out, headers=NO_STORE), settings, opened)
