"""Separation of duties: which two things one person may not both do to one object.

One table, read by every room that decides something.  Hands are persons, never memberships or
keys: whoever comes back through another organisation, with another key or in another role has the
same hands.  A room tells who did what is apart from the duty at hand, all of it: whoever forgets
one fails in every test, not in front of a judge.

Source   政府采购法 (Government Procurement Law), articles 60 and 61; 条例 is its implementing
         regulation.  Article 61 binds central purchasing bodies; the house keeps to it everywhere.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from uuid import UUID

from marketplace.identity.errors.access import SameHands
from marketplace.identity.rules.access import Actor


class Duty(StrEnum):
    """One thing that a person does to an object, and answers for."""

    AUTHOR = "author"
    OFFICER = "officer"
    APPROVER = "approver"
    AMENDER = "amender"
    AMENDMENT_APPROVER = "amendment_approver"
    ANSWERER = "answerer"
    CLARIFIER = "clarifier"
    OPENER = "opener"
    WITNESS = "witness"
    CHECKER = "checker"
    SEATER = "seater"
    DRAW_WITNESS = "draw_witness"
    JUDGE = "judge"
    DECIDER = "decider"
    HANDLER = "handler"
    FINDER = "finder"
    ACCEPTER = "accepter"
    SUBMITTER = "submitter"
    VERIFIER = "verifier"
    CLAIM_APPROVER = "claim_approver"
    PAYER = "payer"


WORDS: Final[dict[Duty, tuple[str, str]]] = {
    Duty.AUTHOR: ("起草、修订、签署或提交榜单", "write, sign or submit the call"),
    Duty.OFFICER: ("受理和初审榜单", "take the call into review"),
    Duty.APPROVER: ("审批和发布榜单", "approve and publish the call"),
    Duty.AMENDER: ("提出更正已发布的榜单", "propose to amend the published call"),
    Duty.AMENDMENT_APPROVER: ("确认更正", "confirm the amendment"),
    Duty.ANSWERER: ("起草答疑", "draft the answer to a question"),
    Duty.CLARIFIER: ("发布澄清", "publish the answer"),
    Duty.OPENER: ("经办开标", "start the opening of the bids"),
    Duty.WITNESS: ("见证开标", "witness the opening of the bids"),
    Duty.CHECKER: ("资格审查", "check the eligibility of a bid"),
    Duty.SEATER: ("组建或调整评审组", "seat, recuse or replace judges"),
    Duty.DRAW_WITNESS: ("监督抽取评审专家", "witness the draw of judges"),
    Duty.JUDGE: ("评审", "judge the bids"),
    Duty.DECIDER: ("定榜", "decide on the award"),
    Duty.HANDLER: ("经办试点", "handle the pilot"),
    Duty.FINDER: ("认定无过错(尽职免责)", "find that nobody was at fault"),
    Duty.ACCEPTER: ("验收试点", "accept the pilot"),
    Duty.SUBMITTER: ("申报费用", "submit the claim"),
    Duty.VERIFIER: ("核验费用", "verify the claim"),
    Duty.CLAIM_APPROVER: ("核准费用", "approve or reject the claim"),
    Duty.PAYER: ("拨付费用", "pay the claim"),
}
"""Every duty in words, as a refusal names it: Chinese, then English."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Apart:
    """Two duties on one object that must be in different hands."""

    thing: str
    """The object, named in Chinese and English."""
    first: Duty
    then: Duty
    source: str
    either_order: bool = False
    """True where `first` can also follow `then`: the later of the two is refused."""


_CALL: Final = "榜单 call"
_AMENDMENT: Final = "更正 amendment"
_ENQUIRY: Final = "提问 enquiry"
_PILOT: Final = "试点 pilot"
_CLAIM: Final = "费用申报 claim"
_LAW_61: Final = "政府采购法 61: handling and review in different hands"
_PREPARED: Final = "政府采购法 61: an officer never approves what he prepared"
_OWN_PROJECT: Final = "评审专家管理 (unverified): staff do not judge on their own projects"
_HOUSE: Final = "house rule, in the spirit of 政府采购法 61"

