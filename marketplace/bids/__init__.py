"""The offer: sealed when it arrives, opened with all the others in one act.

Cast.  A `Bid` is one organisation's part in one call; a `BidVersion` is one sealed content of it,
closed for the lockbox of the call (room `custody`) and for the bidder's own reading key.  An
`Opening` is the act in which an officer and a supervisor each release a share of the lockbox's key
and so open every timely bid; its record is stored as bytes, hashed and signed.
A `Participation` says, under a digest, that an organisation is in one live bid, alone or as a
member; a `ConsortiumInvitation` is known to its two parties.  A `PriceCorrection` is what the rules
make of an opened price that contradicts itself; it counts once its bidder has confirmed it.
A `BidDocument` comes in parts, each encrypted on arrival; an `OpenedDocument` is what an opening
made of one, and what was found of it; a `BidTrace` is where an offer came from.
Before the opening no query of this room returns another organisation's bid, a name, a price or a
count.
Lock order: scenario, then bid, then correction, invitation or document.
"""
