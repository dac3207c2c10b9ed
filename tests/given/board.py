"""The vocabulary, meetings and solicitations, made by their rooms' own actions, and full boards."""

import datetime as dt
import itertools
import random
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import insert, text

from marketplace.board.actions import capabilities
from marketplace.board.rules import facets, standing
from marketplace.board.rules.matching import word_from
from marketplace.board.rules.standing import Facts
from marketplace.board.rules.text import indexed
from marketplace.board.tables import BoardCard, BoardText
from marketplace.identity.rules.access import SYSTEM
from marketplace.kit.clock import FixedClock
from marketplace.kit.database import Database
from marketplace.matching import actions as matching
from marketplace.profiles.rules.profile import Track
from marketplace.scenarios.rules.lifecycle import ScenarioState
from marketplace.scenarios.tables import PosterType, Scenario
from marketplace.solicitations import actions as solicitations
from marketplace.solicitations.rules.readiness import Declaration
from marketplace.solicitations.rules.scheme import Scheme, scheme_from
from tests.conftest import START
from tests.given.identity import an_organization
from tests.given.profiles import SEEDS
from tests.given.scenarios import a_batch, a_draft, submitted
from tests.given.scoring import Play

_numbered = itertools.count(1)

DECLARATION: dict[str, Any] = {
    "process": "热线工单分派",
    "baselines": {"accuracy": "0.61"},
    "end_users": 120,
    "replicable_units": 8,
}
SOLICITATION: dict[str, Any] = {
    "number": "{number}",
    "title": {"zh": "2026 年场景征集(示例)"},
    "notice": {"zh": "征集小切口、有基线、可复制的场景。"},
    "domains": ["public_service", "utilities"],
    "opens_at": "2026-01-01T09:00:00+08:00",
    "closes_at": "2027-01-01T09:00:00+08:00",
    "scheme_code": "own-design",
}
MEETING: dict[str, Any] = {
    "number": "{number}",
    "title": {"zh": "供需对接会(示例)"},
    "starts_at": "2027-01-01T09:00:00+08:00",
    "place": {"zh": "某园区(示例)"},
}


@cache
def the_scheme() -> Scheme:
    """The shipped readiness scheme."""
    path = Path(SEEDS) / "readiness/own-design-1.toml"
    return scheme_from(tomllib.loads(path.read_text(encoding="utf-8")))


async def the_words(database: Database) -> None:
    """Load the shipped vocabulary and readiness scheme."""
    path = Path(SEEDS) / "vocabulary/capabilities.toml"
    words = tomllib.loads(path.read_text(encoding="utf-8"))["capabilities"]
    async with database.writing() as session:
        await capabilities.load_vocabulary(session, SYSTEM, [word_from(word) for word in words])
        await solicitations.load_scheme(session, SYSTEM, the_scheme(), now=START)


def a_declaration(**changes: Any) -> Declaration:
    """What a proposal states."""
    return Declaration(**(DECLARATION | changes))


def an_invitation(
    clock: FixedClock, *, number: str | None = None, domains: tuple[str, ...] = ("utilities",)
) -> solicitations.Invitation:
    """A solicitation that is open from now on, for ten days."""
    return solicitations.Invitation(
        number=number or f"NS-2026-Z{next(_numbered)}",
        title=SOLICITATION["title"],
        notice=SOLICITATION["notice"],
        domains=domains,
        opens_at=clock.now(),
        closes_at=clock.now() + dt.timedelta(days=10),
        scheme_code="own-design",
    )


def a_meeting(
    clock: FixedClock, *scenario_ids: UUID, number: str | None = None
) -> matching.Invitation:
    """A meeting in five days."""
    return matching.Invitation(
        number=number or f"NS-2026-M{next(_numbered)}",
        title=MEETING["title"],
        starts_at=clock.now() + dt.timedelta(days=5),
        place=MEETING["place"],
        scenario_ids=scenario_ids,
    )


async def ranked_proposals(database: Database, play: Play) -> dict[str, str]:
    """A meeting about the play's call, and a solicitation with one ranked proposal of its poster;
    their ids as parameters of paths.
    """
    clock, cast = play.clock, play.cast
    await the_words(database)
    draft = await submitted(database, clock, await a_draft(database, clock, cast=cast))
    async with database.writing() as session:
        meeting = await matching.announce(
            session,
            cast.officer.actor,
            a_meeting(clock, UUID(play.scenario_id)),
            now=clock.now(),
        )
        invited = await solicitations.announce(
            session, cast.officer.actor, an_invitation(clock), now=clock.now()
        )
        proposal = await solicitations.file(
            session,
            cast.poster.actor,
            invited.id,
            scenario_id=draft.id,
            declaration=a_declaration(),
            clock=clock,
        )
        later = FixedClock(invited.closes_at)
        await solicitations.rank(session, cast.officer.actor, invited.id, clock=later)
    return {
        "matchmaking_id": str(meeting.id),
        "solicitation_id": str(invited.id),
        "proposal_id": str(proposal.id),
        "number": "1",
    }


