"""Profiles: what an organisation says of itself, once, for every room."""

from uuid import UUID

from litestar import Controller, Request, Response, get, post, put
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from marketplace.identity.actions import bank_accounts
from marketplace.identity.actions import profile as profile_actions
from marketplace.identity.queries import profile
from marketplace.identity.routes.organizations import visible_organization
from marketplace.identity.rules import access
from marketplace.identity.rules.access import Actor, Permission
from marketplace.identity.schemas.profile import (
    BankAccountIn,
    BankAccountOut,
    BankAccountRevealedOut,
    ProfileIn,
    ProfileOut,
    SizeDeclarationIn,
    SizeDeclarationOut,
    StartupDeclarationIn,
    StartupDeclarationOut,
)
from marketplace.kit.clock import Clock
from marketplace.kit.database import ReadSession, WriteSession
from marketplace.kit.paging import id_after, page_of
from marketplace.kit.secrets import Keeper
from marketplace.wire.answers import answer, expected_version
from marketplace.wire.idempotency import once
from marketplace.wire.shapes import LIMIT_DEFAULT, Cursor, Limit, PageOut

AnyRequest = Request[Actor, None, State]


class ProfileController(Controller):
    """The profile of one organisation and its declarations."""

    path = "/v1/organizations/{organization_id:uuid}"
    tags = ("identity",)

    @get("/profile", operation_id="organization_profiles_get")
    async def get_profile(
        self,
        request: AnyRequest,
        organization_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        reader: NamedDependency[ReadSession],
    ) -> Response[ProfileOut]:
        """Show a profile with its contact to the bureau and to its own people."""
        row = await visible_organization(reader, actor, organization_id)
        return answer(request, ProfileOut.of(row), version=row.version)

    @put("/profile", operation_id="organization_profiles_change")
    @once()
    async def change_profile(
        self,
        request: AnyRequest,
        organization_id: FromPath[UUID],
        data: JSONBody[ProfileIn],
        actor: NamedDependency[Actor],
        writer: NamedDependency[WriteSession],
        clock: NamedDependency[Clock],
    ) -> Response[ProfileOut]:
        """Replace one's own profile; a change of what was verified makes it pending again."""
        access.require(actor, Permission.ORGANIZATIONS_EDIT)
        row = await profile_actions.change_profile(
            writer,
            actor,
            organization_id,
            edit=data.edit(),
            expected_version=expected_version(request),
            now=clock.now(),
        )
        return answer(request, ProfileOut.of(row), version=row.version)

    @post("/size-declarations", operation_id="size_declarations_declare")
    @once()
    async def declare_size(
        self,
        request: AnyRequest,
        organization_id: FromPath[UUID],
        data: JSONBody[SizeDeclarationIn],
        actor: NamedDependency[Actor],
        writer: NamedDependency[WriteSession],
        clock: NamedDependency[Clock],
    ) -> Response[SizeDeclarationOut]:
        """Declare the size of one's own enterprise from a day on."""
        row = await profile_actions.declare_size(
            writer,
            actor,
            organization_id,
            size_class=data.size_class,
            effective_from=data.effective_from,
            basis=data.basis,
            now=clock.now(),
        )
        return answer(request, SizeDeclarationOut.of(row), status=201)

    @get("/size-declarations", operation_id="size_declarations_list")
    async def list_sizes(
        self,
        request: AnyRequest,
        organization_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        reader: NamedDependency[ReadSession],
        limit: Limit = LIMIT_DEFAULT,
        cursor: Cursor = None,
    ) -> Response[PageOut[SizeDeclarationOut]]:
        """List what an organisation declared about its size, in the order of declaring."""
        await visible_organization(reader, actor, organization_id)
        rows = await profile.size_declarations(
            reader, organization_id, after=id_after(cursor), limit=limit + 1
        )
        page = page_of(list(rows), limit, "id")
        items = [SizeDeclarationOut.of(row) for row in page.items]
        return answer(request, PageOut(items=items, next_cursor=page.next_cursor))

    @post("/startup-declarations", operation_id="startup_declarations_declare")
    @once()
    async def declare_startup(
        self,
        request: AnyRequest,
        organization_id: FromPath[UUID],
        data: JSONBody[StartupDeclarationIn],
        actor: NamedDependency[Actor],
        writer: NamedDependency[WriteSession],
        clock: NamedDependency[Clock],
    ) -> Response[StartupDeclarationOut]:
        """Declare whether one's own enterprise was a startup from a day on."""
        row = await profile_actions.declare_startup(
            writer,
            actor,
            organization_id,
            is_startup=data.is_startup,
            as_of=data.as_of,
            basis=data.basis,
            now=clock.now(),
        )
        return answer(request, StartupDeclarationOut.of(row), status=201)

    @get("/startup-declarations", operation_id="startup_declarations_list")
    async def list_startups(
        self,
        request: AnyRequest,
        organization_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        reader: NamedDependency[ReadSession],
        limit: Limit = LIMIT_DEFAULT,
        cursor: Cursor = None,
    ) -> Response[PageOut[StartupDeclarationOut]]:
        """List what an organisation declared about being a startup, in the order of declaring."""
        await visible_organization(reader, actor, organization_id)
        rows = await profile.startup_declarations(
            reader, organization_id, after=id_after(cursor), limit=limit + 1
        )
        page = page_of(list(rows), limit, "id")
        items = [StartupDeclarationOut.of(row) for row in page.items]
        return answer(request, PageOut(items=items, next_cursor=page.next_cursor))


