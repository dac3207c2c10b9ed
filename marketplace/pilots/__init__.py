"""The trial and its shared cost: one awarded bid tried out in phases, paid for by three parties.

Cast.  A `Pilot` is opened from an award and has `Phase`s in order.  Before a phase starts, each
party (district, poster, solver) has committed its part in the ledger.  A phase ends with an
outcome, decided by people; the outcome chooses the shares.  A `Claim` is the solver's verified
cost of one phase; approving it computes the split, stores the document it can be recomputed
from, and moves the money.

Promised: the shares of a claim add up to the cost that is shared; cost above the ceiling is the
solver's; who verifies did not submit, who approves did not verify, and a finding of no fault is
not made by the pilot's handler. Locks are taken in this order: pilot, phase, claim, then
accounts in the ledger's order.
"""
