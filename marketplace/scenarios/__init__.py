"""The call: a real problem on a public list, with data, money terms and a deadline.

Cast.  A `Scenario` is one call and its state; a `ScenarioVersion` is one frozen content document
of it (problem, datasets, acceptance, budget, cost sharing, criteria).  An amendment adds a version,
nothing edits one.  A `Batch` groups calls.
Lock order: scenario row first, then anything that hangs under it (bids, seats, rounds).  Whoever
may be late (a bid, an amendment) takes the scenario lock and then asks the database's clock, so
closing and bidding cannot pass each other.
"""
