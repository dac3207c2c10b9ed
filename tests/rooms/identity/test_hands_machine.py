"""Whatever people do with memberships, roles and keys: no one has both of two separated duties.

Real actions on a real database, in any order.  Four people join, leave, come back, change roles,
hold several organisations and keys, and try to take one call and one claim as far as they get.
"""

import asyncio
import os
import shutil
from collections.abc import Awaitable, Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from marketplace.identity.actions import invitations, keys, memberships
from marketplace.identity.queries import memberships as queries
from marketplace.identity.rules.access import SYSTEM, Actor, Role
from marketplace.kit.clock import FixedClock
from marketplace.kit.database import Database, WriteSession
from marketplace.kit.errors import MarketplaceError
from marketplace.pilots.actions import claims
from marketplace.profiles.rules.profile import Track
from marketplace.scenarios.actions import amending, calls, drafting, publishing
from marketplace.scenarios.queries import calls as scenarios
from marketplace.scenarios.rules.lifecycle import ScenarioState
from tests.given.hands import (
    BUREAU,
    LATER,
    PEOPLE,
    POSTER,
    ROLES,
    SOLVER,
    STEPS,
    Held,
    Stage,
    actor_of,
    present,
    set_up,
)
from tests.given.pilots import a_line
from tests.given.scenarios import REVIEW, WINDOW, a_content

SEPARATED = (
    *("author/officer", "author/approver", "officer/approver", "author/amender"),
    *("approver/amender", "submitter/verifier", "submitter/claim_approver"),
    *("verifier/claim_approver", "submitter/payer", "verifier/payer", "claim_approver/payer"),
)
"""What must not be in one hand, written down apart from the table that the rooms read."""
EXCLUDED = (
    (Role.SOLVER, Role.BUREAU_OFFICER),
    (Role.SOLVER, Role.BUREAU_APPROVER),
    (Role.SOLVER, Role.FINANCE),
)

who = st.integers(0, PEOPLE - 1)
place = st.integers(0, 2)
any_number = st.integers(0, 11)
Act = Callable[[WriteSession, Actor], Awaitable[object]]


