"""What is sealed opens to two people together after the deadline, and to nobody else before."""

import os
import re
from collections.abc import Iterator

import pytest
from sqlalchemy import select
from sqlmodel import col
from sqlmodel import select as select_rows

from marketplace.bids.actions import opening
from marketplace.bids.actions.sealing import offer_context
from marketplace.bids.queries import bids as queries
from marketplace.bids.tables.bids import Opening
from marketplace.custody.actions.releasing import Release
from marketplace.custody.errors import (
    NotCustodian,
    PassphraseUnset,
    RecoveryAlone,
    RecoveryUnset,
    ShareWrong,
)
from marketplace.custody.tables import Lockbox, LockboxShare
from marketplace.identity.rules.access import Role
from marketplace.identity.tables.audit import AuditEntry
from marketplace.kit import envelopes, secrets, sharing
from marketplace.kit.clock import FixedClock
from marketplace.kit.database import Database
from marketplace.kit.errors import MarketplaceError
from marketplace.kit.rotation import sealed_columns
from marketplace.kit.secrets import CannotUnseal
from marketplace.kit.sharing import Share
from marketplace.kit.tables import metadata
from marketplace.registry import tables
from tests.given import bids as given
from tests.given import custody
from tests.given.custody import HANDS, KEEPER
from tests.given.identity import Someone, someone
from tests.given.scenarios import Called, Cast, a_cast, a_published_call, the_panel_seated
from tests.given.traces import everything

SECRET = "一句只出现在方案里的话"


async def a_closed_call(
    database: Database, clock: FixedClock, *, cast: Cast | None = None, recovery: bool = False
) -> tuple[Called, list[given.Begun]]:
    """Two sealed bids, the deadline passed, nobody has released anything."""
    keys = (custody.RECOVERY_PUBLIC,) if recovery else ()
    call = await a_published_call(database, clock, cast=cast, recovery=keys)
    bids = [await given.a_sealed_bid(database, clock, call) for _ in range(2)]
    await the_panel_seated(database, clock, call)
    await given.the_deadline_passed(database, clock, call)
    return call, bids


async def officer_releases(
    database: Database, clock: FixedClock, call: Called, who: Someone, brought: Release
) -> None:
    """One part of the act."""
    async with database.writing() as session:
        await opening.request_opening(
            session, who.actor, call.id, brought=brought, hands=HANDS, clock=clock
        )


async def supervisor_releases(
    database: Database, clock: FixedClock, call: Called, who: Someone, brought: Release
) -> Opening:
    """The other part."""
    async with database.writing() as session:
        return await opening.witness_opening(
            session, who.actor, call.id, brought=brought, hands=HANDS, clock=clock
        )


async def stored(database: Database) -> list[bytes]:
    """Every string of bytes and every text of the whole database."""
    tables()
    found: list[bytes] = []
    async with database.reading() as session:
        connection = await session.connection()
        for table in metadata.sorted_tables:
            for row in (await connection.execute(select(table))).all():
                found += [value for value in row if isinstance(value, bytes)]
                found += [str(value).encode() for value in row if not isinstance(value, bytes)]
    return found


def unsealed(values: list[bytes], contexts: list[str]) -> list[bytes]:
    """Whatever the master key opens, in whatever place."""
    opened = []
    for value in values:
        if not value.startswith(KEEPER.head):
            continue
        for context in contexts:
            try:
                opened.append(KEEPER.unseal(value, context=context))
            except CannotUnseal:
                continue
    return opened


def possible_keys(values: list[bytes]) -> Iterator[bytes]:
    """Every 32 bytes that stand as a value, or as 64 hexadecimal digits in one."""
    for value in values:
        if len(value) == 32:
            yield value
        for digits in re.findall(rb"(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])", value):
            yield bytes.fromhex(digits.decode())
    yield KEEPER.master_key


async def contexts_of(database: Database) -> list[str]:
    """Every place in which the installation seals anything, written out for every row."""
    found = []
    async with database.reading() as session:
        connection = await session.connection()
        for column in sealed_columns(metadata):
            for row in (await connection.execute(select(*column.needed))).all():
                names = [needed.name for needed in column.needed]
                found.append(column.context.format(**dict(zip(names, row, strict=True))))
    return found


