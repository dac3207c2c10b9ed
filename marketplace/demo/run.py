"""Run the demo: migrate, seed, play as far as asked, deliver, tell."""

import datetime as dt
import json
import os
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from marketplace.demo import calls, custody, deliveries, report, settlement
from marketplace.demo.kept import KEPT, kept_of
from marketplace.demo.seeding import Seeded, seed
from marketplace.demo.stage import START, Play, Stage, read_stories
from marketplace.house import House, open_house
from marketplace.identity.actions import keys as identity
from marketplace.identity.rules.access import SYSTEM, Role
from marketplace.kit.clock import FixedClock, SystemClock
from marketplace.settings import Settings

OTHERS_CLOSE_AT = dt.datetime(2026, 12, 18, 9, 0, tzinfo=dt.UTC)
"""Deadline of the calls that are not played: late enough that a visitor can bid."""
TRIAL_ROLES = {
    "bureau_officer": (Role.BUREAU_OFFICER, "GOV-STIB"),
    "bureau_approver": (Role.BUREAU_APPROVER, "GOV-STIB"),
    "poster": (Role.POSTER, "GOV-EMB"),
    "solver": (Role.SOLVER, "SLV-09"),
    "expert": (Role.EXPERT, None),
    "auditor": (Role.AUDITOR, "GOV-AUD"),
}


async def run_demo(
    settings: Settings, *, until: Stage, say: Callable[[str], None]
) -> tuple[dict[str, Any], dict[str, str]]:
    """Play the demo and return its result and the keys for trying it.

    A demo that stopped half-way, or on purpose before the end, goes on where it stood.
    """
    clock = FixedClock(START)
    house = open_house(settings, clock)
    try:
        say("载入种子数据 loading seeds …")
        seeded = await seed(house.database, settings.seeds_dir, now=START)
        play = Play(
            house=house,
            clock=clock,
            seeded=seeded,
            stories=read_stories(settings.seeds_dir),
            say=say,
        )
        _restore_clock(play)
        await deliveries.pass_over_seeds(play)
        await custody.register_custodians(play)
        await _publish_all(play)
        await _play_stages(play, until)
        keys = await _keys(house, seeded)
        say("投递事件 delivering events …")
        heard = await deliveries.deliver_story(play)
        _keep(play, keys)
        result = await report.result_of(play, deliveries=heard, data_dir=settings.data_dir)
        return result, keys
    finally:
        await house.database.close()


async def _publish_all(play: Play) -> None:
    """Publish the calls of the stories on their days, and all others so that visitors can bid."""
    told = {story.code: story for story in play.stories}
    planned = [
        (told[code].published_at, told[code].deadline_at, code)
        if code in told
        else (START, OTHERS_CLOSE_AT, code)
        for code in play.seeded.scenarios
    ]
    for published_at, deadline_at, code in sorted(planned):
        await calls.publish(play, code, published_at=published_at, deadline_at=deadline_at)
    for story in play.stories:
        play.reached[story.code] = Stage.PUBLISHED


async def _play_stages(play: Play, until: Stage) -> None:
    steps = calls.STEPS | {
        Stage.AWARDED: (settlement.award,),
        Stage.SETTLED: (settlement.settle,),
    }
    for stage, parts in steps.items():
        if stage.position > until.position:
            return
        for story in play.stories:
            if stage.position >= Stage.AWARDED.position and not story.has_pilot:
                continue
            for part in parts:
                await part(play, story)
            play.reached[story.code] = stage


async def _keys(house: House, seeded: Seeded) -> dict[str, str]:
    """Issue the keys a visitor needs, once: later runs show the same ones."""
    known = kept_of(house.settings.data_dir).get("keys")
    if isinstance(known, dict):
        return known
    keys: dict[str, str] = {}
    async with house.database.writing() as session:
        for name, (role, organization) in TRIAL_ROLES.items():
            actor = seeded.actor_with(role, organization)
            issued = await identity.issue_key(
                session,
                SYSTEM,
                actor.organization_id,
                actor.person_id,
                name=f"demo {name}",
                scopes=None,
                expires_at=None,
                entropy=os.urandom(24),
                now=house.clock.now(),
            )
            keys[name] = issued.key
    return keys


def _keep(play: Play, keys: dict[str, str]) -> None:
    """Remember the story's clock and the keys beside the database, for its owner's eyes only."""
    folder = play.house.settings.data_dir
    kept = kept_of(folder)
    shift = play.clock.at - SystemClock().now()
    kept.setdefault("clock_shift_seconds", shift.total_seconds())
    if kept.get("clock_at") != play.clock.at.isoformat():
        kept["clock_shift_seconds"] = shift.total_seconds()
    kept |= {"clock_at": play.clock.at.isoformat(), "keys": keys}
    path = folder / KEPT
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(kept, file, ensure_ascii=False, indent=1)


def _restore_clock(play: Play) -> None:
    """Begin where the story stopped, so that no later step happens before an earlier one."""
    kept = kept_of(play.house.settings.data_dir).get("clock_at")
    if isinstance(kept, str):
        play.at(dt.datetime.fromisoformat(kept))


def demo_settings(settings: Settings) -> Settings:
    """Allow what a demo on one machine needs: webhooks to itself over plain http."""
    return replace(settings, development=True)
