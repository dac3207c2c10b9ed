"""What speaks against an organisation on a day: each finding, each edge of its dates."""

import datetime as dt
from uuid import UUID

import pytest

from marketplace.identity.errors.organizations import (
    ListingMisdated,
    NotInGoodStanding,
    OrganizationNotVerified,
)
from marketplace.identity.rules.declarations import Declared
from marketplace.identity.rules.standing import (
    WORDS,
    FindingCode,
    Listing,
    Record,
    RegistrationStatus,
    check_listing,
    findings_on,
    refusal,
)

WHO, ENTRY = UUID(int=1), UUID(int=2)
DAY = dt.date(2026, 3, 2)
ONE = dt.timedelta(days=1)
NOW = dt.datetime(2026, 3, 2, 1, tzinfo=dt.UTC)
Status = RegistrationStatus


def registered(status: Status, since: dt.date = DAY) -> Declared[Status]:
    """What the register says from a day on."""
    return Declared(value=status, since=since, recorded_at=NOW)


def listed(
    since: dt.date = DAY, *, until: dt.date | None = None, lifted_on: dt.date | None = None
) -> Listing:
    """An entry on the list."""
    return Listing(
        id=ENTRY,
        authority="某法院(示例)",
        listed_from=since,
        listed_until=until,
        lifted_on=lifted_on,
    )


def codes(
    *registrations: Declared[Status],
    verified: bool = True,
    listings: tuple[Listing, ...] = (),
    on: dt.date = DAY,
) -> list[str]:
    """The findings about an organisation, by name."""
    record = Record(
        organization_id=WHO, verified=verified, registrations=registrations, listings=listings
    )
    return [one.code.value for one in findings_on(record, on)]


@pytest.mark.parametrize(
    ("status", "found", "blocks"),
    [
        (Status.ACTIVE, [], False),
        (Status.ABNORMAL, ["registration_abnormal"], False),
        (Status.SUSPENDED, ["registration_suspended"], True),
        (Status.REVOKED, ["registration_revoked"], True),
        (Status.DEREGISTERED, ["registration_deregistered"], True),
    ],
)
def test_every_status_says_what_it_means(status: Status, found: list[str], blocks: bool) -> None:
    """Abnormal operation is told; a firm that no longer trades is kept out."""
    record = Record(organization_id=WHO, verified=True, registrations=[registered(status)])
    findings = findings_on(record, DAY)

    assert [one.code.value for one in findings] == found
    assert (refusal(WHO, findings, on=DAY) is not None) == blocks


def test_no_status_on_record_is_told_and_keeps_nobody_out() -> None:
    """Before the first entry the register was not looked at."""
    later = registered(Status.ACTIVE, DAY + ONE)

    assert codes(later) == ["registration_unchecked"]
    assert codes(later, on=DAY + ONE) == []


def test_a_status_counts_from_its_day_until_the_next() -> None:
    """Revoked yesterday, restored today: yesterday stays as it was."""
    history = (
        registered(Status.ACTIVE, DAY - 9 * ONE),
        registered(Status.REVOKED, DAY - ONE),
        registered(Status.ACTIVE, DAY),
    )

    assert codes(*history, on=DAY - 2 * ONE) == []
    assert codes(*history, on=DAY - ONE) == ["registration_revoked"]
    assert codes(*history, on=DAY) == []


@pytest.mark.parametrize(
    ("listing", "day", "holds"),
    [
        (listed(), DAY - ONE, False),
        (listed(), DAY, True),
        (listed(until=DAY + ONE), DAY, True),
        (listed(until=DAY + ONE), DAY + ONE, False),
        (listed(lifted_on=DAY + ONE), DAY, True),
        (listed(lifted_on=DAY + ONE), DAY + ONE, False),
        (listed(lifted_on=DAY), DAY, False),
        (listed(until=DAY + ONE, lifted_on=DAY + 9 * ONE), DAY + ONE, False),
    ],
)
def test_an_entry_counts_from_its_day_to_the_earlier_of_its_ends(
    listing: Listing, day: dt.date, holds: bool
) -> None:
    """Running out and being lifted end it alike; the day it ends does not count."""
    assert listing.holds_on(day) is holds
    active = registered(Status.ACTIVE, DAY - 9 * ONE)
    assert codes(active, listings=(listing,), on=day) == (["blacklisted"] if holds else [])


def test_everything_is_said_at_once() -> None:
    """Unverified, twice on the list and struck off: four findings, in the order of the rule."""
    found = codes(
        registered(Status.DEREGISTERED), verified=False, listings=(listed(), listed(DAY - ONE))
    )

    assert found == ["not_verified", "blacklisted", "blacklisted", "registration_deregistered"]


def test_a_refusal_carries_what_blocks_and_its_words() -> None:
    """Waiting for verification has its own name; everything else is told with its findings."""
    pending = Record(organization_id=WHO, verified=False)
    assert isinstance(refusal(WHO, findings_on(pending, DAY), on=DAY), OrganizationNotVerified)

    barred = Record(organization_id=WHO, verified=False, listings=[listed()])
    refused = refusal(WHO, findings_on(barred, DAY), on=DAY)
    assert isinstance(refused, NotInGoodStanding)
    findings = refused.facts["findings"]
    assert isinstance(findings, list)
    assert [one["code"] for one in findings] == ["not_verified", "blacklisted"]
    assert all(one["title"]["zh"] and one["title"]["en"] for one in findings)


def test_every_finding_has_words() -> None:
    """Each code has a sentence in both languages, and each status but active has a code."""
    assert set(WORDS) == set(FindingCode)
    statuses = set(Status) - {Status.ACTIVE}
    assert {f"registration_{one.value}" for one in statuses} <= {one.value for one in FindingCode}


@pytest.mark.parametrize("end", [{"until": DAY - ONE}, {"lifted_on": DAY - ONE}])
def test_an_entry_does_not_end_before_it_begins(end: dict[str, dt.date]) -> None:
    """Ending on the first day says that it never counted, which may be meant."""
    check_listing(listed(until=DAY, lifted_on=DAY))
    with pytest.raises(ListingMisdated):
        check_listing(listed(**end))