@pytest.mark.postgres
async def test_master_key_and_database_open_no_sealed_bid(
    database: Database, clock: FixedClock
) -> None:
    """Every sealed value opened, every 32 bytes tried as a key: no offer comes out, not even when
    the officer has released the own share already.
    """
    call = await a_published_call(database, clock)
    bid = await given.a_sealed_bid(database, clock, call, offer=given.an_offer(summary=SECRET))
    await the_panel_seated(database, clock, call)
    await given.the_deadline_passed(database, clock, call)
    await given.requested(database, clock, call)
    async with database.reading() as session:
        envelope = (await queries.bid_version(session, bid.id, 1)).sealed

    values = await stored(database)
    known = [*values, *unsealed(values, await contexts_of(database))]

    # The search does look in the right places: it finds the officer's released share.
    shares = [value for value in known if value.startswith(sharing.FORM)]
    assert len(shares) == 1
    assert all(SECRET.encode() not in value for value in known)
    for key in set(possible_keys(known)):
        with pytest.raises(MarketplaceError):
            envelopes.open_(envelope, private_key=key, context=offer_context(bid.id))
        with pytest.raises(CannotUnseal):
            secrets.unseal(key, envelope, context=offer_context(bid.id))
    with pytest.raises(MarketplaceError):
        sharing.joined(Share.from_bytes(shares[0]), Share.from_bytes(shares[0]))


async def test_both_shares_open_what_the_search_could_not(
    database: Database, clock: FixedClock
) -> None:
    """Two custodians with a copy of the database: said in the threat model, and so it is."""
    call = await a_published_call(database, clock)
    bid = await given.a_sealed_bid(database, clock, call, offer=given.an_offer(summary=SECRET))
    one = await custody.the_share(database, call.id, call.cast.officer)
    two = await custody.the_share(database, call.id, call.cast.supervisor)
    async with database.reading() as session:
        envelope = (await queries.bid_version(session, bid.id, 1)).sealed

    private = sharing.joined(Share.from_bytes(one), Share.from_bytes(two))
    opened = envelopes.open_(envelope, private_key=private, context=offer_context(bid.id))

    assert SECRET.encode() in opened


class TestRelease:
    """Which shares are taken, and from whom."""

    async def refused(
        self, database: Database, clock: FixedClock, call: Called, who: Someone, brought: Release
    ) -> MarketplaceError:
        """The supervisor's part is refused and every row stays as it was."""
        before = await everything(database)
        with pytest.raises(MarketplaceError) as raised:
            await supervisor_releases(database, clock, call, who, brought)
        assert await everything(database) == before
        return raised.value

    async def test_a_share_of_the_other_side_or_of_another_call_is_wrong(
        self, database: Database, clock: FixedClock
    ) -> None:
        """The refusal names the side; nothing is opened by half."""
        cast = await a_cast(database)
        other = await a_published_call(database, clock, cast=cast)
        call, _ = await a_closed_call(database, clock, cast=cast)
        await given.requested(database, clock, call)
        wrong = [
            Release(share=await custody.the_share(database, call.id, cast.officer)),
            Release(share=await custody.the_share(database, other.id, cast.supervisor)),
            Release(share=os.urandom(sharing.SHARE_BYTES)),
            Release(share=b""),
        ]

        for brought in wrong:
            refusal = await self.refused(database, clock, call, cast.supervisor, brought)
            assert isinstance(refusal, ShareWrong)
            assert refusal.facts == {"side": "supervisor"}

    async def test_whoever_is_no_custodian_releases_nothing(
        self, database: Database, clock: FixedClock
    ) -> None:
        """A supervisor whose key was not there when the call was published, even with the share."""
        call, _ = await a_closed_call(database, clock)
        await given.requested(database, clock, call)
        late = await someone(database, Role.SUPERVISOR)
        brought = await custody.released(database, call.id, call.cast.supervisor)

        refusal = await self.refused(database, clock, call, late, brought)

        assert isinstance(refusal, NotCustodian)

    async def test_a_passphrase_opens_nothing_where_the_key_is_with_its_person(
        self, database: Database, clock: FixedClock
    ) -> None:
        """The platform has nothing that a passphrase could open."""
        call, _ = await a_closed_call(database, clock)
        await given.requested(database, clock, call)

        refusal = await self.refused(
            database, clock, call, call.cast.supervisor, Release(passphrase="any words at all")
        )

        assert isinstance(refusal, PassphraseUnset)

    @pytest.mark.postgres
    async def test_a_deputy_takes_the_place_of_the_custodian(
        self, database: Database, clock: FixedClock
    ) -> None:
        """The second officer and the second supervisor open; the record says deputies did."""
        cast = await a_cast(database)
        bureau_id = cast.officer.organization_id
        officer = await someone(database, Role.BUREAU_OFFICER, organization_id=bureau_id)
        supervisor = await someone(database, Role.SUPERVISOR)
        await custody.registered(database, bureau_id, officer, supervisor)
        call, bids = await a_closed_call(database, clock, cast=cast)

        brought = await custody.released(database, call.id, officer)
        await officer_releases(database, clock, call, officer, brought)
        brought = await custody.released(database, call.id, supervisor)
        row = await supervisor_releases(database, clock, call, supervisor, brought)

        assert row.record is not None and row.record.count(b'"how":"deputy"') == 2
        async with database.reading() as session:
            opened = await queries.opened_bids(session, call.id)
        assert [bid.id for bid, _ in opened] == [bid.id for bid in bids]

    async def test_after_the_opening_no_share_is_left(
        self, database: Database, clock: FixedClock
    ) -> None:
        """Neither the closed ones nor the one that waited."""
        call, _ = await a_closed_call(database, clock, recovery=True)
        await given.requested(database, clock, call)
        await given.witnessed(database, clock, call)

        async with database.reading() as session:
            shares = (await session.exec(select_rows(LockboxShare))).all()
            row = (await session.exec(select_rows(Opening))).one()
            lockbox = (await session.exec(select_rows(Lockbox))).one()
        assert [share.envelope for share in shares] == [None, None, None]
        assert row.officer_share is None
        assert lockbox.forgotten_at == clock.now()


