"""Signs that bidders have colluded: seen by the system, judged by people.

Cast.  A `SignalRun` is one look at all opened bids of a call under one version of the rules.  A
`CollusionSignal` is one thing that two or more bids have in common, with the evidence.  A
`SignalJudgement` is what the chair or an officer made of it.
A signal decides nothing: no bid moves because of one, and no ranking asks for any.  Bidders and the
poster never learn of them here, not even that there are none.
Lock order: signal.
"""