class BankAccountController(Controller):
    """Where an organisation is paid.

    These two writes are not kept for repeats: what is kept of a request and of its answer would
    let the number be guessed or read.  The first is safe to repeat by If-Match, the second changes
    nothing but the trace it leaves.
    """

    path = "/v1/organizations/{organization_id:uuid}/bank-account"
    tags = ("identity",)

    @put(operation_id="bank_accounts_set")
    async def set_bank_account(
        self,
        request: AnyRequest,
        organization_id: FromPath[UUID],
        data: JSONBody[BankAccountIn],
        actor: NamedDependency[Actor],
        writer: NamedDependency[WriteSession],
        clock: NamedDependency[Clock],
        keeper: NamedDependency[Keeper],
    ) -> Response[BankAccountOut]:
        """State where one's own organisation is paid, under the version of its profile."""
        access.require(actor, Permission.ORGANIZATIONS_EDIT)
        owner, row = await bank_accounts.set_bank_account(
            writer,
            actor,
            organization_id,
            account=data.account(),
            expected_version=expected_version(request),
            keeper=keeper,
            now=clock.now(),
        )
        return answer(request, BankAccountOut.of(row), version=owner.version)

    @get(operation_id="bank_accounts_get")
    async def get_bank_account(
        self,
        request: AnyRequest,
        organization_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        reader: NamedDependency[ReadSession],
    ) -> Response[BankAccountOut]:
        """Show where an organisation is paid, with all but the last four digits masked."""
        owner = await visible_organization(reader, actor, organization_id)
        row = await profile.bank_account(reader, organization_id)
        return answer(request, BankAccountOut.of(row), version=owner.version)

    @post("/actions/reveal", status_code=200, operation_id="bank_accounts_reveal")
    async def reveal(
        self,
        request: AnyRequest,
        organization_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        writer: NamedDependency[WriteSession],
        clock: NamedDependency[Clock],
        keeper: NamedDependency[Keeper],
    ) -> Response[BankAccountRevealedOut]:
        """Show one's own account number in full; that it was read is recorded."""
        row, number = await bank_accounts.reveal_bank_account(
            writer, actor, organization_id, keeper=keeper, now=clock.now()
        )
        shown = BankAccountRevealedOut.of(row, number)
        return answer(request, shown, headers={"Cache-Control": "no-store"})