class TestRecovery:
    """The third share stands in for one side, never for both."""

    async def brought(self, database: Database, call: Called) -> Release:
        """The offline share with its reason."""
        share = await custody.the_recovery_share(database, call.id)
        return Release(recovery_share=share, reason="监督方密钥丢失(示例)")

    @pytest.mark.postgres
    async def test_stands_in_for_a_side_that_lost_its_keys(
        self, database: Database, clock: FixedClock
    ) -> None:
        """In the record and in the audit log, with the reason; both parts are still two people."""
        call, _ = await a_closed_call(database, clock, recovery=True)
        await given.requested(database, clock, call)
        stand_in = await someone(database, Role.SUPERVISOR)

        row = await supervisor_releases(
            database, clock, call, stand_in, await self.brought(database, call)
        )

        assert row.record is not None
        text = row.record.decode()
        assert '"side":"recovery"' in text and "监督方密钥丢失(示例)" in text
        async with database.reading() as session:
            entry = (
                await session.exec(
                    select_rows(AuditEntry).where(col(AuditEntry.operation) == "custody_recovery")
                )
            ).one()
        assert entry.person_id == stand_in.actor.person_id
        assert entry.subject["in_place_of"] == "supervisor"
        assert entry.subject["side"] == "recovery"

    async def test_alone_opens_nothing(self, database: Database, clock: FixedClock) -> None:
        """Brought by both sides it is one share, and nothing is opened."""
        call, _ = await a_closed_call(database, clock, recovery=True)
        brought = await self.brought(database, call)
        await officer_releases(database, clock, call, call.cast.officer, brought)
        before = await everything(database)

        with pytest.raises(RecoveryAlone):
            await supervisor_releases(database, clock, call, call.cast.supervisor, brought)

        assert await everything(database) == before

    async def test_without_a_recovery_key_there_is_no_third_share(
        self, database: Database, clock: FixedClock
    ) -> None:
        """Nothing is stored that could be one."""
        call, _ = await a_closed_call(database, clock)

        with pytest.raises(RecoveryUnset):
            await officer_releases(
                database,
                clock,
                call,
                call.cast.officer,
                Release(recovery_share=b"x", reason="示例"),
            )
        async with database.reading() as session:
            sides = [row.side for row in (await session.exec(select_rows(LockboxShare))).all()]
        assert sorted(sides) == ["officer", "supervisor"]
