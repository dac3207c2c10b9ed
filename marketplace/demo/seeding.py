"""Load the seed files through the rooms' actions; loading them again changes nothing."""

import datetime as dt
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

from marketplace.demo import board
from marketplace.funding import actions as funding
from marketplace.funding.rules.policies import policy_from
from marketplace.identity.actions import experts as pool
from marketplace.identity.actions import organizations, people, profile, standing
from marketplace.identity.errors.people import PersonUnknown
from marketplace.identity.queries import organizations as known_organizations
from marketplace.identity.queries import people as known_people
from marketplace.identity.rules.access import SYSTEM, Actor, Role
from marketplace.identity.rules.standing import RegistrationStatus
from marketplace.identity.rules.ties import TieKind
from marketplace.identity.tables.organizations import OrganizationKind, SizeClass
from marketplace.kit.database import Database, WriteSession
from marketplace.profiles import actions as profiles
from marketplace.profiles.rules.calendar import YearCalendar
from marketplace.profiles.rules.profile import RuleProfile, Track
from marketplace.scenarios.actions import drafting
from marketplace.scenarios.queries import batches
from marketplace.scenarios.queries import calls as scenarios

CONTENT_KEYS = (
    *("title", "problem", "domain", "category", "budget", "cost_share", "scoring", "criteria"),
    *("constraints", "datasets", "acceptance", "race", "qualifications", "illustrative"),
)


@dataclass(slots=True)
class Seeded:
    """What the seed files became: ids and actors by the codes of the files."""

    organizations: dict[str, UUID] = field(default_factory=dict)
    names: dict[UUID, dict[str, str]] = field(default_factory=dict)
    actors: dict[str, Actor] = field(default_factory=dict)
    """People by their code, acting for the first organisation of theirs."""
    scenarios: dict[str, UUID] = field(default_factory=dict)
    documents: dict[str, dict[str, Any]] = field(default_factory=dict)

    def actor_with(self, role: Role, organization: str | None = None) -> Actor:
        """Find a person with a role, of one organisation or of any."""
        for actor in self.actors.values():
            if role in actor.roles and (
                organization is None or actor.organization_id == self.organizations[organization]
            ):
                return actor
        raise LookupError(f"no {role.value} in {organization or 'the seed files'}")


def read_toml(path: Path) -> dict[str, Any]:
    """Read one seed file."""
    with path.open("rb") as file:
        return tomllib.load(file)


async def load_rules(database: Database, folder: Path, *, now: dt.datetime) -> None:
    """Load rule profiles, calendars and funding policies."""
    async with database.writing() as session:
        for path in sorted((folder / "calendars").glob("*.toml")):
            calendar = YearCalendar.from_document(read_toml(path))
            await profiles.load_calendar(session, SYSTEM, calendar, now=now)
        for path in sorted((folder / "rule_profiles").glob("*.toml")):
            profile = RuleProfile.from_document(read_toml(path))
            await profiles.load_profile(session, SYSTEM, profile, now=now)
        for entry in read_toml(folder / "policies.toml")["policies"]:
            await funding.load_policy(session, SYSTEM, policy_from(entry), now=now)


async def load_people(database: Database, folder: Path, *, now: dt.datetime) -> Seeded:
    """Load organisations, people and experts."""
    seeded = Seeded()
    async with database.writing() as session:
        register = read_toml(folder / "organisations.toml")
        for entry in register["organisations"]:
            await _organization(session, seeded, entry, register, now=now)
        for entry in read_toml(folder / "people.toml")["people"]:
            await _person(session, seeded, entry, now=now)
        for entry in read_toml(folder / "experts.toml")["experts"]:
            await _expert(session, seeded, entry, now=now)
    return seeded


async def _organization(
    session: WriteSession,
    seeded: Seeded,
    entry: dict[str, Any],
    register: dict[str, Any],
    *,
    now: dt.datetime,
) -> None:
    row = await known_organizations.organization_by_uscc(session, entry["uscc"])
    if row is None:
        stated = organizations.OrganizationProfile(
            uscc=entry["uscc"],
            name_zh=entry["name"]["zh"],
            name_en=entry["name"]["en"],
            kind=OrganizationKind(entry["kind"]),
            region=entry["region"],
            size_class=SizeClass(entry["size_class"]),
        )
        row = await organizations.register_organization(session, SYSTEM, stated, now=now)
        await organizations.verify_organization(
            session, SYSTEM, row.id, expected_version=row.version, now=now
        )
        await _histories(session, row.id, entry, register, now=now)
    seeded.organizations[entry["code"]] = row.id
    seeded.names[row.id] = entry["name"]


