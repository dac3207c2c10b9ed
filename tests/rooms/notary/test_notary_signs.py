"""The installation's signature: one pair at a time, and old ones are still believed."""

import asyncio
import dataclasses
import datetime as dt

import pytest

from marketplace.kit.database import Database
from marketplace.kit.signing import SignatureWrong
from marketplace.notary import actions, queries
from marketplace.notary.actions import Signed
from tests.conftest import START
from tests.given.custody import KEEPER

DOCUMENT = {"kind": "jiebang/test/1", "said": "榜"}


async def signed(database: Database) -> Signed:
    """A signed document."""
    async with database.writing() as session:
        return await actions.sign(session, DOCUMENT, keeper=KEEPER, now=START)


@pytest.mark.postgres
async def test_two_who_sign_first_at_once_make_one_pair(database: Database) -> None:
    """The second finds the pair of the first."""
    found = await asyncio.gather(*(signed(database) for _ in range(4)))

    async with database.reading() as session:
        assert len(await queries.signing_keys(session)) == 1
        for one in found:
            await actions.check(session, one)


@pytest.mark.postgres
async def test_after_a_rotation_old_signatures_hold_and_new_ones_are_of_the_new_pair(
    database: Database,
) -> None:
    """The old private key is gone, its public key is listed with the time it signed."""
    old = await signed(database)
    async with database.writing() as session:
        await actions.rotate(session, keeper=KEEPER, now=START + dt.timedelta(days=1))
    new = await signed(database)

    async with database.reading() as session:
        first, second = await queries.signing_keys(session)
        await actions.check(session, old)
        await actions.check(session, new)
    assert (first.key_id, second.key_id) == (old.key_id, new.key_id)
    assert old.key_id != new.key_id
    assert first.sealed_private is None
    assert first.retired_at == START + dt.timedelta(days=1)


async def test_what_was_changed_or_signed_elsewhere_is_refused(database: Database) -> None:
    """Another content, another signature, a key that is none of ours."""
    right = await signed(database)
    wrong = (
        dataclasses.replace(right, content=right.content + b" "),
        dataclasses.replace(right, signature=right.signature[::-1]),
        dataclasses.replace(right, key_id="0" * 16),
    )

    async with database.reading() as session:
        for one in wrong:
            with pytest.raises(SignatureWrong):
                await actions.check(session, one)