APART: Final[tuple[Apart, ...]] = (
    Apart(thing=_CALL, first=Duty.AUTHOR, then=Duty.OFFICER, source=_PREPARED, either_order=True),
    Apart(thing=_CALL, first=Duty.AUTHOR, then=Duty.APPROVER, source=_PREPARED),
    Apart(thing=_CALL, first=Duty.OFFICER, then=Duty.APPROVER, source=_PREPARED),
    Apart(thing=_CALL, first=Duty.AUTHOR, then=Duty.AMENDER, source=_HOUSE),
    Apart(thing=_CALL, first=Duty.APPROVER, then=Duty.AMENDER, source=_LAW_61),
    Apart(thing=_AMENDMENT, first=Duty.AMENDER, then=Duty.AMENDMENT_APPROVER, source=_PREPARED),
    Apart(thing=_ENQUIRY, first=Duty.ANSWERER, then=Duty.CLARIFIER, source=_HOUSE),
    Apart(
        thing=_CALL,
        first=Duty.OPENER,
        then=Duty.WITNESS,
        source="house rule: a witness watches what somebody else does",
    ),
    Apart(
        thing=_CALL,
        first=Duty.OFFICER,
        then=Duty.JUDGE,
        source=_OWN_PROJECT,
    ),
    Apart(
        thing=_CALL,
        first=Duty.OPENER,
        then=Duty.JUDGE,
        source=_OWN_PROJECT,
    ),
    Apart(thing=_CALL, first=Duty.WITNESS, then=Duty.JUDGE, source="政府采购法 60: never scores"),
    Apart(
        thing=_CALL,
        first=Duty.CHECKER,
        then=Duty.JUDGE,
        source="87号令 44 (unverified): eligibility is not checked by the panel",
    ),
    Apart(
        thing=_CALL,
        first=Duty.SEATER,
        then=Duty.JUDGE,
        source="条例 39: judges are drawn, nobody seats himself",
        either_order=True,
    ),
    Apart(
        thing=_CALL,
        first=Duty.SEATER,
        then=Duty.DRAW_WITNESS,
        source="house rule: a witness watches what somebody else does",
    ),
    Apart(
        thing=_CALL,
        first=Duty.JUDGE,
        then=Duty.DECIDER,
        source="条例 43: the decision follows the ranking, by somebody who did not make it",
    ),
    Apart(
        thing=_CALL,
        first=Duty.SEATER,
        then=Duty.DECIDER,
        source="条例 39: whoever decides does not choose who judges",
    ),
    Apart(thing=_CALL, first=Duty.AUTHOR, then=Duty.DECIDER, source=_PREPARED),
    Apart(thing=_CALL, first=Duty.OFFICER, then=Duty.DECIDER, source=_PREPARED),
    Apart(thing=_CALL, first=Duty.CHECKER, then=Duty.DECIDER, source=_PREPARED),
    Apart(
        thing=_PILOT,
        first=Duty.HANDLER,
        then=Duty.FINDER,
        source="科学技术进步法 68: no fault is found by somebody who did not run it",
    ),
    Apart(
        thing=_PILOT,
        first=Duty.HANDLER,
        then=Duty.ACCEPTER,
        source="政府采购法 61: handling and acceptance in different hands",
    ),
    Apart(thing=_CLAIM, first=Duty.SUBMITTER, then=Duty.VERIFIER, source=_LAW_61),
    Apart(thing=_CLAIM, first=Duty.SUBMITTER, then=Duty.CLAIM_APPROVER, source=_LAW_61),
    Apart(thing=_CLAIM, first=Duty.VERIFIER, then=Duty.CLAIM_APPROVER, source=_PREPARED),
    Apart(thing=_CLAIM, first=Duty.SUBMITTER, then=Duty.PAYER, source=_HOUSE),
    Apart(thing=_CLAIM, first=Duty.VERIFIER, then=Duty.PAYER, source=_HOUSE),
    Apart(thing=_CLAIM, first=Duty.CLAIM_APPROVER, then=Duty.PAYER, source=_HOUSE),
)
"""The whole law of the house on other hands; `docs/duties.md` is made from it."""

Hands = UUID | Collection[UUID] | None
"""Who did a duty: one person, several, or nobody yet."""


def must_know(duty: Duty) -> dict[Duty, Apart]:
    """Name the duties whose hands must be known before `duty` is taken up.

    >>> sorted(must_know(Duty.PAYER))
    [<Duty.CLAIM_APPROVER: 'claim_approver'>, <Duty.SUBMITTER: 'submitter'>, \
<Duty.VERIFIER: 'verifier'>]
    """
    known = {pair.first: pair for pair in APART if pair.then is duty}
    return known | {pair.then: pair for pair in APART if pair.first is duty and pair.either_order}


def require(actor: Actor, duty: Duty, done: Mapping[Duty, Hands]) -> None:
    """Refuse an actor who did something that is apart from `duty`; the platform has no hands."""
    if not actor.is_system:
        check(actor.person_id, duty, done)


def check(person_id: UUID, duty: Duty, done: Mapping[Duty, Hands]) -> None:
    """Refuse a person for a duty whose counterpart was in the same hands.

    Shape    `done` names every duty of `must_know(duty)`, with nobody where nobody did it yet.
    Refuses  SameHands with both duties in words and the source of the rule.
    """
    for earlier, pair in must_know(duty).items():
        hands = done[earlier]
        if person_id in ((hands,) if hands is None or isinstance(hands, UUID) else hands):
            raise SameHands(duty=_told(duty), earlier=_told(earlier), source=pair.source)


def _told(duty: Duty) -> dict[str, str]:
    zh, en = WORDS[duty]
    return {"code": duty.value, "zh": zh, "en": en}