async def _histories(
    session: WriteSession,
    organization_id: UUID,
    entry: dict[str, Any],
    register: dict[str, Any],
    *,
    now: dt.datetime,
) -> None:
    """Enter what the file says of a day before the story: registration and startup status."""
    source = register["illustrative_source"]
    await standing.record_registration(
        session,
        SYSTEM,
        organization_id,
        status=RegistrationStatus.ACTIVE,
        effective_from=register["registration_as_of"],
        source=source,
        now=now,
    )
    if "is_startup" in entry:
        await profile.declare_startup(
            session,
            SYSTEM,
            organization_id,
            is_startup=entry["is_startup"],
            as_of=register["startup_as_of"],
            basis=source,
            now=now,
        )


async def _person(
    session: WriteSession, seeded: Seeded, entry: dict[str, Any], *, now: dt.datetime
) -> None:
    person_id: UUID | None = None
    for membership in entry["memberships"]:
        organization_id = seeded.organizations[membership["organisation"]]
        roles = frozenset(Role(role) for role in membership["roles"])
        person_id = person_id or await _known(session, organization_id, entry["name"]["zh"])
        if person_id is None:
            names = {"name_zh": entry["name"]["zh"], "name_en": entry["name"]["en"]}
            person_id = (await people.register_person(session, SYSTEM, **names, now=now)).id
        try:
            await known_people.member(session, organization_id, person_id)
        except PersonUnknown:
            await people.add_member(
                session, SYSTEM, organization_id, person_id, roles=roles, now=now
            )
        actor = Actor(person_id=person_id, organization_id=organization_id, roles=roles)
        seeded.actors.setdefault(entry["code"], actor)


async def _known(session: WriteSession, organization_id: UUID, name_zh: str) -> UUID | None:
    """Find a person that an earlier run entered; names are unique within an organisation."""
    for member, person in await known_people.members_with_names(session, organization_id):
        if person.name_zh == name_zh:
            return member.person_id
    return None


async def _expert(
    session: WriteSession, seeded: Seeded, entry: dict[str, Any], *, now: dt.datetime
) -> None:
    person_id = seeded.actors[entry["code"]].person_id
    try:
        await known_people.expert_profile(session, person_id)
    except PersonUnknown:
        standing = pool.Standing(
            employer_id=seeded.organizations[entry["employer"]],
            # The cooperative track wants one legal and one economic expert on the panel.
            specialities=[*entry["specialities"], entry["kind"]],
        )
        await pool.register(session, SYSTEM, person_id, standing=standing, now=now)
        for left in entry.get("former_employers", ()):
            facts = pool.TieFacts(
                organization_id=seeded.organizations[left["organisation"]],
                kind=TieKind.EMPLOYMENT,
                valid_to=left["left_on"],
            )
            await pool.declare_tie(session, SYSTEM, person_id, facts=facts, now=now)


async def load_scenarios(
    database: Database, seeded: Seeded, folder: Path, *, now: dt.datetime
) -> None:
    """Load the batch and the drafts of its scenarios, each by its own author."""
    batch = read_toml(folder / "batch.toml")
    officer = seeded.actor_with(Role.BUREAU_OFFICER)
    async with database.writing() as session:
        row = await batches.batch_by_number(session, batch["code"])
        if row is None:
            row = await drafting.create_batch(
                session,
                officer,
                number=batch["code"],
                title=batch["title"],
                year=batch["year"],
                organizer_id=seeded.organizations[batch["organiser"]],
                now=now,
            )
        batch_id = row.id
    for entry in batch["scenarios"]:
        document = read_toml(folder / entry["file"])
        seeded.documents[entry["code"]] = document
        number = f"{batch['code']}-{entry['sequence']:03d}"
        async with database.writing() as session:
            found = await scenarios.scenario_by_number(session, number)
            if found is None:
                author = seeded.actor_with(Role.POSTER, document["poster"])
                found = await drafting.draft(
                    session,
                    author,
                    batch_id,
                    poster_id=seeded.organizations[document["poster"]],
                    end_user_id=seeded.organizations[document["end_user"]],
                    track=Track(document["track"]),
                    content={key: document[key] for key in CONTENT_KEYS if key in document},
                    now=now,
                )
                assert found.number == number, "scenarios are loaded in the order of their numbers"
            seeded.scenarios[entry["code"]] = found.id


async def seed(database: Database, folder: Path, *, now: dt.datetime) -> Seeded:
    """Load everything in `folder`."""
    await load_rules(database, folder, now=now)
    seeded = await load_people(database, folder, now=now)
    await load_scenarios(database, seeded, folder, now=now)
    await board.load_words(database, folder, now=now)
    await board.load_listings(
        database,
        folder,
        organizations=seeded.organizations,
        scenarios=seeded.scenarios,
        now=now,
    )
    return seeded
