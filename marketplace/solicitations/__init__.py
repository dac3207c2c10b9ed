"""征榜: proposals for scenarios are invited, and ranked by how ready they are to be opened.

Cast.  A `Solicitation` invites proposals in some domains for a window of time.  A `Proposal` files
a draft scenario under it with what the content document does not say: the one process, the
baselines, who would use it and who could copy it; what data it has is read from the profiles of the
files delivered.  A `ReadinessScheme` is versioned data: which facts give how many points.  A
`ReadinessRound` is the frozen sheet and its standings, computed by the scoring core and verified by
the same command as a ranking of bids.
Lock order: the solicitation first, which puts all that is filed under it in a line; then the
scenario and the proposal.  Who may be late takes the lock of the solicitation and then asks the
database's clock, so filing and ranking cannot pass each other.
"""
