"""Bidding together: who is in it, with which share, and what that earns or forbids.

Source   政府采购法 第24条 (joint liability), 政府采购法实施条例 第22条 (once, alone or together),
         政府采购促进中小企业发展管理办法 (财库〔2020〕46号) 第9条 (deduction for a small share).
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from marketplace.bids.errors.bids import DeductionNotAllowed
from marketplace.bids.errors.offers import (
    ConsortiumNotAllowed,
    ConsortiumUnfit,
    MemberNotAgreed,
    MemberUnfit,
    SubcontractUnfit,
)
from marketplace.bids.rules.demand import Demand
from marketplace.bids.rules.offer import LIABILITY, Deduction, Offer
from marketplace.bids.rules.problems import Problem
from marketplace.kit.money import BPS_WHOLE
from marketplace.profiles.rules.profile import RuleProfile

SMALL_FIRM: Final = "small_firm"
SMALL_SHARE: Final = "small_share"
"""Earned by a consortium or a subcontract with a small or micro part, not by a small bidder."""
SMALL_SIZES: Final = frozenset({"small", "micro"})
AGREEMENT: Final = "consortium_agreement"


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """What is known of a member that an offer names."""

    size_class: str
    agreed_bps: int | None
    """The share to which it has agreed; None: to none."""
    unfit: str | None = None
    """Why it cannot be a member, as a code."""
    tied: bool = False
    """Whether another party of the same consortium owns, controls or manages it."""


def problems(
    offer: Offer, demand: Demand, parties: Mapping[str, Party] | None
) -> Iterator[Problem]:
    """Say what speaks against a consortium and against what is given to others."""
    yield from _consortium(offer, demand)
    for at, member in enumerate(offer.members):
        party = None if parties is None else parties.get(member.organization_id)
        pointer = f"/consortium/members/{at}"
        if party is None:
            continue
        if party.unfit is not None:
            yield Problem(pointer, MemberUnfit(reason=party.unfit))
        elif party.agreed_bps != member.share_bps:
            yield Problem(
                pointer,
                MemberNotAgreed(share_bps=member.share_bps, agreed_bps=party.agreed_bps),
            )
    yield from _subcontracts(offer, demand)


def _consortium(offer: Offer, demand: Demand) -> Iterator[Problem]:
    together = offer.consortium
    if together is None:
        return
    most = demand.requirements.consortium_members_max
    if not 0 < len(together.members) <= most:
        yield Problem(
            "/consortium", ConsortiumNotAllowed(members_max=most, members=len(together.members))
        )
    twice = {name: times for name, times in _named(offer).items() if times > 1}
    if (
        not together.whole
        or twice
        or together.liability != LIABILITY
        or together.agreement != AGREEMENT
    ):
        shares = (together.lead_share_bps, *(one.share_bps for one in together.members))
        yield Problem("/consortium", ConsortiumUnfit(sum_bps=sum(shares), twice=sorted(twice)))


def _subcontracts(offer: Offer, demand: Demand) -> Iterator[Problem]:
    given_bps = sum(one.share_bps for one in offer.subcontracts)
    most_bps = demand.requirements.subcontract_max_bps
    if given_bps > most_bps or any(one.share_bps <= 0 for one in offer.subcontracts):
        yield Problem("/subcontracts", SubcontractUnfit(share_bps=given_bps, max_bps=most_bps))


def deductions(
    offer: Offer, size_class: str, parties: Mapping[str, Party] | None, profile: RuleProfile
) -> Iterator[Problem]:
    """Say which deductions are not open to this bidder.

    The size that was declared for the day decides, the rate lies in the range of the rules, and a
    small bidder's deduction is not added to that for a small share: it has the larger one already.
    """
    policies = [one.policy for one in offer.deductions]
    for at, one in enumerate(offer.deductions):
        refusal = _refusal(one, offer, size_class, parties, profile)
        if refusal is not None:
            yield Problem(f"/deductions/{at}", refusal)
    if len(policies) != len(set(policies)) or {SMALL_FIRM, SMALL_SHARE} <= set(policies):
        # Policies add up: the same one twice would be a larger deduction than the rules have.
        yield Problem("/deductions", DeductionNotAllowed(policies=sorted(policies)))


def _refusal(
    one: Deduction,
    offer: Offer,
    size_class: str,
    parties: Mapping[str, Party] | None,
    profile: RuleProfile,
) -> DeductionNotAllowed | None:
    facts = {"policy": one.policy, "bps": one.bps, "size_class": size_class}
    if one.policy == SMALL_FIRM:
        # A consortium has this deduction only where every party of it is small.
        sizes = {size_class, *(party.size_class for party in _known(offer, parties))}
        name, earned = "deduction_small_range_bps", sizes <= SMALL_SIZES
    elif one.policy == SMALL_SHARE:
        name, earned = "deduction_consortium_range_bps", True
    else:
        return DeductionNotAllowed(**facts)
    if not earned or not profile.has(name):
        return DeductionNotAllowed(**facts)
    lowest, highest = profile.bps_range(name)
    if not lowest <= one.bps <= highest:
        return DeductionNotAllowed(**facts, allowed_bps=[lowest, highest])
    if one.policy == SMALL_SHARE and parties is not None:
        least = profile.integer("deduction_consortium_share_min_bps")
        share = small_share_bps(offer, size_class, parties)
        if share < least:
            return DeductionNotAllowed(**facts, small_share_bps=share, least_bps=least)
    return None


def small_share_bps(offer: Offer, size_class: str, parties: Mapping[str, Party]) -> int:
    """Add up the share that small and micro firms have, as members and as subcontractors.

    Units    basis points of the contract.  A small firm that another party of the consortium owns,
             controls or manages earns nothing.
    """
    shares = [one.share_bps for one in offer.subcontracts if one.small_or_micro]
    if offer.consortium is not None:
        if size_class in SMALL_SIZES and not any(one.tied for one in parties.values()):
            shares.append(offer.consortium.lead_share_bps)
        for member in offer.members:
            party = parties.get(member.organization_id)
            if party is not None and party.size_class in SMALL_SIZES and not party.tied:
                shares.append(member.share_bps)
    return min(sum(shares), BPS_WHOLE)


def _known(offer: Offer, parties: Mapping[str, Party] | None) -> Iterable[Party]:
    named = {one.organization_id for one in offer.members}
    return [party for name, party in (parties or {}).items() if name in named]


def _named(offer: Offer) -> Counter[str]:
    return Counter(one.organization_id for one in offer.members)
