"""What the signals room can answer: the facts of a call, and the signals in it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlmodel import col, select

from marketplace.bids.queries import bids as bids_known
from marketplace.bids.queries import documents as papers
from marketplace.bids.rules.documents import Finding
from marketplace.bids.tables.bids import Bid
from marketplace.bids.tables.documents import BidTrace, OpenedDocument
from marketplace.identity.queries import people
from marketplace.identity.queries import profile as identity
from marketplace.identity.rules import access
from marketplace.identity.rules.access import Actor, Permission
from marketplace.identity.tables.organizations import Organization
from marketplace.identity.tables.profile import BankAccount
from marketplace.kit.database import ReadSession
from marketplace.kit.secrets import CannotUnseal, Keeper
from marketplace.kit.tables import sealed_context
from marketplace.scenarios.queries import calls as scenarios
from marketplace.scenarios.tables import Scenario
from marketplace.scoring.queries import rounds as scoring
from marketplace.scoring.tables.rounds import PanelSeat
from marketplace.signals.errors import SignalsNotForYou, SignalUnknown
from marketplace.signals.rules.collusion import RULES_VERSION
from marketplace.signals.rules.facts import BidFacts, FileFacts
from marketplace.signals.tables import CollusionSignal, SignalJudgement, SignalRun


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Everything that the signals of one call follow from."""

    bids: tuple[BidFacts, ...]
    ceiling_fen: int | None
    published: str


async def due(session: ReadSession) -> Sequence[UUID]:
    """List the opened calls that were not looked at under the present rules."""
    opened = await papers.calls_opened_and_checked(session)
    done = await session.exec(
        select(SignalRun.scenario_id).where(SignalRun.rules_version == RULES_VERSION)
    )
    known = frozenset(done.all())
    return [one for one in opened if one not in known]


async def facts(session: ReadSession, scenario_id: UUID, *, keeper: Keeper) -> Facts:
    """Freeze what is compared: every opened bid of a call, with its bidder and its documents."""
    call = await scenarios.call(session, scenario_id)
    traces = await papers.traces_on_call(session, scenario_id)
    opened = await papers.opened_on_call(session, scenario_id)
    found = []
    for bid, bidder in await bids_known.opened_bids(session, scenario_id):
        files = [one for one in opened if one.bid_id == bid.id]
        trace = next(
            (one for one in traces if (one.bid_id, one.number) == (bid.id, bid.content_number)),
            None,
        )
        account = await _bank_account(session, bidder.id, keeper)
        members = await people.members_with_names(session, bidder.id)
        belonging = frozenset(str(member.person_id) for member, _ in members)
        found.append(_facts_of(bid, bidder, files, trace, account, belonging))
    said = (await scenarios.version(session, scenario_id, call.content_version)).content
    return Facts(
        bids=tuple(found),
        ceiling_fen=call.content.budget.max_price_fen or call.content.budget.ceiling_fen,
        published=" ".join(_texts(said)),
    )


def _texts(said: Any) -> Iterator[str]:
    """Give every text that a call publishes."""
    if isinstance(said, str):
        yield said
    elif isinstance(said, dict | list):
        for one in said.values() if isinstance(said, dict) else said:
            yield from _texts(one)


def _facts_of(
    bid: Bid,
    bidder: Organization,
    files: Sequence[OpenedDocument],
    trace: BidTrace | None,
    account: str | None,
    members: frozenset[str],
) -> BidFacts:
    offer: Mapping[str, Any] = bid.offer or {}
    bond, sheet = offer.get("bond"), offer.get("price_sheet") or {}
    sealed_by = None if trace is None else trace.person_id
    return BidFacts(
        bid=str(bid.id),
        names=tuple(name for name in (bidder.name_zh, bidder.name_en) if name),
        phone=bidder.contact_phone,
        email=bidder.contact_email,
        contact=bidder.contact_name,
        people=frozenset(str(one) for one in (bid.author_id, sealed_by) if one is not None),
        members=members,
        address=None if trace is None else trace.address_fingerprint,
        bank_account=account,
        files=tuple(_file_facts(one) for one in files if one.finding is Finding.SOUND),
        bond=None if bond is None else (bond["issuer"], bond["number"]),
        quote_fen=bid.quote_fen,
        lines={line["item"]["zh"]: line["unit_price_fen"] for line in sheet.get("lines", ())},
        text=offer.get("summary", ""),
    )


