"""One live bid for each organisation, alone or as a member (政府采购法实施条例 第22条)."""

from marketplace.bids.rules.offer import Offer


def parties_of(bidder: str, offer: Offer) -> frozenset[str]:
    """Name every organisation that takes part through one offer, by id."""
    return frozenset({bidder, *(one.organization_id for one in offer.members)})
