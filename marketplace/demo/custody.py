"""The custodians of the demo: illustrative people, whose private keys lie in the data folder.

In earnest a private key is with its custodian and nowhere else.  A demo plays both of them, and
whoever tries it out afterwards needs the keys: so they are kept beside the database, and say so.
"""

import json
import os
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from marketplace.bids.actions.opening import Hands
from marketplace.custody import queries
from marketplace.custody.actions import keys
from marketplace.custody.actions.releasing import Release
from marketplace.custody.rules.sides import share_context
from marketplace.demo.seeding import read_toml
from marketplace.demo.stage import Play
from marketplace.identity.rules.access import Actor, Role
from marketplace.kit import envelopes
from marketplace.scenarios.queries import calls as scenarios

KEPT: Final = "demo-custody.json"
LABEL: Final = (
    "示例密钥,仅供演示;正式使用时私钥只在保管人手中。"
    " Illustrative keys for a demo; in earnest a private key is with its custodian alone."
)
CUSTODIANS: Final = {"officer": Role.BUREAU_OFFICER, "supervisor": Role.SUPERVISOR}


async def register_custodians(play: Play) -> None:
    """Register the officer's and the supervisor's key, once, before anything is published."""
    batch = read_toml(play.house.settings.seeds_dir / "batch.toml")
    bureau_id = play.seeded.organizations[batch["organiser"]]
    private_keys = _private_keys(play.house.settings.data_dir)
    async with play.house.database.writing() as session:
        present = {row.person_id for row in await queries.live_keys(session, bureau_id)}
        for name, role in CUSTODIANS.items():
            actor = play.seeded.actor_with(role)
            if actor.person_id not in present:
                await keys.register_key(
                    session,
                    actor,
                    bureau_id,
                    public_key=envelopes.public_of(private_keys[name]),
                    keeper=play.house.keeper,
                    now=play.clock.now(),
                )


async def released(play: Play, scenario_id: UUID, actor: Actor) -> Release:
    """Open a custodian's share with the key in the data folder, as their own client would."""
    async with play.house.database.reading() as session:
        call = await scenarios.scenario(session, scenario_id)
        found = await queries.custody(session, actor, call.lockbox_id)
    row = found.own[0]
    assert row.envelope is not None
    private_key = _private_keys(play.house.settings.data_dir)[row.side.value]
    context = share_context(row.lockbox_id, row.side)
    return Release(share=envelopes.open_(row.envelope, private_key=private_key, context=context))


def hands(play: Play) -> Hands:
    """What an opening needs besides the people."""
    return Hands(keeper=play.house.keeper, hasher=play.house.hasher)


def _private_keys(folder: Path) -> dict[str, bytes]:
    """Read the custodians' private keys, or make them for their owner's eyes only."""
    path = folder / KEPT
    if not path.exists():
        made: dict[str, Any] = {"note": LABEL}
        for name in CUSTODIANS:
            private, public = envelopes.new_pair()
            made[name] = {
                "private_key": envelopes.to_text(private),
                "public_key": envelopes.to_text(public),
            }
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(made, file, ensure_ascii=False, indent=1)
    kept: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return {name: envelopes.from_text(kept[name]["private_key"]) for name in CUSTODIANS}