def _file_facts(row: OpenedDocument) -> FileFacts:
    assert row.announced is not None
    properties = row.properties or {}
    return FileFacts(
        document=row.named,
        type=row.announced["type"],
        sha256=row.announced["sha256"],
        properties=properties.get("properties", {}),
    )


async def _bank_account(session: ReadSession, organization_id: UUID, keeper: Keeper) -> str | None:
    """Recognise a bank account without showing its number."""
    row = await identity.find_bank_account(session, organization_id)
    if row is None:
        return None
    place = sealed_context(BankAccount, "sealed_number", id=row.id, organization_id=organization_id)
    try:
        number = keeper.unseal(row.sealed_number, context=place).decode()
    except CannotUnseal:
        return None
    return keeper.fingerprint(number, context="collusion_signal/bank_account")


async def run(session: ReadSession, scenario_id: UUID) -> SignalRun | None:
    """Find the latest look at a call."""
    found = await session.exec(
        select(SignalRun)
        .where(SignalRun.scenario_id == scenario_id)
        .order_by(col(SignalRun.rules_version).desc())
    )
    return found.first()


async def signals_of(session: ReadSession, scenario_id: UUID) -> Sequence[CollusionSignal]:
    """List the signals of a call in the order in which they were found."""
    found = await session.exec(
        select(CollusionSignal)
        .where(CollusionSignal.scenario_id == scenario_id)
        .order_by(col(CollusionSignal.id))
    )
    return found.all()


async def fingerprints_of(session: ReadSession, scenario_id: UUID) -> frozenset[str]:
    """Name the signals of a call that are known."""
    return frozenset(one.fingerprint for one in await signals_of(session, scenario_id))


async def signal(
    session: ReadSession, scenario_id: UUID, signal_id: UUID, *, lock: bool = False
) -> CollusionSignal:
    """Find one signal of a call."""
    statement = (
        select(CollusionSignal)
        .where(CollusionSignal.id == signal_id)
        .where(CollusionSignal.scenario_id == scenario_id)
    )
    if lock:
        statement = statement.with_for_update().execution_options(populate_existing=True)
    row = (await session.exec(statement)).first()
    if row is None:
        raise SignalUnknown(signal_id=str(signal_id))
    return row


async def judgements_of(
    session: ReadSession, signal_ids: Sequence[UUID]
) -> dict[UUID, tuple[SignalJudgement, ...]]:
    """List what was made of signals, the earliest first."""
    found = await session.exec(
        select(SignalJudgement)
        .where(col(SignalJudgement.signal_id).in_(signal_ids))
        .order_by(col(SignalJudgement.id))
    )
    judged: dict[UUID, tuple[SignalJudgement, ...]] = {}
    for one in found.all():
        judged[one.signal_id] = (*judged.get(one.signal_id, ()), one)
    return judged


async def check_reader(session: ReadSession, actor: Actor, call: Scenario) -> None:
    """Refuse whoever is neither on the panel nor of the bureau nor watches.

    Refuses  SignalsNotForYou, which says nothing about whether there are any.
    """
    access.signed_in(actor)
    if actor.at(call.organizer_id).may(Permission.SIGNALS_READ):
        return
    if await _seat(session, actor, call.id) is None:
        raise SignalsNotForYou()


async def judging_as(session: ReadSession, actor: Actor, call: Scenario) -> str:
    """Tell as what the actor may judge the signals of a call: officer, or chair of its panel.

    Refuses  NotPermitted, SignalsNotForYou.
    """
    access.require(actor.at(call.organizer_id), Permission.SIGNALS_JUDGE)
    if actor.at(call.organizer_id).has(access.Role.BUREAU_OFFICER):
        return access.Role.BUREAU_OFFICER.value
    seat = await _seat(session, actor, call.id)
    if seat is None or not seat.is_chair:
        raise SignalsNotForYou()
    return access.Role.PANEL_CHAIR.value


async def _seat(session: ReadSession, actor: Actor, scenario_id: UUID) -> PanelSeat | None:
    """Find the seat from which the actor judges; a recused judge has none."""
    if not actor.may(Permission.MARKS_RECORD):
        return None
    seat = await scoring.seat_of(session, scenario_id, actor.person_id)
    return None if seat is None or seat.recused_at is not None else seat
