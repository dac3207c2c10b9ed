"""Ten thousand organisations and fifty thousand ties: the answer stays right, and quick."""

import datetime as dt
import random
import statistics
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import insert

from marketplace.identity.tables.organizations import Organization, OrganizationKind, SizeClass
from marketplace.kit.database import Database
from marketplace.relations import queries
from marketplace.relations.rules.relations import EdgeKind
from marketplace.relations.tables import OwnershipEdge, Party
from tests.conftest import START
from tests.given.relations import DAY, LONG_AGO

ORGANIZATIONS, PEOPLE, STATES, EDGES = 10_000, 2_000, 20, 50_000
PAIRS = 200
MEDIAN_SECONDS_MAX = 0.05
Row = dict[str, Any]


def organization_id(number: int) -> UUID:
    """The organisation with a number."""
    return UUID(int=1 << 64 | number)


def party_id(number: int) -> UUID:
    """The party with a number; those below ORGANIZATIONS are organisations."""
    return UUID(int=2 << 64 | number)


def an_edge(chance: random.Random, number: int, target: int) -> Row:
    """A tie of a kind that its number decides: some control, many do not, some have ended."""
    # The cube gives a few holders many companies, as in life.
    holder = int((ORGANIZATIONS + PEOPLE) * chance.random() ** 3)
    kind, share = EdgeKind.SHAREHOLDER, chance.randint(100, 5_000)
    valid_to = None
    if number < ORGANIZATIONS * 6 // 10:
        kind = chance.choice([EdgeKind.ACTUAL_CONTROLLER, EdgeKind.AGREEMENT, kind, kind])
        share = chance.randint(5_001, 10_000)
    elif number < ORGANIZATIONS * 2:
        kind = EdgeKind.OFFICER
        holder = ORGANIZATIONS + chance.randrange(PEOPLE)
    elif number < ORGANIZATIONS * 3:
        share, valid_to = 9_000, chance.choice([DAY, DAY - dt.timedelta(days=9)])
    return {
        "id": UUID(int=3 << 64 | number),
        "holder_id": party_id(holder if holder != target else holder + 1),
        "target_id": party_id(target),
        "kind": kind,
        "share_bps": share if kind is EdgeKind.SHAREHOLDER else None,
        "valid_from": LONG_AGO,
        "valid_to": valid_to,
        "source": "seed",
        "recorded_at": START,
    }


def a_graph(chance: random.Random) -> list[Row]:
    """Ties between every organisation and others, the same on every run."""
    targets = [number % ORGANIZATIONS for number in range(EDGES)]
    first = targets[:ORGANIZATIONS]
    chance.shuffle(first)
    targets[:ORGANIZATIONS] = first
    return [an_edge(chance, number, target) for number, target in enumerate(targets)]


async def store(database: Database, edges: list[Row]) -> None:
    """Write the whole graph in bulk."""
    organizations = [
        {
            "id": organization_id(number),
            "version": 1,
            "uscc": f"{number:018d}",
            "name_zh": "某公司(示例)",
            "name_en": "Example",
            "kind": OrganizationKind.COMPANY,
            "size_class": SizeClass.SMALL,
            "is_startup": False,
            "region": "440305",
            "registered_at": START,
        }
        for number in range(ORGANIZATIONS)
    ]
    parties = [
        {
            "id": party_id(number),
            "organization_id": organization_id(number) if number < ORGANIZATIONS else None,
            "name": "主体",
            "is_state": number < STATES,
            "recorded_at": START,
        }
        for number in range(ORGANIZATIONS + PEOPLE)
    ]
    async with database.writing() as session:
        connection = await session.connection()
        for table, rows in (
            (Organization, organizations),
            (Party, parties),
            (OwnershipEdge, edges),
        ):
            await connection.execute(insert(table), rows)


class Reference:
    """The law read literally over the whole list of ties, from the top down and without limits."""

    def __init__(self, edges: list[Row]) -> None:
        self.below: dict[UUID, set[UUID]] = defaultdict(set)
        self.officers: dict[UUID, set[UUID]] = defaultdict(set)
        self.state = {party_id(number) for number in range(STATES)}
        for edge in edges:
            if edge["valid_to"] is not None and edge["valid_to"] <= DAY:
                continue
            if edge["kind"] is EdgeKind.OFFICER:
                self.officers[edge["target_id"]].add(edge["holder_id"])
            elif edge["kind"] is not EdgeKind.SHAREHOLDER or edge["share_bps"] > 5_000:
                self.below[edge["holder_id"]].add(edge["target_id"])
        self.controlled = {top: self._controlled(top) for top in list(self.below)}

    def _controlled(self, top: UUID) -> set[UUID]:
        found, waiting = set[UUID](), list(self.below[top])
        while waiting:
            party = waiting.pop()
            if party not in found:
                found.add(party)
                waiting += [] if party in self.state else self.below.get(party, ())
        return found

    def related(self, a: UUID, b: UUID) -> bool:
        """Tell whether any ground of the law applies."""
        nothing = set[UUID]()
        if b in self.controlled.get(a, nothing) or a in self.controlled.get(b, nothing):
            return True
        if any({a, b} <= what and top not in self.state for top, what in self.controlled.items()):
            return True
        one, two = self.officers[a], self.officers[b]
        return bool(one & two) or any(
            end in self.controlled.get(officer, nothing)
            for officers, end in ((one, b), (two, a))
            for officer in officers
        )


def some_pairs(chance: random.Random, edges: list[Row]) -> list[tuple[int, int]]:
    """Half of them any two organisations, half of them such that one holder controls or serves
    both,
    every second of these holders the state.
    """
    children: dict[UUID, list[int]] = defaultdict(list)
    for edge in edges[: ORGANIZATIONS * 2]:
        children[edge["holder_id"]].append(edge["target_id"].int & 0xFFFF_FFFF)
    families = [sorted(set(family)) for family in children.values() if len(set(family)) > 1]
    of_the_state = [sorted(set(children[party_id(number)])) for number in range(STATES)]
    far = [chance.sample(range(ORGANIZATIONS), 2) for _ in range(PAIRS // 2)]
    near = [
        chance.sample(chance.choice(kind), 2)
        for kind in (families, of_the_state)
        for _ in range(PAIRS // 4)
    ]
    return [(a, b) for a, b in far + near]


@pytest.mark.postgres
async def test_a_large_graph_is_answered_rightly_and_within_milliseconds(
    database: Database, record_property: Callable[[str, object], None]
) -> None:
    """Two hundred pairs agree with the law read literally; half of the answers take under 50 ms."""
    chance = random.Random(265)
    edges = a_graph(chance)
    await store(database, edges)
    reference = Reference(edges)
    seconds, answers, wrong = [], [], []
    for a, b in some_pairs(chance, edges):
        async with database.reading() as session:
            begun = time.perf_counter()
            found = await queries.relation(session, organization_id(a), organization_id(b), on=DAY)
            seconds.append(time.perf_counter() - begun)
        answers.append(found is not None)
        if reference.related(party_id(a), party_id(b)) is not answers[-1]:
            wrong.append((a, b, found))

    median = statistics.median(seconds)
    record_property("median_ms", round(median * 1_000, 2))
    told = f"{median * 1_000:.1f} ms median, {max(seconds) * 1_000:.1f} ms worst"
    sys.stdout.write(f"{told}; {sum(answers)} of {PAIRS} related\n")
    assert not wrong
    assert 20 <= sum(answers) <= PAIRS - 20
    assert median < MEDIAN_SECONDS_MAX or not database.is_sqlite