class Hands(RuleBasedStateMachine):
    """Four people, three organisations, one call and one claim."""

    stage: Stage
    numbers = count(1)

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.Runner()
        path = self.stage.path.with_name(f"hands-{next(self.numbers)}.db")
        shutil.copyfile(self.stage.path, path)
        self.path = path
        self.database = Database(f"sqlite+aiosqlite:///{path}")
        self.clock = FixedClock(LATER)
        self.keys: list[Held] = []
        self.done: dict[str, set[int]] = {}
        self.call_id: UUID | None = None
        self.claim_id: UUID | None = None
        self.claim_step = 0

    def teardown(self) -> None:
        """Give the file back."""
        self.loop.run(self.database.close())
        self.loop.close()
        for suffix in ("", "-wal", "-shm"):
            self.path.with_name(self.path.name + suffix).unlink(missing_ok=True)

    # Memberships and keys ------------------------------------------------------------------------

    @initialize()
    def everybody_comes_in(self) -> None:
        """Each has more than one hand to begin with; the third is the solver's."""
        for person in range(PEOPLE):
            if person == 2:
                self.join(person, SOLVER, 0)
            else:
                self.join(person, BUREAU, 0)
                self.join(person, POSTER, 0)
        writer, solver = 1, 4
        assert (self.keys[writer].place, self.keys[solver].place) == (POSTER, SOLVER)
        self.take_the_call_further([(writer, 0)])
        for act in ("sign", "submit"):
            self._with_key(writer, "author", self._steps(self._call()[0])[act])
        self.take_the_claim_further([solver])
        assert (self._call()[1], self.claim_step) == (ScenarioState.SUBMITTED, 1)

    @rule(person=who, at=place, roles=any_number)
    def join(self, person: int, at: int, roles: int) -> None:
        """Accept an invitation, for the first time or again, and get a key."""

        async def act(session: WriteSession) -> Held:
            invited = await invitations.invite(
                session,
                SYSTEM,
                self.stage.places[at],
                roles=_choice(ROLES[at], roles),
                note=None,
                days=7,
                open_max=100,
                entropy=os.urandom(24),
                now=LATER,
            )
            joining = Actor(
                person_id=self.stage.people[person],
                organization_id=self.stage.places[at],
                roles=frozenset(),
            )
            accepted = await invitations.accept(
                session,
                joining,
                invited.token,
                newcomer=None,
                key_name="key",
                entropy=os.urandom(24),
                now=LATER,
            )
            assert accepted.key is not None
            return Held(accepted.key.key, accepted.key.row.id, person, at)

        held = self._try(act)
        if held is not None:
            self.keys.append(held)

    @rule(person=who, at=place, roles=any_number)
    def change_roles(self, person: int, at: int, roles: int) -> None:
        """Have one's roles replaced."""
        self._on_member(
            person,
            at,
            lambda s, **k: memberships.change_roles(
                s, SYSTEM, roles=_choice(ROLES[at], roles), now=LATER, **k
            ),
        )

    @rule(person=who, at=place)
    def leave(self, person: int, at: int) -> None:
        """Leave, which ends every key of this membership for good."""
        left = self._on_member(
            person, at, lambda s, **k: memberships.leave(s, SYSTEM, now=LATER, **k)
        )
        if left is not None:
            for held in self.keys:
                held.alive &= (held.person, held.place) != (person, at)

    @rule(person=who, at=place, roles=any_number)
    def come_back(self, person: int, at: int, roles: int) -> None:
        """Leave and join again: not one key of the earlier stay opens anything."""
        self.leave(person, at)
        self.join(person, at, roles)
        for held in self.keys:
            opens = self.loop.run(actor_of(self.database, held)) is not None
            assert opens == held.alive, "a key lasts as long as its membership, and not longer"

    @rule(person=who, at=place)
    def another_key(self, person: int, at: int) -> None:
        """Get a second key for the same membership."""

        async def act(session: WriteSession) -> Held:
            issued = await keys.issue_key(
                session,
                SYSTEM,
                self.stage.places[at],
                self.stage.people[person],
                name="another",
                scopes=None,
                expires_at=None,
                entropy=os.urandom(24),
                now=LATER,
            )
            return Held(issued.key, issued.row.id, person, at)

        held = self._try(act)
        if held is not None:
            self.keys.append(held)

    @rule(number=any_number)
    def revoke_key(self, number: int) -> None:
        """Have a key revoked."""
        held = _choice(self.keys, number)
        self._try(lambda s: keys.revoke_key(s, SYSTEM, held.id, now=LATER))
        held.alive = False

    # The call and the claim ----------------------------------------------------------------------

    @rule(tries=st.lists(st.tuples(any_number, any_number), min_size=2, max_size=6))
    def take_the_call_further(self, tries: list[tuple[int, int]]) -> None:
        """Try whatever the state of the call allows, with some of the keys."""
        for number, pick in tries:
            version, state = self._call()
            if state is None:
                row: Any = self._with_key(number, "author", self._draft)
                self.call_id = None if row is None else row.id
                continue
            duty, act = _choice(STEPS[state], pick)
            self._with_key(number, duty, self._steps(version)[act])

    @rule(numbers=st.lists(any_number, min_size=2, max_size=6))
    def take_the_claim_further(self, numbers: list[int]) -> None:
        """Try the next step of the claim, with some of the keys, until it is paid."""
        for number in numbers:
            # Paying again under the same reference changes nothing, so it is nobody's duty.
            if self.claim_step <= 3:
                self._try_the_claim(number)

    def _try_the_claim(self, number: int) -> None:
        duty, act = (
            ("submitter", self._submit_claim),
            ("verifier", self._verify_claim),
            ("claim_approver", self._approve_claim),
            ("payer", self._pay_claim),
        )[self.claim_step]
        row: Any = self._with_key(number, duty, act)
        if row is not None:
            self.claim_id, self.claim_step = row.id, self.claim_step + 1

    def _steps(self, version: int) -> dict[str, Act]:
        assert self.call_id is not None
        known: dict[str, Any] = {"expected_version": version}
        now: dict[str, Any] = {"now": LATER}
        call_id = self.call_id
        other = a_content(problem={"zh": f"澄清 {version}(示例)"})
        return {
            "revise": lambda s, a: drafting.revise(s, a, call_id, content=other, **known, **now),
            "sign": lambda s, a: drafting.sign_need(s, a, call_id, **known, **now),
            "submit": lambda s, a: drafting.submit(s, a, call_id, **known, **now),
            "accept": lambda s, a: calls.accept(s, a, call_id, **known, **now),
            "return": lambda s, a: calls.send_back(s, a, call_id, reason="不全", **known, **now),
            "approve": lambda s, a: calls.approve(s, a, call_id, review=REVIEW, **known, **now),
            "publish": lambda s, a: publishing.publish(
                s, a, call_id, bid_deadline_at=LATER + WINDOW, clock=self.clock, **known
            ),
            "amend": lambda s, a: amending.propose(
                s, a, call_id, content=other, note="更正", clock=self.clock, **known
            ),
        }

    async def _draft(self, session: WriteSession, actor: Actor) -> object:
        return await drafting.draft(
            session,
            actor,
            self.stage.batch_id,
            poster_id=self.stage.places[POSTER],
            end_user_id=self.stage.places[POSTER],
            track=Track.PRIVATE,
            content=a_content(),
            now=LATER,
        )

    async def _submit_claim(self, session: WriteSession, actor: Actor) -> object:
        pilot_id, lines = self.stage.pilot_id, [a_line(100)]
        return await claims.submit_claim(
            session, actor, pilot_id, "P0", lines=lines, declared_true=True, now=LATER
        )

    async def _verify_claim(self, session: WriteSession, actor: Actor) -> object:
        assert self.claim_id is not None
        found = {"FP-1": 100}
        return await claims.verify_claim(
            session, actor, self.claim_id, verified_fen=found, now=LATER
        )

    async def _approve_claim(self, session: WriteSession, actor: Actor) -> object:
        assert self.claim_id is not None
        return await claims.approve_claim(session, actor, self.claim_id, now=LATER)

    async def _pay_claim(self, session: WriteSession, actor: Actor) -> object:
        assert self.claim_id is not None
        return await claims.pay_claim(
            session, actor, self.claim_id, bank_reference="bank-1", now=LATER
        )

    # What must hold ------------------------------------------------------------------------------

    @invariant()
    def no_one_has_two_separated_duties(self) -> None:
        """Of each pair, whoever did the one did not do the other."""
        for pair in SEPARATED:
            one, other = pair.split("/")
            both = self.done.get(one, set()) & self.done.get(other, set())
            assert not both, f"{pair} in the hands of {both}"

    @invariant()
    def no_one_holds_roles_that_exclude_each_other(self) -> None:
        """Not even in two organisations."""
        rows = self.loop.run(present(self.database))
        for person in self.stage.people:
            held = {role for row in rows if row.person_id == person for role in row.roles}
            for one, other in EXCLUDED:
                assert not {one.value, other.value} <= held, (one, other)

    # How it is done ------------------------------------------------------------------------------

    def _try(self, act: Callable[[WriteSession], Awaitable[Any]]) -> Any:
        """Do something in a transaction of its own; a refusal undoes it and is None."""

        async def attempt() -> Any:
            async with self.database.writing() as session:
                return await act(session)

        try:
            return self.loop.run(attempt())
        except MarketplaceError:
            return None

    def _with_key(self, number: int, duty: str, act: Act) -> Any:
        """Do something as whoever a key speaks for, and remember who did it."""
        held = _choice(self.keys, number)
        actor = self.loop.run(actor_of(self.database, held))
        assert (actor is not None) == held.alive, "a key opens as long as its membership lasts"
        if actor is None:
            return None
        row = self._try(lambda session: act(session, actor))
        if row is not None:
            self.done.setdefault(duty, set()).add(held.person)
        return row

    def _on_member(self, person: int, at: int, act: Callable[..., Awaitable[Any]]) -> Any:
        ids: dict[str, Any] = {
            "organization_id": self.stage.places[at],
            "person_id": self.stage.people[person],
        }

        async def in_version(session: WriteSession) -> Any:
            row = await queries.ever_member(session, **ids)
            version = 0 if row is None else row.version
            return await act(session, expected_version=version, **ids)

        return self._try(in_version)

    def _call(self) -> tuple[int, ScenarioState | None]:
        async def look() -> tuple[int, ScenarioState | None]:
            if self.call_id is None:
                return 0, None
            async with self.database.reading() as session:
                row = await scenarios.scenario(session, self.call_id)
            return row.version, row.state

        return self.loop.run(look())


def _choice(items: Any, number: int) -> Any:
    return items[number % len(items)]


@pytest.fixture
def stage(sqlite_template: Path, tmp_path: Path) -> Iterator[Stage]:
    """The database that every run begins from."""
    path = tmp_path / "stage.db"
    shutil.copyfile(sqlite_template, path)
    with asyncio.Runner() as loop:
        yield loop.run(set_up(path))


def test_no_sequence_of_memberships_lets_one_person_do_two_separated_duties(stage: Stage) -> None:
    """Joining, leaving, coming back, new roles, second organisations, many keys: none helps."""
    machine = type("HandsOnStage", (Hands,), {"stage": stage})
    chosen = settings(
        max_examples=12,
        stateful_step_count=25,
        deadline=None,
        phases=(Phase.generate,),  # shrinking would play hundreds of stories more
        suppress_health_check=list(HealthCheck),
    )

    run_state_machine_as_test(machine, settings=chosen)

    assert next(Hands.numbers) > chosen.max_examples, "every story was played"