DOMAINS = ("health", "transport", "utilities", "economy", "manufacturing")
_ACCESS = tuple(standing.ACCESS_BPS)
_WORDS = (
    *("预警", "巡检", "调度", "识别", "分派", "客服", "质检", "能耗", "水务", "交通"),
    *("医疗", "影像", "热线", "工单", "养护", "应急", "档案", "审批", "排产", "仓储"),
    *("数据", "模型", "平台", "系统", "智能", "城市", "社区", "园区", "设备", "视频"),
)
_ENGLISH = ("model", "dispatch", "inspection", "forecast", "hotline", "vision", "energy", "water")


def a_title(chance: random.Random) -> str:
    """A title of four words, as titles are made."""
    return "".join(chance.sample(_WORDS, 4))


def _texts(count: int, chance: random.Random) -> Iterator[tuple[str, str]]:
    for _ in range(count):
        body = "".join(chance.choices(_WORDS, k=20)) + " " + " ".join(chance.choices(_ENGLISH, k=4))
        yield a_title(chance), body


async def a_full_board(database: Database, count: int, *, seed: int = 20260302) -> None:
    """`count` open calls and their cards, written straight into the tables, always the same ones.

    Too many to be published one by one; `test_publishing_pins` holds that a published call gets
    such rows.
    """
    chance = random.Random(seed)
    clock = FixedClock(START)
    bureau_id = await an_organization(database, name="某主管部门(示例)")
    batch_id = await a_batch(database, clock, organizer_id=bureau_id)
    poster_id = await an_organization(database, name="某出题单位(示例)")
    scenarios, cards, texts = [], [], []
    for position, (title, body) in enumerate(_texts(count, chance), 1):
        card = _a_card(chance, position, title, poster_id)
        cards.append(card)
        scenarios.append(_its_scenario(card, batch_id, bureau_id, poster_id))
        texts.append({"position": position, "tokens": indexed(title, f"{card['number']} {body}")})
    async with database.writing() as session:
        connection = await session.connection()
        for table, rows in ((Scenario, scenarios), (BoardCard, cards), (BoardText, texts)):
            for start in range(0, count, 1000):
                await connection.execute(insert(table), rows[start : start + 1000])
    async with database.engine.execution_options(isolation_level="AUTOCOMMIT").connect() as plain:
        # Both planners choose by what they have counted; a server counts by itself after a while.
        for name in ("board_card", "board_text"):
            await plain.execute(text(f"ANALYZE {name}"))


def _a_card(chance: random.Random, position: int, title: str, poster_id: UUID) -> dict[str, Any]:
    facts = Facts(
        data_access=(chance.choice(_ACCESS),),
        targets=chance.randrange(6),
        borne_by_others_bps=chance.randrange(10_001),
    )
    return {
        "position": position,
        "scenario_id": UUID(int=chance.getrandbits(128)),
        "number": f"NS-2026-X-{position:06d}",
        "content_version": 1,
        "state": "published",
        "is_open": True,
        "title": {"zh": title},
        "poster_id": poster_id,
        "poster_name": {"zh": "某出题单位(示例)"},
        "poster_type": "company",
        "track": "private",
        "region": "440305",
        "domain": chance.choice(DOMAINS),
        "ceiling_fen": chance.randrange(1, 5_000) * 1_000_000,
        "published_at": START + dt.timedelta(seconds=position),
        "bid_deadline_at": START + dt.timedelta(days=30, minutes=chance.randrange(10_000)),
        "data_access": facets.listed(facts.data_access),
        "targets": facts.targets,
        "borne_by_others_bps": facts.borne_by_others_bps,
        "points_bps": standing.points_bps(facts),
        "scheme": standing.SCHEME,
        "wishes": ",none,",
        "illustrative": True,
    }


def _its_scenario(
    card: dict[str, Any], batch_id: UUID, bureau_id: UUID, poster_id: UUID
) -> dict[str, Any]:
    return {
        "id": card["scenario_id"],
        "version": 1,
        "number": card["number"],
        "batch_id": batch_id,
        "organizer_id": bureau_id,
        "state": ScenarioState.PUBLISHED,
        "track": Track.PRIVATE,
        "poster_type": PosterType.COMPANY,
        "poster_id": poster_id,
        "end_user_id": poster_id,
        "content_version": 1,
        "published_at": card["published_at"],
        "bid_deadline_at": card["bid_deadline_at"],
        "created_at": START,
    }
