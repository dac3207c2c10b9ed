"""The offer: sealed when it arrives, opened with all the others in one act.

Cast.  A `Bid` is one organisation's part in one call; a `BidVersion` is one sealed content of it,
encrypted under the key of the call (`CallSeal`), which itself is encrypted under the installation's
master key.  An `Opening` is the act in which an officer and a supervisor together open every timely
bid; its record is stored as bytes and hashed.
Before the opening no query of this room returns another organisation's bid, a name, a price or a
count.
Lock order: scenario, then bid.
"""
