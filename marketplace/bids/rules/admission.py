"""What makes an offer admissible: the call, the offer and the time come in, a refusal comes out."""

import datetime as dt

from marketplace.bids.errors.bids import CallClosed, OfferNoLongerFits
from marketplace.bids.rules.completeness import Bidder, problems
from marketplace.bids.rules.demand import demand_of
from marketplace.bids.rules.offer import Offer
from marketplace.bids.rules.problems import refuse
from marketplace.profiles.rules.profile import RuleProfile
from marketplace.scenarios.rules.content import Content


def check_open(closes_at: dt.datetime | None, now: dt.datetime) -> None:
    """Refuse whatever comes at or after the deadline, whatever any stored state says.

    Shape    None: no deadline runs out while a suspension without an end holds the clock.
    """
    if closes_at is not None and now >= closes_at:
        raise CallClosed(bid_deadline_at=closes_at, received_at=now)


def check_still_fits(sealed_under: Content, amended: Content) -> None:
    """Refuse to confirm an offer that lacks what the amended call asks for; nobody can look inside.

    Refuses  OfferNoLongerFits where something is newly asked for, or less is allowed.
    """
    old, new = demand_of(sealed_under), demand_of(amended)
    if new.asks_more_than(old):
        raise OfferNoLongerFits(quote=new.quote, figures=sorted(new.figures))


def admit(offer: Offer, *, bidder: Bidder, content: Content, profile: RuleProfile) -> None:
    """Refuse an offer that could not be compared with the others.

    Refuses  whatever `problems` finds that blocks: the first as the refusal, all of them in its
             `errors`, each with a pointer into the offer.
    """
    refuse(problems(offer, bidder, content=content, profile=profile))
