"""The call: a real problem on a public list, with data, money terms and a deadline.

Cast.  A `Scenario` is one call and its state; a `ScenarioVersion` is one frozen content document
of it (problem, datasets, acceptance, budget, cost sharing, criteria).  An `Amendment` is proposed
by one person and adds a version when another confirms it; nothing edits one.  A `Batch` groups
calls and is published whole.  A `Suspension` lies over a call, bars some of its moves and holds its
bid clock.  An `Enquiry` is a question whose asker nobody else may know, and becomes a public
clarification.  A `Follower` wants to hear of a call, in private.
Lock order: batch, then scenario, then anything that hangs under it (bids, seats, rounds,
amendments, suspensions, enquiries).  Whoever may be late (a bid, an amendment, a signature) takes
the scenario lock and then asks the database's clock, so that closing, suspending and bidding cannot
pass each other.
"""
